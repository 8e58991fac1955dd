"""Learned, continuous spaces of videos, and one-shot lipreading.

The names that most programs need are here; ``videospace.inrv``, ``videospace.lipreading``,
``videospace.clips``, ``videospace.metrics`` and ``videospace.baselines`` have the rest. They are
listed in the ``__init__.pyi`` beside each package and imported when they are first used, so that
``import videospace`` does not load PyTorch.

Example:
    >>> import videospace
    >>> videospace.presets.tiny().model.latent.width
    8
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

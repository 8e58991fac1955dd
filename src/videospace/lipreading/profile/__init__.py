"""The store of one person: words, clips, models, settings and usage in one folder."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules=["history"])

"""A person's profile: words, clips, models and settings in one folder."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules=["history"])

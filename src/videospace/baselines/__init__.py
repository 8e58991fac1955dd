"""Baselines that complete a context without a video space, and the table that compares both."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

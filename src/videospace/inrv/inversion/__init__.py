"""Contexts, and the latents that agree with them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules=["tasks"])

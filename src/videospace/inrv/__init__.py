"""INR-V: a continuous space in which one latent is a whole clip."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

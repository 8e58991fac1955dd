"""What is known from daily use: answers, accuracy, weak recordings, what was said."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules=["history"])

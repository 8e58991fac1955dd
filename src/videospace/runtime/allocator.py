"""What becomes of memory that is freed."""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_SETTINGS = {_TRIM_THRESHOLD: (1 << 31) - 1, _MMAP_THRESHOLD: 32 << 20}
"""Each the largest that is taken."""


def keep_freed_memory() -> bool:
    """From now on, use freed memory again instead of handing it back to the system.

    A step of training frees tensors of many megabytes and asks for the same again. The allocator of
    glibc hands them back, and the system fills every page with zeros before it comes again: 16,000
    pages in a step of the ``fast`` preset.

    Returns:
        Whether the allocator understands; others are left as they are.

    Source: mallopt(3), ``M_TRIM_THRESHOLD`` and ``M_MMAP_THRESHOLD``.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # another C library
        return False
    return all([mallopt(name, value) == 1 for name, value in _SETTINGS.items()])

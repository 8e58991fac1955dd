"""What becomes of memory that is freed."""

import ctypes
import sys
from collections.abc import Mapping

_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8
_KEEPING = {_TRIM_THRESHOLD: (1 << 31) - 1, _MMAP_MAX: 0}
"""Nothing goes back below the largest size that is taken, and no tensor is fetched by itself."""
_NUM_ARENAS = 2


def keep_freed_memory() -> bool:
    """From now on, use freed memory again instead of handing it back to the system.

    A step of training frees tensors of many megabytes and asks for the same again. The allocator of
    glibc hands them back, and the system fills every page with zeros before it comes again: 16,000
    pages in a step of the ``fast`` preset, and 240,000, which is half of the step's time, with
    2,048 points of each clip.

    Returns:
        Whether the allocator understands; others are left as they are.

    Source: mallopt(3), ``M_TRIM_THRESHOLD`` and ``M_MMAP_MAX``.
    """
    return _set(_KEEPING)


def share_freed_memory() -> bool:
    """From now on, let all threads use memory again that any of them has freed.

    The allocator of glibc gives every thread that meets another one an arena of its own, up to
    eight for each core, and what is freed in one is of no use to the others: a server with a
    thread for every request grows for as long as it takes each of them to meet a large one.

    Returns:
        Whether the allocator understands; others are left as they are.

    Source: mallopt(3), ``M_ARENA_MAX``.
    """
    return _set({_ARENA_MAX: _NUM_ARENAS})


def _set(settings: Mapping[int, int]) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # another C library
        return False
    return all([mallopt(name, value) == 1 for name, value in settings.items()])

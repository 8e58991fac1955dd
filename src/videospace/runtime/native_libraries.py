"""Settings of the C libraries below PyTorch: memory of glibc, threads of OpenMP, oneDNN's cache."""

import ctypes
import os
import sys
from collections.abc import Mapping

_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8
_KEEP_FREED_MEMORY = {_TRIM_THRESHOLD: (1 << 31) - 1, _MMAP_MAX: 0}
"""The heap is never trimmed below 2 GiB, and no allocation is a mapping of its own."""
_NUM_ARENAS = 2


def keep_freed_memory() -> bool:
    """Let malloc reuse freed memory instead of returning it to the system.

    A training step frees tensors of many megabytes and allocates the same sizes again. By default
    glibc returns that memory, and the system fills every page with zeros when it is allocated
    again: 16,000 pages in a step of the ``fast`` preset, and 240,000, half of the step's time, with
    2,048 points of each clip.

    Returns:
        Whether the C library is glibc and accepted the settings; others stay as they are.

    Source: mallopt(3), ``M_TRIM_THRESHOLD`` and ``M_MMAP_MAX``.
    """
    return _set(_KEEP_FREED_MEMORY)


def limit_malloc_arenas() -> bool:
    """Let all threads allocate from two arenas of malloc.

    By default glibc gives threads arenas of their own, up to eight for each core, and memory freed
    in one cannot be used by another. A server with a thread for each request then grows until every
    arena has served a large request.

    Returns:
        Whether the C library is glibc and accepted the setting; others stay as they are.

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


def sleep_while_waiting() -> None:
    """Let OpenMP threads sleep instead of spin while they wait, unless the user has chosen.

    Spinning threads keep their cores busy. If another program takes one core, all other threads
    wait for the one that lost it, and burn the time that it needs: a training step took three times
    as long as with sleeping threads. On an idle machine spinning is about a tenth faster.

    Call it before PyTorch is imported; later it has no effect. Child processes inherit it.

    Source: OpenMP 5.2, section 21.3, ``OMP_WAIT_POLICY``.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def limit_onednn_cache(num_kernels: int = 32) -> None:
    """Limit how many compiled kernels oneDNN keeps.

    By default it keeps 1024, one for each input shape. If each batch has another length, as clips
    of words do, that is a gigabyte within a hundred steps. Call it before the first convolution or
    matrix product; later it has no effect.

    Args:
        num_kernels: How many to keep.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(num_kernels))

"""Reading clips from the disk in a background thread, one step ahead."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from jaxtyping import UInt8

NOTICE_STEPS = 50
"""Steps between two measurements of the waiting time."""
MAX_WAITING_FRACTION = 0.5
"""Fraction of the time spent waiting for clips above which a notice is shown."""


class ReadAhead:
    """Reads batches of clips in a background thread, in the order in which they are expected.

    Args:
        read: Reads clips by number.

    Example:
        >>> reads = ReadAhead(lambda clips: np.zeros((len(clips), 1, 2, 2, 3), np.uint8))
        >>> reads.expect([[4, 5], [6]])
        >>> reads([4, 5]).shape
        (2, 1, 2, 2, 3)
    """

    def __init__(
        self, read: Callable[[Sequence[int]], UInt8[np.ndarray, "clip time height width 3"]]
    ):
        self._read = read
        self._reader = ThreadPoolExecutor(1, "read-ahead")
        self._batches: dict[tuple[int, ...], Future[np.ndarray]] = {}
        self.seconds_waited = 0.0
        """Total time that calls have waited for clips."""

    def expect(self, batches: Sequence[Sequence[int]]) -> None:
        """Start reading the next batches, and drop all others."""
        self._batches = {
            key: self._batches.get(key) or self._reader.submit(self._read, key)
            for key in map(tuple, batches)
        }

    def __call__(self, clips: Sequence[int]) -> UInt8[np.ndarray, "clip time height width 3"]:
        """Return the clips of a batch, which are read now if they were not expected."""
        start = time.monotonic()
        expected = self._batches.get(tuple(clips))
        found = expected.result() if expected else self._read(clips)
        self.seconds_waited += time.monotonic() - start
        return found


class WaitingNotice:
    """Detects once that most of the time is spent waiting for clips."""

    def __init__(self, reads: ReadAhead):
        self.reads = reads
        self._steps, self._start, self._waited = 0, time.monotonic(), reads.seconds_waited
        self._was_shown = False

    def after_step(self) -> str | None:
        """Return the notice in the step in which it is due, otherwise None."""
        self._steps += 1
        if self._was_shown or self._steps % NOTICE_STEPS:
            return None
        now = time.monotonic()
        fraction = (self.reads.seconds_waited - self._waited) / max(1e-9, now - self._start)
        self._start, self._waited = now, self.reads.seconds_waited
        if fraction <= MAX_WAITING_FRACTION:
            return None
        self._was_shown = True
        return (
            f"data-bound: {fraction:.0%} of the time is spent waiting for clips; copy the store to "
            "a faster disk, or use fewer clips (--batch.num-clips) and more points of each "
            "(--batch.points-per-clip)"
        ).replace("%", " %", 1)

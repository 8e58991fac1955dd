"""Clips that do not fit into memory, read while the step before theirs computes."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from jaxtyping import UInt8

NOTICE_STEPS = 50
"""Steps after which it is known whether training waits for clips."""
MOST_WAITING = 0.5
"""Share of the time that may be spent on waiting for clips."""


class ReadAhead:
    """Reads batches of clips in a thread of its own, in the order in which they are expected.

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
        """Time for which somebody has waited for clips."""

    def expect(self, batches: Sequence[Sequence[int]]) -> None:
        """Say which batches are needed next; others are forgotten."""
        self._batches = {
            key: self._batches.get(key) or self._reader.submit(self._read, key)
            for key in map(tuple, batches)
        }

    def __call__(self, clips: Sequence[int]) -> UInt8[np.ndarray, "clip time height width 3"]:
        """The clips of a batch; those that nobody expected are read now."""
        start = time.monotonic()
        expected = self._batches.get(tuple(clips))
        found = expected.result() if expected else self._read(clips)
        self.seconds_waited += time.monotonic() - start
        return found


class WaitingNotice:
    """Says once when most of the time goes into waiting for clips."""

    def __init__(self, reads: ReadAhead):
        self.reads = reads
        self._steps, self._start, self._waited = 0, time.monotonic(), reads.seconds_waited
        self._is_told = False

    def after_step(self) -> str | None:
        """What there is to say, looked at every so many steps."""
        self._steps += 1
        if self._is_told or self._steps % NOTICE_STEPS:
            return None
        now = time.monotonic()
        share = (self.reads.seconds_waited - self._waited) / max(1e-9, now - self._start)
        self._start, self._waited = now, self.reads.seconds_waited
        if share <= MOST_WAITING:
            return None
        self._is_told = True
        return (
            f"data-bound: {share:.0%} of the time waits for clips; copy the store to a faster "
            "disk, or take fewer clips (--batch.num-clips) and more points of each "
            "(--batch.points-per-clip)"
        ).replace("%", " %", 1)

"""Decoding many sources side by side, with their clips in the order of the sources."""

import contextlib
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Generator, Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event

from videospace.clips.cutting import DecodedClip, SourceEnd, decode_source
from videospace.clips.prepare_config import PrepareConfig
from videospace.runtime.errors import UserError

IN_FLIGHT_BYTES = 2**28
"""Decoded clips that may wait to be written, all workers together."""


UNGUARDED = (
    "the decoding processes cannot start, since each of them imports your script: expected its "
    "calls below `if __name__ == '__main__':`; add that line, or decode with workers=1"
)


def require_guard() -> None:
    """Refuse to go on in a process that has just been started and runs the script once more.

    Raises:
        UserError: It says what to add to the script.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise UserError(UNGUARDED)


def decode_sources(
    sources: Sequence[str], config: PrepareConfig
) -> Generator[tuple[str, Iterator[DecodedClip | SourceEnd]]]:
    """Decode sources side by side and hand them out one after the other.

    Worker ``k`` of ``n`` decodes the sources ``k``, ``k + n``, ``k + 2 n`` and so on, and waits
    while its share of `IN_FLIGHT_BYTES` is full, so that neither the order nor the memory depends
    on how fast it is. A file that crashes its worker is reported like any other that cannot be
    decoded, and the worker starts anew behind it. Close the iterator to stop the workers.

    Yields:
        Each source with its clips and one `SourceEnd`, to be used up before the next is asked for.

    Raises:
        UserError: The workers cannot start, as the calling script has no guard.
    """
    num_workers = min(config.workers or available_cores(), len(sources))
    num_threads = max(1, available_cores() // max(1, num_workers))
    if num_workers <= 1:
        for source in sources:
            yield source, decode_source(source, config, num_threads)
        return
    workers = [
        _Worker(sources[first::num_workers], config, num_workers, num_threads)
        for first in range(num_workers)
    ]
    try:
        for place, source in enumerate(sources):
            yield source, workers[place % num_workers].next_source()
    finally:
        for worker in workers:
            worker.stop()


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Worker:
    """A process that decodes some sources, and a thread that takes in what it sends."""

    def __init__(
        self, sources: Sequence[str], config: PrepareConfig, num_workers: int, num_threads: int
    ) -> None:
        height, width = config.height_width
        clip_bytes = config.num_frames * height * width * 3
        self._capacity = max(2, IN_FLIGHT_BYTES // (num_workers * clip_bytes))
        self._sources = list(sources)
        self._config = config
        self._num_threads = num_threads
        self._start()

    def next_source(self) -> Iterator[DecodedClip | SourceEnd]:
        """The clips of the next of its sources, then a `SourceEnd`."""
        num_clips = 0
        while isinstance(message := self._inbox.get(), DecodedClip):
            num_clips += 1
            yield message
        self._sources.pop(0)
        if message is None:
            self.stop()
            self._require_started()
            self._start()
            message = SourceEnd(reason=None if num_clips else "crashed the decoder")
        yield message

    def stop(self) -> None:
        """End the process and the thread, whatever they are at."""
        self._process.terminate()
        self._process.join()
        while self._thread.is_alive():
            with contextlib.suppress(queue.Empty):
                self._inbox.get(timeout=0.01)

    def _require_started(self) -> None:
        """Tell a decoder that crashed from a process that failed before it came to decode."""
        if self._process.exitcode == 1 and not self._has_started.is_set():
            raise UserError(UNGUARDED)

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._has_started = context.Event()
        receiver, sender = context.Pipe(duplex=False)
        arguments = (
            sender,
            self._has_started,
            self._sources,
            self._config,
            self._num_threads,
        )
        self._process = context.Process(target=_send_clips, args=arguments, daemon=True)
        self._process.start()
        sender.close()  # or the end of the process would not end the pipe
        self._inbox: queue.Queue[DecodedClip | SourceEnd | None] = queue.Queue(self._capacity)
        self._thread = threading.Thread(target=_receive, args=(receiver, self._inbox), daemon=True)
        self._thread.start()


def _send_clips(
    sender: Connection,
    has_started: Event,
    sources: Sequence[str],
    config: PrepareConfig,
    num_threads: int,
) -> None:
    has_started.set()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's to handle
    with contextlib.suppress(BrokenPipeError):
        for source in sources:
            for message in decode_source(source, config, num_threads):
                sender.send(message)


def _receive(receiver: Connection, inbox: queue.Queue) -> None:
    """Take in messages until the process ends, and mark the end with None."""
    with receiver, contextlib.suppress(EOFError, OSError):
        while True:
            inbox.put(receiver.recv())
    inbox.put(None)

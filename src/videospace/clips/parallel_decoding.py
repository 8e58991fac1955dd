"""Decoding many sources in parallel, with their clips in the order of the sources."""

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
"""How many bytes of decoded clips may wait to be written, over all workers."""


MISSING_GUARD = (
    "cannot start the decoding processes, because each of them imports your script: put the "
    "script's calls below `if __name__ == '__main__':`, or decode with workers=1"
)


def require_guard() -> None:
    """Refuse to start workers from a process that is itself starting and imports the script.

    Raises:
        UserError: The script lacks the ``__main__`` guard.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise UserError(MISSING_GUARD)


def decode_sources(
    sources: Sequence[str], config: PrepareConfig
) -> Generator[tuple[str, Iterator[DecodedClip | SourceEnd]]]:
    """Decode sources in parallel and yield them in order.

    Worker ``k`` of ``n`` decodes the sources ``k``, ``k + n``, ``k + 2 n`` and so on. It waits
    while its part of `IN_FLIGHT_BYTES` is full, so that neither the order nor the memory depends on
    its speed. If a file crashes its worker, the file is reported like any other that cannot be
    decoded, and the worker is restarted with the next one. Close the iterator to stop the workers.

    Args:
        sources: Video files and folders of images.
        config: How to cut them.

    Yields:
        Each source with its clips and one `SourceEnd`; read all of them before the next source.

    Raises:
        UserError: The workers cannot start, because the calling script lacks the guard.
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
        for index, source in enumerate(sources):
            yield source, workers[index % num_workers].next_source()
    finally:
        for worker in workers:
            worker.stop()


def available_cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Worker:
    """A process that decodes some of the sources, and a thread that receives its clips."""

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
        """The clips of its next source, then a `SourceEnd`."""
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
        """Terminate the process and the thread."""
        self._process.terminate()
        self._process.join()
        while self._thread.is_alive():
            with contextlib.suppress(queue.Empty):
                self._inbox.get(timeout=0.01)

    def _require_started(self) -> None:
        """Raise if the process failed before it could decode anything."""
        if self._process.exitcode == 1 and not self._has_started.is_set():
            raise UserError(MISSING_GUARD)

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
        sender.close()  # else the pipe would stay open when the process ends
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
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles interrupts
    with contextlib.suppress(BrokenPipeError):
        for source in sources:
            for message in decode_source(source, config, num_threads):
                sender.send(message)


def _receive(receiver: Connection, inbox: queue.Queue) -> None:
    """Receive messages until the process ends, then put None."""
    with receiver, contextlib.suppress(EOFError, OSError):
        while True:
            inbox.put(receiver.recv())
    inbox.put(None)

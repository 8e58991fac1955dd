"""Stop cleanly on Ctrl-C, SIGTERM, and SIGHUP of a closed terminal."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

HANGUP = getattr(signal, "SIGHUP", None)
"""What the processes of a terminal get when it is closed; Windows has no such signal."""


class StopRequest:
    """Whether the user has asked the run to stop."""

    def __init__(self) -> None:
        self.requested = False


@contextlib.contextmanager
def stop_on_signal() -> Iterator[StopRequest]:
    """Turn the first signal into a request that a loop can check; a second one interrupts.

    The signals are those of Ctrl-C, SIGTERM, and SIGHUP of a closed terminal.

    Outside the main thread, where signals cannot be handled, nothing is ever requested.

    Yields:
        The request, whose ``requested`` the signal sets.
    """
    request = StopRequest()

    def handle(number: int, _: FrameType | None) -> None:
        if request.requested:
            raise KeyboardInterrupt
        request.requested = True

    with handled([signal.SIGINT, signal.SIGTERM], handle):
        yield request


@contextlib.contextmanager
def end_signals_as_interrupt() -> Iterator[None]:
    """Let SIGTERM, and SIGHUP of a closed terminal, raise KeyboardInterrupt, as Ctrl-C does.

    By default they end the process at once, and temporary files stay. After the first of them, more
    do nothing, so that they do not interrupt the removal; Ctrl-C still does. A signal that is
    ignored, as under ``nohup``, stays ignored.
    """
    is_ending = False

    def interrupt(number: int, _: FrameType | None) -> None:
        nonlocal is_ending
        if not is_ending:
            is_ending = True
            raise KeyboardInterrupt

    with handled([signal.SIGTERM], interrupt):
        yield


@contextlib.contextmanager
def handled(
    numbers: list[signal.Signals], handle: Callable[[int, FrameType | None], None]
) -> Iterator[None]:
    """Handle signals, and SIGHUP of a closed terminal, in the block.

    SIGTERM or SIGHUP that is ignored, as under ``nohup``, stays ignored. After SIGHUP nothing is
    written to the terminal. Outside the main thread, where signals cannot be handled, nothing
    changes.

    Args:
        numbers: The signals beside SIGHUP.
        handle: The handler, as for ``signal.signal``.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    shown = [number for number in (1, 2) if _is_terminal(number)]

    def hang_up(number: int, frame: FrameType | None) -> None:
        for output in shown:  # writing to a terminal that is gone would fail
            os.dup2(os.open(os.devnull, os.O_WRONLY), output)
        handle(number, frame)

    handlers = {number: handle for number in numbers}
    if HANGUP is not None:
        handlers[HANGUP] = hang_up
    previous = {number: signal.getsignal(number) for number in handlers}
    replaced = [
        number
        for number, before in previous.items()
        if number == signal.SIGINT or before not in (signal.SIG_IGN, None)
    ]
    for number in replaced:
        signal.signal(number, handlers[number])
    try:
        yield
    finally:
        for number in replaced:
            signal.signal(number, previous[number])


def _is_terminal(output: int) -> bool:
    try:
        return os.isatty(output)
    except OSError:  # it is closed
        return False

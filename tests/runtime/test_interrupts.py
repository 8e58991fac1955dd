import os
import pty
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack

import pytest

from videospace.runtime.interrupts import end_signals_as_interrupt, stop_on_signal

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_asks_and_the_second_is_obeyed(number):
    with stop_on_signal() as stop:
        assert not stop.requested
        os.kill(os.getpid(), number)
        assert stop.requested
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)


def test_the_two_kinds_count_together():
    with stop_on_signal() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.requested
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("error", [None, KeyError])
def test_the_handlers_before_come_back(error):
    before = [signal.getsignal(number) for number in SIGNALS]
    if error:
        with pytest.raises(error), stop_on_signal():
            raise error
    else:
        with stop_on_signal():
            assert [signal.getsignal(number) for number in SIGNALS] != before
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_requests_do_not_last():
    with stop_on_signal():
        os.kill(os.getpid(), signal.SIGINT)
    with stop_on_signal() as stop:
        assert not stop.requested


def test_outside_the_main_thread_nothing_is_asked():
    asked = []

    def work():
        with stop_on_signal() as stop:
            asked.append(stop.requested)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert asked == [False]


END_SIGNALS = [signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize("number", END_SIGNALS)
def test_a_signal_to_end_removes_temporary_folders(number, tmp_path):
    with (
        pytest.raises(KeyboardInterrupt),
        end_signals_as_interrupt(),
        tempfile.TemporaryDirectory(dir=tmp_path),
    ):
        os.kill(os.getpid(), number)
    assert list(tmp_path.iterdir()) == []


def test_more_signals_do_not_interrupt_the_removal():
    removed = []

    def remove():
        for number in END_SIGNALS:
            os.kill(os.getpid(), number)
        removed.append(True)

    stack = ExitStack()
    stack.callback(remove)
    with pytest.raises(KeyboardInterrupt), end_signals_as_interrupt(), stack:
        os.kill(os.getpid(), signal.SIGHUP)
    assert removed == [True]


def test_what_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with end_signals_as_interrupt():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_handlers_to_end_come_back():
    before = [signal.getsignal(number) for number in END_SIGNALS]
    with end_signals_as_interrupt():
        assert [signal.getsignal(number) for number in END_SIGNALS] != before
    assert [signal.getsignal(number) for number in END_SIGNALS] == before


HANGING_UP = """
import os, sys
from videospace.runtime.interrupts import stop_on_signal
with stop_on_signal() as stop:
    print("begun", flush=True)
    while not stop.requested:
        pass
    print("to a terminal that is gone", flush=True)
    print("likewise", file=sys.stderr, flush=True)
os.write(int(sys.argv[1]), b"finished")
"""


def test_a_closed_terminal_asks_and_is_not_written_to():
    reader, writer = os.pipe()
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", HANGING_UP, str(writer)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        pass_fds=[writer],
        start_new_session=True,
    )
    os.close(theirs)
    os.close(writer)
    assert b"begun" in os.read(ours, 100)
    os.close(ours)  # a session's first process that opened the terminal would get the signal
    process.send_signal(signal.SIGHUP)
    with open(reader, "rb") as result:
        assert result.read() == b"finished"
    assert process.wait() == 0

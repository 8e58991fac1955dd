import os
import signal
import threading

import pytest

from videospace.runtime.interrupts import stop_on_signal

SIGNALS = [signal.SIGINT, signal.SIGTERM]


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

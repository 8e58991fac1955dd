"""Which connection has to go when there are too many."""

import dataclasses

import pytest

from videospace.studio.server.security.connection_limits import (
    MAX_CONNECTIONS,
    MAX_OF_CLIENT,
    Connection,
    ConnectionLimits,
)


@dataclasses.dataclass(eq=False)
class Fake(Connection):
    """A connection that only remembers whether it was pushed out."""

    holder: str
    is_waiting: bool = True  # type: ignore[assignment]
    has_requested: bool = False  # type: ignore[assignment]
    is_new: bool = False  # type: ignore[assignment]
    waits_since: float = 0.0  # type: ignore[assignment]
    is_out: bool = False

    def push_out(self):
        self.is_out = True


def opened(limits, holder, count, **state):
    made = [Fake(holder, **state) for _ in range(count)]
    for connection in made:
        assert limits.make_room(holder)
        limits.add(connection)
    return made


def out(connections):
    return [number for number, connection in enumerate(connections) if connection.is_out]


def test_the_oldest_silent_connection_of_the_client_goes_first():
    limits = ConnectionLimits()
    idle = opened(limits, "a", 2, has_requested=True)
    silent = opened(limits, "a", MAX_OF_CLIENT)
    assert (out(idle), out(silent)) == ([], [0, 1])


def test_the_connection_that_is_idle_longest_goes_when_none_is_silent():
    limits = ConnectionLimits()
    idle = opened(limits, "a", MAX_OF_CLIENT, has_requested=True)
    idle[0].waits_since = 5.0
    opened(limits, "a", 1)
    assert out(idle) == [1]


def test_a_new_connection_goes_last():
    limits = ConnectionLimits()
    idle = opened(limits, "a", 2, has_requested=True, waits_since=5.0)
    new = opened(limits, "a", MAX_OF_CLIENT - 2, is_new=True)
    opened(limits, "a", 2, is_new=True)
    assert (out(idle), out(new)) == ([0, 1], [])
    opened(limits, "a", 1, is_new=True)
    assert out(new) == [0]


def test_a_request_under_way_is_never_pushed_out():
    limits = ConnectionLimits()
    busy = opened(limits, "a", MAX_OF_CLIENT, is_waiting=False)
    assert not limits.make_room("a")
    assert out(busy) == []
    assert limits.make_room("b")
    limits.remove(busy[0])
    assert limits.make_room("a")


def test_of_many_clients_the_one_that_holds_most_loses():
    limits = ConnectionLimits()
    one = opened(limits, "page", 1)
    few = opened(limits, "few", MAX_OF_CLIENT // 2)
    many = [opened(limits, f"many {number}", MAX_OF_CLIENT) for number in range(3)]
    rest = opened(limits, "rest", MAX_CONNECTIONS - MAX_OF_CLIENT // 2 - 3 * MAX_OF_CLIENT - 1)
    opened(limits, "new", 3)
    assert (out(one), out(few), out(rest)) == ([], [], [])
    assert sorted(map(out, many)) == [[0], [0], [0]]


def test_when_everybody_is_busy_nobody_comes_in():
    limits = ConnectionLimits()
    for number in range(MAX_CONNECTIONS // MAX_OF_CLIENT):
        opened(limits, f"busy {number}", MAX_OF_CLIENT, is_waiting=False)
    assert not limits.make_room("page")


@pytest.mark.parametrize("pushed_out", [True, False])
def test_what_is_closed_counts_no_more(pushed_out):
    limits = ConnectionLimits()
    first, *_ = opened(limits, "a", MAX_OF_CLIENT + pushed_out)
    assert first.is_out == pushed_out
    limits.remove(first)
    last = opened(limits, "a", 1)
    assert not last[0].is_out


def test_all_that_wait_can_be_pushed_out():
    limits = ConnectionLimits()
    waiting = opened(limits, "a", 3) + opened(limits, "b", 2, has_requested=True)
    busy = opened(limits, "a", 2, is_waiting=False)
    limits.push_out_waiting()
    assert (out(waiting), out(busy)) == ([0, 1, 2, 3, 4], [])

"""The lock after wrong access codes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.exceptions import HTTPException

from videospace.studio.server.security import wrong_codes
from videospace.studio.server.security.clients import client_of
from videospace.studio.server.security.wrong_codes import (
    MAX_TRIES,
    MAX_TRIES_OF_ALL,
    TRY_SECONDS,
    WrongCodes,
)


class Clock:
    """Stands for the time module."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(wrong_codes, "time", clock)
    return clock


def is_locked(codes, address, *, is_right=False):
    try:
        codes.check(address, is_right=is_right)
    except HTTPException as error:
        return error.status_code == 429
    return False


def test_a_client_that_is_locked_out_keeps_no_other_out(clock):
    codes = WrongCodes()
    tried = [is_locked(codes, "192.168.1.66") for _ in range(MAX_TRIES + 1)]
    assert tried == [False] * MAX_TRIES + [True]
    assert is_locked(codes, "192.168.1.66", is_right=True)
    assert codes.check("192.168.1.5", is_right=True)


def test_the_lock_ends(clock):
    codes = WrongCodes()
    while not is_locked(codes, "192.168.1.66"):
        pass
    clock.now += TRY_SECONDS
    assert codes.check("192.168.1.66", is_right=True)


def test_many_clients_have_one_try_each_and_keep_no_other_out(clock):
    codes = WrongCodes()
    for number in range(MAX_TRIES_OF_ALL):
        assert not is_locked(codes, f"10.0.{number}.1")
    assert is_locked(codes, "10.0.0.1", is_right=True)
    assert [is_locked(codes, "10.9.0.1") for _ in range(2)] == [False, True]
    assert codes.check("192.168.1.5", is_right=True)


def test_one_ipv6_device_with_many_addresses_is_one_client(clock):
    codes = WrongCodes()
    tried = [is_locked(codes, f"2001:db8::{number}") for number in range(MAX_TRIES + 1)]
    assert tried == [False] * MAX_TRIES + [True]
    assert codes.check("2001:db8:0:1::1", is_right=True)


def test_tries_at_the_same_moment_count(clock):
    codes = WrongCodes()
    with ThreadPoolExecutor(20) as pool:
        locked = list(pool.map(lambda _: is_locked(codes, "192.168.1.66"), range(200)))
    assert locked.count(False) == MAX_TRIES


@pytest.mark.parametrize("text", ["", "testclient", "1.2.3", "::gggg"])
def test_what_is_no_address_is_a_client_of_its_own(text):
    assert client_of(text) == text

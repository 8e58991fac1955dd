"""What lets a phone or tablet in: an address to scan, and a key that works once."""

import io
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from videospace.studio.server.devices import RemoteAddress, steps
from videospace.studio.server.security.access import TOKEN_HEADER, Keys
from videospace.studio.server.security.link_key import (
    MAX_INVITATIONS,
    VALID_MINUTES,
    Invitations,
)

REMOTE = RemoteAddress(address="https://192.168.1.20:8765/", fingerprint="AB:CD")


@pytest.fixture
def keys():
    return Keys(code="abcd-efgh-jkmn")


@pytest.fixture
def helper(app_state, open_page, keys):
    """The page of a helper who has entered the code."""
    client = open_page(app_state, keys, remote=REMOTE)
    assert client.post("/api/session", json={"code": keys.code}).is_success
    return client


def test_a_page_that_is_let_in_lets_another_device_in_once(helper, app_state, open_page, keys):
    assert helper.get("/api/devices").json() == {
        "address": REMOTE.address,
        "fingerprint": REMOTE.fingerprint,
    }
    invited = helper.post("/api/devices/invitations")
    assert invited.status_code == 201
    address, key = invited.json()["link"].split("#key=")
    assert address == REMOTE.address
    assert ET.fromstring(invited.json()["picture"]).tag == "{http://www.w3.org/2000/svg}svg"
    phone = open_page(app_state, keys, remote=REMOTE)
    del phone.headers[TOKEN_HEADER]
    assert phone.get("/api/profiles").status_code == 401
    phone.headers[TOKEN_HEADER] = phone.post("/api/session", json={"code": key}).json()["token"]
    assert phone.get("/api/profiles").json() == []
    assert open_page(app_state, keys).post("/api/session", json={"code": key}).status_code == 403


def test_who_is_not_let_in_gets_no_key(app_state, open_page, keys):
    stranger = open_page(app_state, keys, remote=REMOTE)  # it has the token, but no cookie
    assert stranger.get("/api/devices").status_code == 401
    assert stranger.post("/api/devices/invitations").status_code == 401


def test_a_studio_of_this_machine_alone_invites_nobody(page):
    assert page.get("/api/devices").json() == {"address": None, "fingerprint": None}
    refused = page.post("/api/devices/invitations")
    assert refused.status_code == 422
    assert "--allow-remote" in refused.json()["error"]


def test_a_key_for_another_device_ends():
    now = 0.0
    invitations = Invitations(lambda: now)
    early, late = invitations.new(), invitations.new()
    now = 60 * VALID_MINUTES - 1.0
    assert invitations.use(early)
    now += 1
    assert not invitations.use(late)


def test_only_so_many_keys_wait():
    invitations = Invitations()
    keys = [invitations.new() for _ in range(MAX_INVITATIONS + 1)]
    assert not invitations.use("")
    assert not invitations.use("é")
    assert [invitations.use(key) for key in keys] == [False] + [True] * MAX_INVITATIONS


@pytest.mark.parametrize("encoding", ["utf-8", "cp437", "ascii"])
def test_the_terminal_shows_what_a_device_needs(monkeypatch, encoding):
    window = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", window)
    said = steps(REMOTE, "abcd-efgh-jkmn")
    window.write(said)  # nothing that it cannot show
    assert all(each in said for each in (REMOTE.address, REMOTE.fingerprint, "abcd-efgh-jkmn"))
    assert ("█" in said) == (encoding != "ascii")


def test_a_camera_reads_the_picture_of_the_terminal():
    cv2 = pytest.importorskip("cv2")
    halves = {"█": (255, 255), "▀": (255, 0), "▄": (0, 255), " ": (0, 0)}
    rows = [line for line in steps(REMOTE, "abcd").splitlines() if line[:1] in {"█", "▀", "▄"}]
    pixels = np.array([[halves[each] for each in line] for line in rows], np.uint8)
    square = pixels.transpose(0, 2, 1).reshape(2 * len(rows), -1)
    picture = square.repeat(8, axis=0).repeat(8, axis=1)
    assert cv2.QRCodeDetector().detectAndDecode(picture)[0] == REMOTE.address

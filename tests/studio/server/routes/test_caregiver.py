"""The caregiver's lock, names of people, backups, and the evaluation report."""

import contextlib
import datetime
import time
from unittest.mock import patch

import pytest
from tests.support.drawn_studio import mouth_clip

from videospace.lipreading.profile import profile as profile_module
from videospace.lipreading.profile.profile import Profile
from videospace.studio.server.routes import profiles as profile_requests
from videospace.studio.server.security import wrong_codes

RIGHT, WRONG = {"X-Studio-Pin": "2580"}, {"X-Studio-Pin": "0000"}


@pytest.fixture
def profile(page, app_state) -> Profile:
    """Ann, who taught two words yesterday and has said one of them today."""
    assert page.post("/api/profiles", json={"person": "Ann"}).status_code == 201
    profile = app_state.profiles.find("ann")
    before = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=30)
    with patch.object(profile_module, "now", before.isoformat):
        for number, word in enumerate(("water", "bread")):
            profile.add_word(word)
            profile.add_clip(word, mouth_clip(number), source="test")
    profile.add_clip("water", mouth_clip(0, take=1), source="test")
    return profile


def lock(page) -> None:
    assert page.put("/api/profiles/ann/lock", json={"pin": "2580"}).json()["is_locked"]


def test_what_is_locked_needs_the_pin(page, profile):
    lock(page)
    old = profile.clips()[0].id
    requests = [
        ("PATCH", "", {"person": "Bo"}),
        ("PATCH", "", {"finder": "middle"}),
        ("PATCH", "/words?word=bread", {"text": "toast"}),
        ("PATCH", f"/clips/{old}", {"word": "bread"}),
        ("DELETE", f"/clips/{old}", None),
        ("DELETE", "/words?word=bread", None),
        ("PUT", "/model", {"model": "0" * 16}),
        ("PUT", "/lock", {"pin": None}),
        ("DELETE", "", None),
    ]
    before = profile.settings, profile.words(), profile.clips()
    for method, rest, json in requests:
        for headers in ({}, WRONG):
            refused = page.request(method, f"/api/profiles/ann{rest}", json=json, headers=headers)
            assert (refused.status_code, "PIN" in refused.json()["error"]) == (423, True), rest
    assert (profile.settings, profile.words(), profile.clips()) == before
    assert page.patch("/api/profiles/ann", json={"finder": "middle"}, headers=RIGHT).is_success
    assert page.put("/api/profiles/ann/lock", json={"pin": None}, headers=RIGHT).is_success
    assert page.delete("/api/profiles/ann").status_code == 204


def test_everyday_talking_goes_on_behind_the_lock(page, profile):
    lock(page)
    new = profile.clips()[-1].id
    assert page.delete(f"/api/profiles/ann/clips/{new}").status_code == 204  # as Undo does
    assert page.patch("/api/profiles/ann", json={"phrases": ["Tea"]}).is_success
    assert page.post("/api/profiles/ann/words", json={"text": "tea"}).is_success


def test_pins_cannot_be_tried_out(page, profile):
    lock(page)
    for _ in range(wrong_codes.MAX_TRIES):
        page.delete("/api/profiles/ann", headers=WRONG)
    assert page.delete("/api/profiles/ann", headers=RIGHT).status_code == 429


@pytest.mark.parametrize("pin", ["", "123", "12 34", "abcd", "1" * 13, "١٢٣٤"])
def test_a_pin_has_digits(page, profile, pin):
    refused = page.put("/api/profiles/ann/lock", json={"pin": pin})
    assert (refused.status_code, "PIN" in refused.json()["error"]) == (422, True)
    assert not page.get("/api/profiles/ann").json()["is_locked"]


def test_the_pin_is_not_kept(page, profile):
    lock(page)
    files = [path for path in profile.folder.rglob("*") if path.is_file()]
    assert not any(b"2580" in path.read_bytes() for path in files if path.suffix != ".npz")


def test_two_people_have_two_names(page, profile):
    refused = page.post("/api/profiles", json={"person": " ANN "})
    assert (refused.status_code, "another name" in refused.json()["error"]) == (422, True)
    page.post("/api/profiles", json={"person": "Bo"})
    assert page.patch("/api/profiles/bo", json={"person": "ann"}).status_code == 422
    assert page.patch("/api/profiles/ann", json={"person": "ann"}).is_success  # her own name


def test_nobody_inherits_what_a_browser_keeps(page, profile):
    first = page.get("/api/profiles/ann").json()["identity"]
    page.delete("/api/profiles/ann")
    second = page.post("/api/profiles", json={"person": "Ann"}).json()
    assert second["id"] == "ann"
    assert second["identity"] != first


def test_a_backup_is_due_until_it_is_made(page, profile, monkeypatch):
    monkeypatch.setattr(profile_requests, "BACKUP_CLIPS", 3)
    assert page.get("/api/profiles/ann").json()["backup_is_due"]
    exported = page.get("/api/profiles/ann/export")
    found = page.get("/api/profiles/ann").json()
    assert found["backed_up"] is not None
    assert not found["backup_is_due"]
    headers = {"Content-Type": "application/zip"}
    copy = page.post("/api/profiles/import", content=exported.content, headers=headers).json()
    assert copy["person"] == "Ann"
    assert copy["identity"] != found["identity"]
    assert not copy["backup_is_due"]


def test_a_report_shows_the_curve_and_the_confusions(page, profile):
    for number, word in enumerate(("water", "bread")):
        for take in (2, 3):
            profile.add_clip(word, mouth_clip(number, take), source="test")
    profile.add_clip("bread", mouth_clip(0, take=4), source="test")  # says water
    assert page.post("/api/profiles/ann/report").status_code == 202
    found = page.get("/api/profiles/ann/report").json()
    while found["state"] == "running":
        time.sleep(0.1)
        found = page.get("/api/profiles/ann/report").json()
    assert found["state"] == "done", found
    report = found["result"]
    assert [each["num_shots"] for each in report["curve"]] == [1, 2, 3]
    confusion = report["confusions"][0]
    assert {confusion["said"], confusion["answered"]} == {"water", "bread"}
    for clip in (confusion["said_clip"], confusion["answered_clip"]):
        assert page.get(f"/api/profiles/ann/clips/{clip}/film").is_success


def test_a_report_of_too_little_says_what_is_missing(page, app_state):
    page.post("/api/profiles", json={"person": "Bo"})
    page.post("/api/profiles/bo/report")
    with contextlib.suppress(AttributeError):
        app_state.report("bo")._jobs.wait()
    found = page.get("/api/profiles/bo/report").json()
    assert (found["state"], "at least 2 words" in found["note"]) == ("failed", True)

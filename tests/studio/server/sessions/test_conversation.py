"""Requests about words, recordings and profiles, from the first word to the last deletion."""

import io
import threading
import zipfile
from pathlib import Path

import pytest

from videospace.lipreading.profile.deletion import delete_clip
from videospace.studio.server.sessions import recognition_session

VERSION_0_1 = Path(__file__).parents[3] / "golden" / "version_0_1" / "profile.zip"


def test_a_new_studio_has_no_profiles(page):
    assert page.get("/api/profiles").json() == []


def test_a_damaged_profile_is_listed_with_the_others(page, ann, app_state):
    (app_state.profiles.folder / "bo").mkdir()
    (app_state.profiles.folder / "bo" / "profile.sqlite").write_bytes(b"rubbish" * 1000)
    whole, damaged = page.get("/api/profiles").json()
    assert (whole["id"], whole["num_words"], whole["damage"]) == ("ann", 2, None)
    assert (damaged["id"], damaged["person"], damaged["num_words"]) == ("bo", "bo", 0)
    assert "is damaged" in damaged["damage"]
    assert page.get("/api/profiles/bo").status_code == 422


def test_a_recording_is_recognized_and_kept(page, ann, send, make_film):
    recognized = send(page, ann, make_film(1, take=7))
    assert recognized["guesses"][0]["text"] == "bread"
    assert sum(guess["probability"] for guess in recognized["guesses"]) == pytest.approx(
        1, abs=1e-4
    )
    kept = page.post(f"{ann}/recordings/{recognized['id']}/choice", json={"word": "bread"})
    assert kept.status_code == 201
    assert (kept.json()["word"], kept.json()["spoken"]) == ("bread", "bread")
    assert [clip["word"] for clip in page.get(f"{ann}/clips").json()] == ["water", "bread", "bread"]
    words = {word["text"]: word for word in page.get(f"{ann}/words").json()}
    assert (words["bread"]["num_clips"], words["bread"]["num_uses"]) == (2, 1)
    assert words["water"]["num_uses"] == 0


def test_mp4_is_recognized(page, ann, make_film):
    answer = page.post(
        f"{ann}/recordings",
        content=make_film(0, take=3, kind="mp4"),
        headers={"Content-Type": "video/mp4"},
    )
    assert answer.json()["guesses"][0]["text"] == "water"


def test_the_quicktime_video_of_an_iphone_is_recognized(page, ann, make_film):
    film = bytearray(make_film(0, take=3, kind="mp4"))
    film[8:12] = b"qt  "
    kind = {"Content-Type": "video/quicktime"}
    answer = page.post(f"{ann}/recordings", content=bytes(film), headers=kind)
    assert answer.json()["guesses"][0]["text"] == "water"


def test_a_correction_counts_from_the_next_recording_on(page, ann, send, make_film):
    first = send(page, ann, make_film(2))
    assert "tea" not in [guess["text"] for guess in first["guesses"]]
    page.post(f"{ann}/recordings/{first['id']}/choice", json={"word": "tea"})
    second = send(page, ann, make_film(2, take=1))
    assert second["guesses"][0]["text"] == "tea"


def test_words_survive_a_restart(start_app, open_page, page, ann, send, make_film):
    other = open_page(start_app())
    assert send(other, ann, make_film(1, take=4))["guesses"][0]["text"] == "bread"


def test_one_word_alone_is_not_guessed(page, send, make_film):
    page.post("/api/profiles", json={"person": "Bo"})
    page.patch("/api/profiles/bo", json={"finder": "middle"})
    recognized = send(page, "/api/profiles/bo", make_film(0))
    assert (recognized["guesses"], recognized["confident"]) == ([], False)


def test_the_same_recording_is_kept_once(page, ann, send, make_film):
    ids = [send(page, ann, make_film(1, take=9))["id"] for _ in range(2)]
    answers = [page.post(f"{ann}/recordings/{each}/choice", json={"word": "bread"}) for each in ids]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert len(page.get(f"{ann}/clips").json()) == 3
    again = send(page, ann, make_film(1, take=9))
    refused = page.post(f"{ann}/recordings/{again['id']}/choice", json={"word": "water"})
    assert refused.status_code == 422
    assert "is there already" in refused.json()["error"]


def test_a_recording_that_was_dropped_cannot_be_kept(page, ann, send, make_film):
    recognized = send(page, ann, make_film(0, take=2))
    assert page.delete(f"{ann}/recordings/{recognized['id']}").status_code == 204
    answer = page.post(f"{ann}/recordings/{recognized['id']}/choice", json={"word": "water"})
    assert answer.status_code == 404
    assert "record it again" in answer.json()["error"]


def test_words_that_look_alike_are_named(page, ann):
    page.post(f"{ann}/words", json={"text": "bat"})
    added = page.post(f"{ann}/words", json={"text": "mat", "spoken": "mat"}).json()
    assert {"word": "bat", "same": True} in added["look_alikes"]
    again = page.post(f"{ann}/words", json={"text": "Mat"})
    assert again.status_code == 422
    assert "is there already" in again.json()["error"]


def test_clips_words_and_profiles_are_deleted_for_good(page, ann, send, make_film, tmp_path):
    clip = page.get(f"{ann}/clips").json()[0]
    assert page.delete(f"{ann}/clips/{clip['id']}").status_code == 204
    assert page.delete(f"{ann}/clips/{clip['id']}").status_code == 404
    assert not list(tmp_path.rglob(f"{clip['id']}*"))
    assert send(page, ann, make_film(1))["guesses"] == []  # one word is left
    assert page.delete(f"{ann}/words", params={"word": "bread"}).status_code == 204
    assert page.delete(f"{ann}/words", params={"word": "bread"}).status_code == 404
    assert page.delete(ann).status_code == 204
    assert page.get(ann).status_code == 404
    assert list((tmp_path / "data").iterdir()) == []


def test_a_profile_is_exported_and_imported(page, ann):
    archive = page.get(f"{ann}/export")
    assert archive.headers["content-type"] == "application/zip"
    assert "profile.json" in zipfile.ZipFile(io.BytesIO(archive.content)).namelist()
    imported = page.post(
        "/api/profiles/import", content=archive.content, headers={"Content-Type": "application/zip"}
    )
    assert imported.status_code == 201, imported.text
    before, after = page.get(ann).json(), imported.json()
    assert after["id"] == "ann-2"
    same = ("person", "num_words", "num_clips", "phrases", "finder")
    assert [after[name] for name in same] == [before[name] for name in same]
    assert page.get("/api/profiles/ann-2/clips").json() == page.get(f"{ann}/clips").json()


def test_an_import_of_version_0_1_can_be_used(page, send, make_film):
    archive = VERSION_0_1.read_bytes()
    headers = {"Content-Type": "application/zip"}
    imported = page.post("/api/profiles/import", content=archive, headers=headers)
    assert imported.status_code == 201, imported.text
    old = f"/api/profiles/{imported.json()['id']}"
    for part in ("", "words", "clips", "progress", "report", "media", "suggestions", "export"):
        assert page.get(f"{old}/{part}".rstrip("/")).status_code == 200, part
    assert page.patch(old, json={"finder": "middle"}).is_success
    guesses = send(page, old, make_film(0))["guesses"]
    assert {guess["text"] for guess in guesses} <= {"water", "bread", "tea"}


def test_a_clip_deleted_while_the_recognizer_opens_does_no_harm(
    page, ann, send, make_film, app_state, monkeypatch
):
    spare = send(page, ann, make_film(0, take=5), recognize=False)
    kept = page.post(f"{ann}/recordings/{spare['id']}/choice", json={"word": "water"}).json()
    open_recognizer, times = recognition_session.open_recognizer, []

    def open_meanwhile(profile, settings):
        times.append(settings)
        if len(times) == 1:  # its id has been read, and its file is about to be
            delete_clip(profile, kept["id"])
            profile.load_clip(kept["id"])
        return open_recognizer(profile, settings)

    monkeypatch.setattr(recognition_session, "open_recognizer", open_meanwhile)
    assert send(page, ann, make_film(1, take=4))["guesses"][0]["text"] == "bread"
    assert len(times) == 2


def test_after_a_deletion_the_recognizer_is_opened_again(page, ann, send, make_film, monkeypatch):
    opened = threading.Semaphore(0)
    open_recognizer = recognition_session.open_recognizer

    def open_and_release(*arguments):
        found = open_recognizer(*arguments)
        opened.release()
        return found

    monkeypatch.setattr(recognition_session, "open_recognizer", open_and_release)
    recognized = send(page, ann, make_film(2))
    assert opened.acquire(timeout=120)
    kept = page.post(f"{ann}/recordings/{recognized['id']}/choice", json={"word": "tea"}).json()
    assert page.delete(f"{ann}/clips/{kept['id']}").status_code == 204
    assert opened.acquire(timeout=120)
    again = send(page, ann, make_film(2))
    assert "tea" not in [guess["text"] for guess in again["guesses"]]
    assert not opened.acquire(blocking=False)


@pytest.mark.parametrize("content", [b"no zip", b"PK\x03\x04 cut off"])
def test_importing_another_file_leaves_nothing(page, content, tmp_path):
    answer = page.post(
        "/api/profiles/import", content=content, headers={"Content-Type": "application/zip"}
    )
    assert answer.status_code == 422
    assert "profile" in answer.json()["error"]
    assert list((tmp_path / "data").iterdir()) == []


def test_settings_change_one_by_one(page, ann):
    page.patch(ann, json={"phrases": ["Good night"]})
    changed = page.patch(ann, json={"person": "Anne", "language": "de"}).json()
    assert (changed["person"], changed["language"]) == ("Anne", "de")
    assert (changed["phrases"], changed["finder"]) == (["Good night"], "middle")
    assert changed["num_bytes"] > 1000
    page.patch(ann, json={"phrases": ["two\nlines"]})
    assert page.get(ann).json()["phrases"] == ["two lines"]


def test_without_a_pretrained_model_there_is_nothing_to_train(page, ann):
    assert page.get(ann).json()["can_train"] is False
    answer = page.post(f"{ann}/training", json={})
    assert answer.status_code == 422
    assert "no pretrained model" in answer.json()["error"]
    assert page.get(f"{ann}/training").json()["state"] == "idle"


def test_the_words_that_were_not_guessed_are_ranked(page, ann, send, make_film):
    for number in range(2, 8):
        word = f"word {number}"
        taught = send(page, ann, make_film(number), recognize=False)
        assert taught["others"] == []
        page.post(f"{ann}/recordings/{taught['id']}/choice", json={"word": word, "used": False})
    page.post(f"{ann}/words", json={"text": "never recorded"})
    recognized = send(page, ann, make_film(1, take=3))
    guessed = [guess["text"] for guess in recognized["guesses"]]
    assert len(guessed) == 5
    assert recognized["others"][-1] == "never recorded"
    words = [word["text"] for word in page.get(f"{ann}/words").json()]
    assert sorted(guessed + recognized["others"]) == sorted(words)
    again = page.post(f"{ann}/recordings/{recognized['id']}/choice", json={"word": "word 7"})
    assert again.status_code == 201  # and the answer that is kept names no more than the guesses

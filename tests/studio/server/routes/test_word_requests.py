"""Requests that change words and recordings, and show them."""

import io

import av
import numpy as np
import pytest
from tests.support.drawn_studio import mouth_clip

from videospace.lipreading.mouth.mouth_clip import MouthClip


@pytest.fixture
def ann(page, app_state) -> str:
    """The address of a person who has taught two words."""
    assert page.post("/api/profiles", json={"person": "Ann"}).status_code == 201
    for number, word in enumerate(("water", "bread")):
        app_state.profiles.find("ann").add_word(word)
        app_state.profiles.find("ann").add_clip(word, mouth_clip(number), source="test")
    return "/api/profiles/ann"


def clips(page, ann) -> dict[str, list[str]]:
    """The ids of the recordings by word."""
    found: dict[str, list[str]] = {}
    for clip in page.get(f"{ann}/clips").json():
        found.setdefault(clip["word"], []).append(clip["id"])
    return found


def answer(app_state, word: int):
    return app_state.recognition("ann").add_recording((mouth_clip(word, take=9), ()))


def test_an_open_recognizer_answers_with_the_new_name(page, ann, app_state):
    assert answer(app_state, 0).recognition.words[0] == "water"
    changed = page.patch(f"{ann}/words", params={"word": "water"}, json={"text": "drink"})
    assert (changed.status_code, changed.json()["spoken"]) == (200, "drink")
    pending = answer(app_state, 0)
    assert pending.recognition.words[0] == "drink"
    page.post(f"{ann}/recordings/{pending.recording}/choice", json={"word": "drink"})
    assert {word: len(ids) for word, ids in clips(page, ann).items()} == {"drink": 2, "bread": 1}


def test_a_name_is_refused_that_another_word_has(page, ann):
    refused = page.patch(f"{ann}/words", params={"word": "water"}, json={"text": "Bread"})
    assert (refused.status_code, "bread" in refused.json()["error"]) == (422, True)
    gone = page.patch(f"{ann}/words", params={"word": "tea"}, json={"text": "chai"})
    assert gone.status_code == 404


def test_a_recording_moves_to_the_word_that_it_shows(page, ann, app_state):
    wrong = answer(app_state, 0)
    kept = page.post(f"{ann}/recordings/{wrong.recording}/choice", json={"word": "bread"}).json()
    moved = page.patch(f"{ann}/clips/{kept['id']}", json={"word": "water"})
    assert (moved.status_code, moved.json()["word"]) == (200, "water")
    assert kept["id"] in clips(page, ann)["water"]
    progress = page.get(f"{ann}/progress").json()
    assert (progress["accuracy"]["num_answers"], progress["confusions"]) == (1, [])
    assert page.patch(f"{ann}/clips/{kept['id']}", json={"word": "tea"}).status_code == 404
    assert page.patch(f"{ann}/clips/{'0' * 16}", json={"word": "water"}).status_code == 404


def test_a_recording_is_shown_as_a_film(page, ann):
    (clip,) = clips(page, ann)["water"]
    film = page.get(f"{ann}/clips/{clip}/film")
    assert film.headers["content-type"] == "video/mp4"
    with av.open(io.BytesIO(film.content)) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(frames) == len(mouth_clip(0).frames)
    shown = frames[20].reshape(88, 3, 88, 3).mean((1, 3))
    assert np.abs(shown - mouth_clip(0).frames[20]).mean() < 8
    assert page.get(f"{ann}/clips/{'0' * 16}/film").status_code == 404


def test_a_still_face_has_no_answer_and_teaches_nothing(page, ann, app_state):
    still = MouthClip(frames=mouth_clip(0).frames[:1].repeat(40, axis=0), fps=25.0)
    added = app_state.recognition("ann").add_recording((still, ()))
    assert (added.lips_moved, added.recognition) == (False, None)
    kept = page.post(f"{ann}/recordings/{added.recording}/choice", json={"word": "water"})
    assert (kept.status_code, "movement" in kept.json()["error"]) == (422, True)
    assert len(clips(page, ann)["water"]) == 1

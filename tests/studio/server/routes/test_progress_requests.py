"""Requests about progress, models and lists of words."""

import csv
import io
import threading

import numpy as np
import pytest
import torch
from tests.support.mouth_videos import FPS, mouth_frames

from videospace.lipreading.model.encoders.compact import CompactConfig, CompactEncoder
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.profile.learning import adopt_model
from videospace.lipreading.profile.model_selection import use_model
from videospace.lipreading.profile.models import keep_model, model_in_progress
from videospace.studio.server.sessions import recognition_session


def mouth(word: int, take: int = 0) -> MouthClip:
    """A mouthed word, without the film around it."""
    frames = mouth_frames(word, take, height=160, width=160)[:, 36:124, 36:124].mean(axis=-1)
    return MouthClip(frames=frames.astype(np.uint8), fps=float(FPS))


@pytest.fixture
def ann(page, app_state) -> str:
    """The address of a person who has taught two words."""
    assert page.post("/api/profiles", json={"person": "Ann"}).status_code == 201
    for number, word in enumerate(("water", "bread")):
        app_state.profiles.find("ann").add_word(word)
        app_state.profiles.find("ann").add_clip(word, mouth(number), source="test")
    return "/api/profiles/ann"


@pytest.fixture
def say(page, ann, app_state):
    """Mouths the word of a number and chooses its text; returns the id of the kept clip."""

    def choose(number: int, word: str, take: int) -> str:
        recognized = app_state.recognition("ann").add_recording((mouth(number, take), ()))
        answer = page.post(f"{ann}/recordings/{recognized.recording}/choice", json={"word": word})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    return choose


def progress(page, ann):
    answer = page.get(f"{ann}/progress")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_progress_before_the_first_word(page, ann):
    found = progress(page, ann)
    assert (found["num_words"], found["days"], found["accuracy_drop"], found["models"]) == (
        0,
        [],
        None,
        [],
    )
    assert found["accuracy"] == {"num_answers": 0, "top1": None, "top5": None}
    assert [word["word"] for word in found["words"]] == ["water", "bread"]
    assert found["strategy"] == "templates"
    assert page.get("/api/profiles/nobody/progress").status_code == 404


def test_chosen_words_are_counted_and_undone_ones_are_not(page, ann, say):
    say(1, "bread", take=3)
    wrong = say(0, "bread", take=4)
    found = progress(page, ann)
    assert found["accuracy"]["num_answers"] == 2
    assert found["accuracy"]["top1"]["mean"] == 0.5
    assert found["accuracy"]["top5"]["mean"] == 1.0
    assert [day["num_words"] for day in found["days"]] == [2]
    assert [session["num_words"] for session in found["sessions"]] == [2]
    assert found["confusions"] == [{"said": "bread", "answered": "water", "times": 1}]
    assert found["words"][0]["word"] == "water"  # one recording against three
    bread = found["words"][1]
    assert (bread["num_clips"], bread["num_answers"], bread["num_hits"]) == (3, 2, 1)
    assert bread["taken_for"] == [{"word": "water", "times": 1}]
    page.delete(f"{ann}/clips/{wrong}")
    found = progress(page, ann)
    assert (found["num_words"], found["confusions"]) == (1, [])


def test_a_new_word_is_not_counted_as_wrong(page, ann, say):
    say(2, "tea", take=0)
    found = progress(page, ann)
    assert (found["num_words"], found["accuracy"]["num_answers"]) == (1, 0)


def test_usage_is_exported_as_a_table(page, ann, say):
    clip = say(1, "bread", take=3)
    answer = page.get(f"{ann}/progress.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].endswith("ann-progress.csv")
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row["word"], row["rank"], row["clip"]) == ("bread", "1", clip)
    assert (row["guess 2"], row["strategy"], row["model"]) == ("water", "templates", "")


@pytest.fixture
def two_models(app_state, ann):
    """Ids of a pretrained model and one of Ann's own, which answers."""
    profile = app_state.profiles.find("ann")
    torch.manual_seed(0)
    encoder = CompactEncoder(CompactConfig(channels=2, hidden=8))
    base = adopt_model(profile, MouthModel(encoder, ["a", "b"], units=["open", "shut"])).id
    with model_in_progress(profile) as folder:
        MouthModel(encoder, ["water", "bread"], units=["open", "shut"]).save_pretrained(folder)
        clips = [clip.id for clip in profile.clips()]
        own = keep_model(
            profile, folder, kind="recognizer", strategy="fusion+adapted", clips=clips
        ).id
    app_state.use_model("ann", own)
    return base, own


def test_an_older_model_can_be_used_again(page, ann, say, two_models):
    base, own = two_models
    say(1, "bread", take=3)
    changed = page.put(f"{ann}/model", json={"model": base})
    assert changed.status_code == 200, changed.text
    assert changed.json()["strategy"] == "fusion"
    say(1, "bread", take=4)
    page.put(f"{ann}/model", json={"model": own})
    say(0, "water", take=5)
    found = progress(page, ann)
    assert found["strategy"] == "fusion+adapted"
    newer, older = found["models"]
    assert (newer["id"], newer["is_in_use"], newer["num_clips"]) == (own, True, 2)
    assert (older["id"], older["kind"], older["is_in_use"]) == (base, "encoder", False)
    assert (newer["accuracy"]["num_answers"], older["accuracy"]["num_answers"]) == (2, 1)


def test_unknown_models_are_refused(page, ann):
    answer = page.put(f"{ann}/model", json={"model": "0" * 16})
    assert answer.status_code == 404
    assert "no such model" in answer.json()["error"]
    assert page.put(f"{ann}/model", json={"model": "../x"}).status_code == 422


def test_a_list_of_words(page, ann):
    text = 'word;spoken form;note\nbat\nmat;;soft\n"Dr. Lee";doctor Lee\nWater\nbat'
    added = page.post(f"{ann}/word-lists", json={"text": text})
    assert added.status_code == 201, added.text
    words = added.json()["words"]
    assert [word["text"] for word in words] == ["bat", "mat", "Dr. Lee", "water"]
    assert (words[2]["spoken"], words[3]["num_clips"]) == ("doctor Lee", 1)
    assert {"added": "mat", "word": "bat", "same": True} in added.json()["look_alikes"]
    assert len(page.get(f"{ann}/words").json()) == 5


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("tea\na,b,c,d", "line 2 of the list"),
        (" \n ", "at least one word"),
        ("", "empty"),
        ("a" * 50_001, "too long"),
    ],
)
def test_an_invalid_list_changes_nothing(page, ann, text, phrase):
    answer = page.post(f"{ann}/word-lists", json={"text": text})
    assert answer.status_code == 422
    assert answer.json()["error"].count(phrase)
    assert len(page.get(f"{ann}/words").json()) == 2


def test_a_model_that_another_program_chose_is_opened(
    page, ann, say, two_models, app_state, monkeypatch
):
    """As ``videospace lipread models --use`` and ``train`` do while the studio runs."""
    base, own = two_models
    say(1, "bread", take=3)
    opened, open_recognizer = threading.Semaphore(0), recognition_session.open_recognizer

    def open_and_release(*arguments):
        found = open_recognizer(*arguments)
        opened.release()
        return found

    monkeypatch.setattr(recognition_session, "open_recognizer", open_and_release)
    use_model(app_state.profiles.find("ann"), base)
    say(1, "bread", take=4)  # the old one answers once more
    assert opened.acquire(timeout=120)
    app_state.recognition("ann").reopen()  # waits until the other one is in its place
    while opened.acquire(blocking=False):
        pass
    say(0, "water", take=5)
    newer, older = progress(page, ann)["models"]
    assert (newer["id"], newer["accuracy"]["num_answers"]) == (own, 2)
    assert (older["id"], older["accuracy"]["num_answers"]) == (base, 1)
    assert not opened.acquire(timeout=0.5)  # and it is not opened again and again

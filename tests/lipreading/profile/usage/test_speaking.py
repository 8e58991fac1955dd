"""What the person said, and suggestions from it."""

import pytest

from videospace.lipreading.profile.archive import export_profile, import_profile
from videospace.lipreading.profile.deletion import delete_word
from videospace.lipreading.profile.usage.speaking import (
    add_said,
    delete_said,
    said,
    sentences,
    suggestions,
)
from videospace.runtime.errors import UserError


@pytest.fixture
def talked(profile):
    """Three sentences."""
    for number, sentence in enumerate(("I want water", "I want Bread", "I want water now")):
        for text in sentence.split():
            add_said(profile, str(number), text)
    return profile


def test_sentences_are_kept_word_by_word(talked):
    assert sentences(said(talked))[1] == ["I", "want", "Bread"]
    assert len(said(talked)) == 10


def test_suggestions_come_from_the_persons_own_sentences(talked):
    assert suggestions(talked, ["I", "want"])[:2] == ["water", "Bread"]
    assert suggestions(talked, [])[0] == "I"
    assert suggestions(talked, ["I", "WANT", "Water"])[0] == "now"
    assert suggestions(talked, ["I", "want"], count=1) == ["water"]


def test_without_sentences_there_are_no_suggestions(profile):
    assert suggestions(profile, ["I"]) == []


def test_one_thing_or_everything_is_deleted_for_good(talked):
    first = said(talked)[0]
    delete_said(talked, first.id)
    assert first not in said(talked)
    with pytest.raises(UserError, match="no longer"):
        delete_said(talked, first.id)
    delete_said(talked)
    assert said(talked) == []
    delete_said(talked)  # of nothing


def test_a_deleted_word_was_never_said(talked):
    delete_word(talked, "bread")
    assert "Bread" not in [each.text for each in said(talked)]
    assert suggestions(talked, ["I", "want"])[0] == "water"
    assert "Bread" not in suggestions(talked, ["I", "want"])


def test_the_oldest_makes_room(profile, monkeypatch):
    monkeypatch.setattr("videospace.lipreading.profile.storage.speaking_tables.MAX_SAID", 3)
    for text in "abcde":
        add_said(profile, "1", text)
    assert [each.text for each in said(profile)] == ["c", "d", "e"]


def test_there_and_back(talked, tmp_path):
    export_profile(talked, tmp_path / "ann.zip")
    assert said(import_profile(tmp_path / "ann.zip", tmp_path / "bob")) == said(talked)


@pytest.mark.parametrize(("sentence", "text"), [("1", ""), ("1", "a" * 101), ("x" * 101, "a")])
def test_what_cannot_be_kept(profile, sentence, text):
    with pytest.raises(UserError):
        add_said(profile, sentence, text)

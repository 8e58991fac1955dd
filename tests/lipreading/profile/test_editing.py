"""Renamed words, other spoken forms, and clips that move to another word."""

import pytest

from videospace.lipreading.model.encoders.compact import CompactConfig, CompactEncoder
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.profile.deletion import delete_clip
from videospace.lipreading.profile.editing import change_word, move_clip
from videospace.lipreading.profile.models import keep_model, model_in_progress
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.folder import model_path
from videospace.lipreading.profile.storage.records import AnswerRecord
from videospace.runtime.errors import UserError


def say(profile: Profile, word: str, clip, *guesses: str):
    answer = AnswerRecord(words=guesses, probabilities=(0.5,) * len(guesses), strategy="fusion")
    return profile.add_clip(word, clip, source="studio", answer=answer)


def test_everything_follows_a_renamed_word(profile, make_clip):
    profile.add_word("morphine pump")
    say(profile, "bread", make_clip(7), "water", "bread")
    order = [word.text for word in profile.words()]
    changed = change_word(profile, "WATER", new_text="Still water")
    assert (changed.text, changed.spoken, changed.num_clips) == ("Still water", "Still water", 2)
    assert [word.text for word in profile.words()] == ["Still water", *order[1:]]
    assert {clip.word for clip in profile.clips()} == {"Still water", "bread"}
    (use,) = profile.usage()
    assert (use.word, use.answer.words, use.rank) == ("bread", ("Still water", "bread"), 2)
    with pytest.raises(UserError, match="water"):
        profile.word("water")
    change_word(profile, "morphine pump", new_text="pump")
    files = [path for path in profile.folder.rglob("*") if path.is_file()]
    assert not any(b"morphine" in path.read_bytes() for path in files)


def test_a_spoken_form_stays_when_the_text_changes(profile):
    assert change_word(profile, "yes", spoken="yes please").spoken == "yes please"
    assert change_word(profile, "yes", new_text="Yes").spoken == "yes please"  # only the case
    assert change_word(profile, "Yes", new_text="ok", note="soft").note == "soft"
    assert profile.word("ok").spoken == "yes please"


@pytest.mark.parametrize("text", ["bread", "BREAD", "", "a" * 101, "a\u202eb"])
def test_a_refused_name_changes_nothing(profile, text):
    before = profile.words()
    with pytest.raises(UserError):
        change_word(profile, "water", new_text=text)
    assert profile.words() == before


def test_a_classifier_knows_the_new_name(profile):
    with model_in_progress(profile) as folder:
        encoder = CompactEncoder(CompactConfig(channels=2, hidden=8))
        MouthModel(encoder, ["water", "bread"], units=["open", "shut"]).save_pretrained(folder)
        clips = [clip.id for clip in profile.clips()]
        kept = keep_model(
            profile, folder, kind="recognizer", strategy="fusion+adapted", clips=clips
        )
    change_word(profile, "water", new_text="tea")
    model = MouthModel.from_pretrained(model_path(profile.folder, kept.id))
    assert model.words == ["tea", "bread"]


def test_a_clip_moves_with_its_use(profile, make_clip):
    clip = say(profile, "yes", make_clip(7), "bread", "water").id
    (use,) = profile.usage()
    assert (use.word, use.was_known, use.rank) == ("yes", False, None)
    assert move_clip(profile, clip, "Bread").word == "bread"
    (use,) = profile.usage()
    assert (use.word, use.was_known, use.rank) == ("bread", True, 1)
    uses = {word.text: (word.num_clips, word.num_uses) for word in profile.words()}
    assert uses == {"water": (2, 0), "bread": (2, 1), "yes": (0, 0)}
    delete_clip(profile, clip)
    assert profile.word("bread").num_uses == 0


def test_a_clip_that_was_taught_moves_without_a_use(profile):
    first = profile.clips("water")[0].id
    move_clip(profile, first, "yes")
    assert [clip.id for clip in profile.clips("yes")] == [first]
    assert all(word.num_uses == 0 for word in profile.words())


def test_a_clip_does_not_move_where_nothing_is(profile):
    clip = profile.clips("water")[0].id
    with pytest.raises(UserError, match="tea"):
        move_clip(profile, clip, "tea")
    with pytest.raises(UserError, match="0000"):
        move_clip(profile, "0" * 16, "water")
    assert [each.id for each in profile.clips("water")].count(clip) == 1

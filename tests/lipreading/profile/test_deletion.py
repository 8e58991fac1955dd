"""Deleting clips, words and profiles also deletes what was learned from them."""

import pytest

from videospace.lipreading.profile.deletion import delete_clip, delete_profile, delete_word
from videospace.lipreading.profile.models import (
    NUM_KEPT,
    current_model,
    keep_model,
    model_in_progress,
    models,
)
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.damage import INDEX_FILE
from videospace.runtime.errors import UserError


def learn(profile: Profile, *, kind="recognizer", strategy="fusion", clips=None):
    """A model that holds one file."""
    ids = [record.id for record in profile.clips()] if clips is None else clips
    with model_in_progress(profile) as folder:
        (folder / "config.json").write_text("{}")
        return keep_model(profile, folder, kind=kind, strategy=strategy, clips=ids)


def on_disk(profile: Profile) -> bytes:
    """Every byte of the profile."""
    return b"".join(path.read_bytes() for path in profile.folder.rglob("*") if path.is_file())


def test_a_clip(profile):
    first, second, third = (record.id for record in profile.clips())
    assert delete_clip(profile, first) == 0
    assert [record.id for record in profile.clips()] == [second, third]
    assert not (profile.folder / "clips" / f"{first}.npz").exists()
    assert first.encode() not in on_disk(profile)
    with pytest.raises(UserError, match=first):
        delete_clip(profile, first)


def test_a_word_leaves_no_trace(profile):
    profile.add_word("morphine pump", note="private remark")
    assert b"morphine pump" in on_disk(profile)
    delete_word(profile, "Morphine Pump")
    assert b"morphine pump" not in on_disk(profile)
    assert b"private remark" not in on_disk(profile)
    delete_word(profile, "water")
    assert [word.text for word in profile.words()] == ["bread", "yes"]
    assert len(list((profile.folder / "clips").iterdir())) == 1
    with pytest.raises(UserError, match="water"):
        delete_word(profile, "water")


def test_models_go_with_what_they_learned_from(profile):
    water, bread, _ = (record.id for record in profile.clips())
    encoder = learn(profile, kind="encoder", clips=[])
    of_bread = learn(profile, clips=[bread])
    of_all = learn(profile)
    assert current_model(profile, "recognizer") == of_all
    assert delete_clip(profile, water) == 1
    assert [model.id for model in models(profile)] == [encoder.id, of_bread.id]
    assert not (profile.folder / "models" / of_all.id).exists()
    assert delete_word(profile, "bread") == 1
    assert current_model(profile, "recognizer") is None
    assert current_model(profile, "encoder") == encoder


def test_the_history_of_models_is_short(profile):
    made = [learn(profile).id for _ in range(NUM_KEPT + 2)]
    assert [model.id for model in models(profile)] == made[2:]
    assert {path.name for path in (profile.folder / "models").iterdir()} == set(made[2:])


def test_deleting_a_clip_while_training(profile):
    clips = [record.id for record in profile.clips()]
    with model_in_progress(profile) as folder:
        (folder / "config.json").write_text("{}")
        delete_clip(profile, clips[0])
        assert folder.exists()
        with pytest.raises(UserError, match="deleted"):
            keep_model(profile, folder, kind="recognizer", strategy="fusion", clips=clips)
    assert models(profile) == []
    assert list((profile.folder / "models").iterdir()) == []


def test_deleting_a_profile_while_training(profile):
    with model_in_progress(profile):
        with pytest.raises(UserError, match="another process"):
            delete_profile(profile.folder)
        with pytest.raises(UserError, match="another process"), model_in_progress(profile):
            pass
    assert len(Profile(profile.folder).clips()) == 3
    delete_profile(profile.folder)
    assert list(profile.folder.parent.iterdir()) == []


def test_a_training_that_fails_leaves_nothing(profile):
    def fail() -> None:
        with model_in_progress(profile) as folder:
            (folder / "half").write_bytes(b"x")
            raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        fail()
    assert list((profile.folder / "models").iterdir()) == []


def test_a_folder_that_is_no_profile_is_never_deleted(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"meow")
    with pytest.raises(UserError, match=INDEX_FILE):
        delete_profile(tmp_path / "photos")
    assert (tmp_path / "photos" / "cat.jpg").exists()

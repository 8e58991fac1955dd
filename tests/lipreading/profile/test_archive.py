"""Export a profile to a zip file, and import it."""

import dataclasses
import json
import zipfile

import numpy as np
import pytest
import torch
from tests.support.used_profile import trained_model

from videospace.lipreading.profile.archive import export_profile, import_profile
from videospace.lipreading.profile.model_selection import load_model
from videospace.lipreading.profile.models import NUM_KEPT, current_model, models
from videospace.lipreading.profile.storage.records import AnswerRecord
from videospace.runtime.errors import UserError


@pytest.fixture
def exported(profile, tmp_path, make_clip):
    answer = AnswerRecord(words=("water", "bread"), probabilities=(0.75, 0.25), strategy="fusion")
    profile.add_clip("bread", make_clip(9), source="studio", answer=answer)
    trained_model(profile)
    export_profile(profile, tmp_path / "ann.zip")
    return tmp_path / "ann.zip"


def changed(path, *, content=None, without=(), extra=()):
    """The same zip with other content."""
    target = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "profile.json" and content:
                document = json.loads(data)
                content(document)
                data = json.dumps(document).encode()
            if not name.startswith(tuple(without) or ("\0",)):
                new.writestr(name, data)
        for name, data in extra:
            new.writestr(name, data)
    return target


def test_there_and_back(profile, exported, tmp_path):
    again = import_profile(exported, tmp_path / "bob")
    assert again.words() == profile.words()
    assert again.clips() == profile.clips()
    assert again.usage() == profile.usage()
    assert again.usage()[0].answer.words == ("water", "bread")
    assert again.settings == profile.settings
    assert models(again) == models(profile)
    for record in profile.clips():
        np.testing.assert_array_equal(
            again.load_clip(record.id).frames, profile.load_clip(record.id).frames
        )
    before, after = (load_model(each, models(each)[0]).state_dict() for each in (profile, again))
    torch.testing.assert_close(after, before)
    again.add_word("tea")


def test_settings_that_an_older_version_did_not_know(exported, tmp_path):
    def without_finder(document):
        del document["settings"]["finder"]

    again = import_profile(changed(exported, content=without_finder), tmp_path / "bob")
    assert again.settings.finder == "dlib"


def test_a_file_of_the_first_format(exported, tmp_path):
    def older(document):
        document["format_version"] = 1
        del document["usage"]
        for model in document["models"]:
            del model["turn"]

    again = import_profile(changed(exported, content=older), tmp_path / "bob")
    assert (len(again.clips()), again.usage()) == (4, [])
    assert current_model(again, "recognizer") is not None


def test_a_file_of_version_0_1(profile, exported, tmp_path):
    def older(document):
        document["format_version"] = 2
        document["settings"]["strategy"] = "dtw-normalised"
        document["choices"] = document.pop("usage")
        for choice in document["choices"]:
            choice["answer"]["sure"] = choice["answer"].pop("confident")
            choice["answer"]["strategy"] = "dtw-normalised"
        document["models"][0] |= {"kind": "recogniser", "strategy": "dtw-normalised"}

    again = import_profile(changed(exported, content=older), tmp_path / "bob")
    assert again.settings.strategy == "dtw-normalized"
    (use,) = again.usage()
    assert use.answer == dataclasses.replace(profile.usage()[0].answer, strategy="dtw-normalized")
    (model,) = models(again)
    assert (model.kind, model.strategy) == ("recognizer", "dtw-normalized")


def test_of_models_of_an_older_version_the_oldest_makes_room(profile, tmp_path):
    def turnless(document):
        for model in document["models"]:
            del model["turn"]

    made = [trained_model(profile) for _ in range(NUM_KEPT)]
    export_profile(profile, tmp_path / "ann.zip")
    again = import_profile(changed(tmp_path / "ann.zip", content=turnless), tmp_path / "bob")
    made.append(trained_model(again))
    assert [model.id for model in models(again)] == made[1:]


def test_numpy_alone_reads_what_is_inside(exported, tmp_path):
    with zipfile.ZipFile(exported) as archive:
        content = json.loads(archive.read("profile.json"))
        archive.extractall(tmp_path / "open")
    first = content["clips"][0]
    assert (first["word"], content["format_version"]) == ("water", 4)
    assert np.load(tmp_path / "open" / "clips" / f"{first['id']}.npz")["frames"].shape[1:] == (
        88,
        88,
    )


def newer(content):
    content["format_version"] = 9


def climbing(content):
    content["clips"][0]["id"] = "../../etc/passwd"


def nameless(content):
    del content["words"]


def texts_for_numbers(content):
    content["clips"][0]["fps"] = "fast"


def more_fields(content):
    content["words"][0]["color"] = "red"


def twice(content):
    content["words"].append(content["words"][0])


def unknown_word(content):
    content["clips"][0]["word"] = "tea"


def usageless(content):
    del content["usage"]


def unknown_clip(content):
    content["usage"][0]["clip"] = "0" * 16


def odd_answer(content):
    content["usage"][0]["answer"]["words"] = ["water", 7]


def half_an_answer(content):
    content["usage"][0]["answer"]["words"] = ["water"]


def no_list(content):
    content["words"] = 5


def timeless(content):
    content["clips"][0]["added"] = "yesterday"


def beyond_numbers(content):
    content["words"][0]["num_uses"] = 10**10


def half_a_sign(content):
    content["usage"][0]["answer"]["strategy"] = "\ud800"


def other_class(content):
    content["class"] = "VideoSpace"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (newer, "has format 9"),
        (climbing, "expected an id"),
        (nameless, "words"),
        (texts_for_numbers, "fps"),
        (more_fields, "color"),
        (twice, "twice"),
        (unknown_word, "tea"),
        (usageless, "usage"),
        (unknown_clip, "0{16}"),
        (odd_answer, "words"),
        (half_an_answer, "probability"),
        (no_list, "list of words"),
        (timeless, "ISO 8601"),
        (beyond_numbers, "number of uses"),
        (half_a_sign, "UTF-8"),
        (other_class, "exported profile"),
    ],
)
def test_content_that_makes_no_sense(exported, tmp_path, change, message):
    with pytest.raises(UserError, match=message):
        import_profile(changed(exported, content=change), tmp_path / "bob")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ann", "ann.zip", "changed.zip"]


def test_files_that_are_no_exported_profiles(profile, exported, tmp_path):
    with pytest.raises(UserError, match="no file"):
        import_profile(tmp_path / "absent.zip", tmp_path / "bob")
    (tmp_path / "text.zip").write_text("hello")
    with pytest.raises(UserError, match="damaged"):
        import_profile(tmp_path / "text.zip", tmp_path / "bob")
    with pytest.raises(UserError, match=r"profile\.json"):
        import_profile(changed(exported, without=["profile.json"]), tmp_path / "bob")
    with pytest.raises(UserError, match=r"lacks .clips/"):
        import_profile(changed(exported, without=["clips/"]), tmp_path / "bob")
    exported.write_bytes(exported.read_bytes()[: exported.stat().st_size // 2])
    with pytest.raises(UserError, match="damaged"):
        import_profile(exported, tmp_path / "bob")
    assert not (tmp_path / "bob").exists()


def test_a_zip_cannot_write_elsewhere(exported, tmp_path):
    path = changed(exported, extra=[("../evil", b"x"), ("models/../../evil", b"x"), ("e", b"x")])
    import_profile(path, tmp_path / "bob")
    assert not list(tmp_path.rglob("evil"))
    assert not (tmp_path / "bob" / "e").exists()


def test_another_clip_under_the_same_name(profile, exported, tmp_path):
    one, other, *_ = (f"clips/{record.id}.npz" for record in profile.clips())
    with zipfile.ZipFile(exported) as archive:
        swapped = archive.read(other)
    path = changed(exported, without=[one], extra=[(one, swapped)])
    with pytest.raises(UserError, match="not what was exported"):
        import_profile(path, tmp_path / "bob")


def test_where_it_may_not_go(profile, exported, tmp_path):
    with pytest.raises(UserError, match="exists"):
        import_profile(exported, profile.folder)
    with pytest.raises(UserError, match=r"\.zip"):
        export_profile(profile, tmp_path / "ann.tar")


def test_a_damaged_clip_is_named_at_the_export(profile, tmp_path):
    record = profile.clips()[1]
    (profile.folder / "clips" / f"{record.id}.npz").write_bytes(b"PK")
    with pytest.raises(UserError, match=record.id):
        export_profile(profile, tmp_path / "ann.zip")
    assert not (tmp_path / "ann.zip").exists()


def test_an_export_to_where_no_folder_can_be(profile, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        export_profile(profile, tmp_path / "file" / "ann.zip")

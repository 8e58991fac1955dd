"""One damaged profile does not take the others along: it is shown, exported as it is, deleted."""

import io
import json
import os
import zipfile
from unittest.mock import patch

import pytest
from tests.support.damaged_profiles import DAMAGE, run_sql
from tests.support.used_profile import mouth, trained_model

from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import AnswerRecord, ProfileSettings


@pytest.fixture
def bo(app_state):
    """The profile of Bo, with every kind of row, beside that of Ann."""
    app_state.profiles.create(ProfileSettings(person="Ann"))
    profile = app_state.profiles.find(app_state.profiles.create(ProfileSettings(person="Bo")))
    for number, word in enumerate(("water", "bread")):
        profile.add_word(word)
        profile.add_clip(word, mouth(number), source="test")
    answer = AnswerRecord(words=("water",), probabilities=(0.9,), strategy="fusion")
    profile.add_clip("water", mouth(7), source="studio", answer=answer)
    trained_model(profile)
    return profile


def listed(page):
    answer = page.get("/api/profiles")
    assert answer.status_code == 200, answer.text
    return {each["id"]: each["damage"] for each in answer.json()}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_the_others_are_there_also_after_a_restart(
    start_app, open_page, page, bo, tmp_path, damage
):
    assert listed(page) == {"ann": None, "bo": None}
    damage(bo.folder)
    for client in (page, open_page(start_app())):
        found = listed(client)
        assert found["ann"] is None
        assert found["bo"]
        assert str(tmp_path) not in found["bo"]
        assert client.post("/api/profiles/ann/words", json={"text": "x"}).status_code in (201, 422)
        for path in ("", "/words", "/clips", "/progress", "/progress.csv", "/export"):
            answer = client.get(f"/api/profiles/bo{path}")
            assert answer.status_code in (200, 422), (path, answer.text)
            assert answer.status_code == 200 or str(tmp_path) not in answer.text
    saved = page.get("/api/profiles/bo/export", params={"as_is": True})
    assert saved.status_code == 200
    names = zipfile.ZipFile(io.BytesIO(saved.content)).namelist()
    assert len([name for name in names if name.startswith("clips/")]) == 3
    assert page.delete("/api/profiles/bo").status_code == 204
    assert listed(page) == {"ann": None}
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["ann"]


def test_an_open_profile_that_becomes_damaged_can_be_deleted(page, bo, app_state):
    assert page.get("/api/profiles/bo/training").status_code == 200
    run_sql(bo.folder, "DROP TABLE words")
    assert page.delete("/api/profiles/bo").status_code == 204
    assert listed(page) == {"ann": None}


def test_an_error_that_nobody_thought_of(page, bo):
    check = Profile.check

    def break_bo(profile):
        if profile.folder == bo.folder:
            raise RuntimeError("who would have thought")
        check(profile)

    with patch.object(Profile, "check", break_bo):
        assert listed(page) == {"ann": None, "bo": "its files cannot be read"}


def test_folders_that_somebody_made(page, bo, app_state):
    folder = app_state.profiles.folder
    odd = folder / os.fsdecode(b"z\xff")
    (folder / "ann").rename(odd)
    (folder / "日本").symlink_to(odd)
    (folder / "nowhere").symlink_to(folder / "unplugged")
    (folder / "photos").mkdir()
    (folder / "notes.txt").write_text("")
    found = listed(page)
    assert found.keys() == {"bo", r"z\xff", "日本", "nowhere"}
    assert [name for name, damage in found.items() if damage] == ["nowhere"]
    for identity in ("z%5Cxff", "日本"):
        for path in ("", "/export", "/export?as_is=true", "/progress.csv"):
            assert page.get(f"/api/profiles/{identity}{path}").status_code == 200
    assert page.delete("/api/profiles/z%5Cxff").status_code == 204
    assert listed(page).keys() == {"bo", "日本", "nowhere"}


def test_a_whole_profile_is_also_saved_as_it_is(page, bo):
    saved = page.get("/api/profiles/bo/export?as_is=true")
    assert "profile.sqlite" in zipfile.ZipFile(io.BytesIO(saved.content)).namelist()


def send_archive(page, content):
    kind = {"Content-Type": "application/zip"}
    return page.post("/api/profiles/import", content=content, headers=kind)


def test_an_import_is_refused_in_plain_words(page, bo, tmp_path):
    """Without a path of this machine, and nothing is half imported."""
    exported = io.BytesIO(page.get("/api/profiles/bo/export").content)
    with zipfile.ZipFile(exported) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    clip = next(name for name in members if name.startswith("clips/"))
    model = next(name for name in members if name.endswith("config.json"))
    content = json.loads(members["profile.json"])
    content["settings"]["person"] = "\ud800"
    for changes in (
        {"profile.json": json.dumps(content).encode()},
        {"profile.json": b'{"class": "LipreadingProfile", "\\ud800": 1, "format_version": 3}'},
        {clip: b"rubbish"},
        {model: b"{}"},
        {"profile.json": b"[" * 100_000},
    ):
        changed = io.BytesIO()
        with zipfile.ZipFile(changed, "w") as archive:
            for name, data in {**members, **changes}.items():
                archive.writestr(name, data)
        answer = send_archive(page, changed.getvalue())
        assert answer.status_code == 422
        assert answer.json()["error"].startswith("the file cannot be imported")
        assert "/" + tmp_path.parts[1] not in answer.text
    assert send_archive(page, b"rubbish").status_code == 422
    assert {path.name for path in (tmp_path / "data").iterdir()} == {"ann", "bo"}
    assert send_archive(page, exported.getvalue()).status_code == 201

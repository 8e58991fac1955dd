"""Damaged profiles: what is wrong is said, nothing is deleted, and the files can be saved."""

import contextlib
import os
import sqlite3
import tempfile
import zipfile
from pathlib import Path

import pytest
from tests.support.damaged_profiles import DAMAGE, run_sql
from tests.support.used_profile import trained_model

from videospace.lipreading.profile.archive import export_profile
from videospace.lipreading.profile.deletion import delete_profile
from videospace.lipreading.profile.learning import open_recognizer
from videospace.lipreading.profile.models import models
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage import database
from videospace.lipreading.profile.storage.damage import (
    INDEX_FILE,
    LEFT_OUT_FILE,
    UnreadableProfile,
    export_as_it_is,
    is_profile,
)
from videospace.lipreading.profile.storage.records import AnswerRecord, ProfileSettings
from videospace.runtime.errors import BusyError, UserError

NOBODY = 65534


@pytest.fixture
def used(profile, make_clip):
    """A profile with every kind of row."""
    answer = AnswerRecord(words=("water",), probabilities=(0.9,), strategy="fusion")
    profile.add_clip("bread", make_clip(9), source="studio", answer=answer)
    trained_model(profile)
    return profile


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damage_is_said_and_nothing_is_lost(used, tmp_path, damage):
    clips = {f"clips/{clip.id}.npz" for clip in used.clips()}
    damage(used.folder)
    with pytest.raises(UnreadableProfile) as caught:
        Profile(used.folder).check()
    assert str(used.folder) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in caught.value.reason
    assert export_as_it_is(used.folder, tmp_path / "files.zip") == []
    with zipfile.ZipFile(tmp_path / "files.zip") as archive:
        assert clips <= set(archive.namelist())
        assert archive.testzip() is None
    delete_profile(used.folder)
    assert not is_profile(used.folder)
    assert [path.name for path in tmp_path.iterdir()] == ["files.zip"]


def test_of_a_damaged_profile_no_file_is_taken_for_a_leftover(used):
    leftover = used.folder / "clips" / f"{'0' * 16}.npz"
    leftover.write_bytes(b"")
    run_sql(used.folder, "UPDATE words SET text = ''")
    with pytest.raises(UnreadableProfile):
        Profile(used.folder)
    assert leftover.exists()
    run_sql(used.folder, "UPDATE words SET text = key")
    Profile(used.folder)
    assert not leftover.exists()


def test_a_whole_profile_passes_the_check(used):
    used.check()
    assert is_profile(used.folder)


def test_a_file_that_another_program_locks(used, monkeypatch):
    monkeypatch.setattr(database, "_BUSY_READING_SECONDS", 0.0)
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0.0)
    with contextlib.closing(sqlite3.connect(used.folder / INDEX_FILE)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        for use in (Profile, delete_profile):
            with pytest.raises(BusyError):
                use(used.folder)
        other.execute("ROLLBACK")
    assert len(Profile(used.folder).clips()) == 4


@pytest.mark.parametrize("content", [None, b"", b"PK", b"rubbish"])
def test_a_clip_whose_file_is_missing_or_damaged_can_be_deleted(used, tmp_path, content):
    record = used.clips()[0]
    path = used.folder / "clips" / f"{record.id}.npz"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    for use in (open_recognizer, lambda profile: export_profile(profile, tmp_path / "a.zip")):
        with pytest.raises(UserError, match=record.id) as caught:
            use(used)
        assert str(tmp_path) not in str(caught.value)
    used.check()


def test_a_model_that_is_gone_is_named(used, tmp_path):
    (model,) = models(used)
    for path in (used.folder / "models" / model.id).iterdir():
        path.unlink()
    (used.folder / "models" / model.id).rmdir()
    with pytest.raises(UserError, match=model.id) as caught:
        export_profile(used, tmp_path / "a.zip")
    assert str(tmp_path) not in str(caught.value)
    assert [word.text for word in used.words()] == ["water", "bread", "yes"]


def test_what_is_no_file_is_left_out_of_an_export(used, tmp_path):
    (used.folder / "link").symlink_to(tmp_path)
    os.mkfifo(used.folder / "pipe")
    (used.folder / os.fsdecode(b"odd\xff")).write_text("odd")
    os.utime(used.folder / INDEX_FILE, (0, 0))  # before the years that a zip knows
    assert sorted(export_as_it_is(used.folder, tmp_path / "a.zip")) == ["link", "pipe"]
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.read(LEFT_OUT_FILE).decode().split() == ["link", "pipe"]
        assert archive.read("odd\\udcff") == b"odd"


def test_only_a_profile_is_exported(tmp_path):
    with pytest.raises(UserError, match=INDEX_FILE):
        export_as_it_is(tmp_path, tmp_path / "a.zip")
    assert list(tmp_path.iterdir()) == []


class TestLinks:
    @pytest.fixture
    def link(self, used, tmp_path):
        """A profile on another disk."""
        (tmp_path / "link").symlink_to(used.folder)
        return tmp_path / "link"

    def test_a_profile_behind_a_link_works(self, link, tmp_path):
        assert len(Profile(link).clips()) == 4
        export_as_it_is(link, tmp_path / "a.zip")
        assert INDEX_FILE in zipfile.ZipFile(tmp_path / "a.zip").namelist()

    @pytest.mark.parametrize("damage", [None, "rubbish", "missing"])
    def test_it_is_deleted_where_it_lies(self, used, link, tmp_path, damage):
        if damage:
            DAMAGE[damage](used.folder)
        delete_profile(link)
        assert list(tmp_path.iterdir()) == []

    def test_other_files_behind_it_stay(self, used, link):
        (used.folder / "letter.txt").write_text("Dear")
        delete_profile(link)
        assert [path.name for path in used.folder.iterdir()] == ["letter.txt"]
        assert not link.is_symlink()

    def test_a_link_to_nowhere(self, tmp_path):
        (tmp_path / "link").symlink_to(tmp_path / "unplugged")
        with pytest.raises(UnreadableProfile):
            Profile(tmp_path / "link")
        delete_profile(tmp_path / "link")
        assert list(tmp_path.iterdir()) == []


@pytest.fixture
def folder_of_nobody():
    """A folder of this user or, where that is root, of one who may not read everything."""
    with tempfile.TemporaryDirectory() as folder:
        is_root = os.geteuid() == 0
        if is_root:
            os.chown(folder, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        yield Path(folder)
        if is_root:
            os.seteuid(0)


def test_a_folder_that_cannot_be_read(folder_of_nobody, make_clip):
    profile = Profile.create(folder_of_nobody / "ann", ProfileSettings(person="Ann"))
    profile.add_word("water")
    profile.folder.chmod(0)
    with pytest.raises(UnreadableProfile):
        Profile(profile.folder)
    assert export_as_it_is(profile.folder, folder_of_nobody / "a.zip") == ["."]
    with pytest.raises(UserError):
        delete_profile(profile.folder)
    profile.folder.chmod(0o700)
    (profile.folder / INDEX_FILE).chmod(0)
    with pytest.raises(UserError):
        Profile(profile.folder)
    assert export_as_it_is(profile.folder, folder_of_nobody / "b.zip") == [INDEX_FILE]
    (profile.folder / INDEX_FILE).chmod(0o600)
    assert len(Profile(profile.folder).words()) == 1

"""Databases of older formats, built by the SQL of those formats."""

import contextlib
import sqlite3
import subprocess
from pathlib import Path

import numpy as np
import pytest

from videospace.lipreading.profile.media import keep_media, list_media, own_voice
from videospace.lipreading.profile.models import current_model, models
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.damage import INDEX_FILE
from videospace.lipreading.profile.storage.records import AnswerRecord, ProfileSettings
from videospace.lipreading.profile.storage.store import ProfileDatabase
from videospace.lipreading.profile.usage.speaking import add_said, said
from videospace.lipreading.synthesis.speech import Speech
from videospace.runtime.errors import UserError

FORMAT_1 = """
PRAGMA journal_mode = WAL;
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE words (
    key TEXT PRIMARY KEY, text TEXT NOT NULL, spoken TEXT NOT NULL, note TEXT NOT NULL,
    added TEXT NOT NULL, num_uses INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE clips (
    id TEXT PRIMARY KEY, word TEXT NOT NULL REFERENCES words(key) ON DELETE CASCADE,
    added TEXT NOT NULL, source TEXT NOT NULL, domain TEXT NOT NULL,
    num_frames INTEGER NOT NULL, fps REAL NOT NULL, problems TEXT NOT NULL
);
CREATE INDEX clips_of_word ON clips(word);
CREATE TABLE models (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, added TEXT NOT NULL, strategy TEXT NOT NULL
);
CREATE TABLE model_clips (
    model TEXT NOT NULL REFERENCES models(id) ON DELETE CASCADE, clip TEXT NOT NULL,
    PRIMARY KEY (model, clip)
);
PRAGMA application_id = 0x6C697073;
PRAGMA user_version = 1;
INSERT INTO settings VALUES ('person', '"Ann"'), ('strategy', '"dtw-normalised"');
INSERT INTO words VALUES ('water', 'Water', 'water', '', '2026-01-01T00:00:00+00:00', 1);
INSERT INTO words VALUES ('bread', 'bread', 'bread', '', '2026-01-01T00:00:00+00:00', 0);
INSERT INTO clips VALUES (
    '0000000000000001', 'water', '2026-01-02T00:00:00+00:00', 'a.mp4', 'real', 6, 25.0, '["dark"]'
);
INSERT INTO models VALUES (
    '00000000000000a1', 'encoder', '2026-01-02T00:00:00+00:00', 'pretrained'
);
INSERT INTO models VALUES ('00000000000000a2', 'recogniser', '2026-01-03T00:00:00+00:00', 'cl-r');
INSERT INTO models VALUES (
    '00000000000000a3', 'recogniser', '2026-01-04T00:00:00+00:00', 'dtw-normalised'
);
INSERT INTO model_clips VALUES ('00000000000000a3', '0000000000000001');
"""
FORMAT_2 = """
ALTER TABLE models ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
UPDATE models SET turn = rowid;
CREATE TABLE choices (
    clip TEXT PRIMARY KEY REFERENCES clips(id) ON DELETE CASCADE,
    was_known INTEGER NOT NULL, sure INTEGER NOT NULL, strategy TEXT NOT NULL, model TEXT
);
CREATE TABLE guesses (
    clip TEXT NOT NULL REFERENCES choices(clip) ON DELETE CASCADE, place INTEGER NOT NULL,
    word TEXT REFERENCES words(key) ON DELETE SET NULL, probability REAL NOT NULL,
    PRIMARY KEY (clip, place)
);
CREATE INDEX guesses_of_word ON guesses(word);
PRAGMA user_version = 2;
INSERT INTO choices VALUES ('0000000000000001', 1, 1, 'dtw-normalised', NULL);
INSERT INTO guesses VALUES ('0000000000000001', 1, 'bread', 0.7);
INSERT INTO guesses VALUES ('0000000000000001', 2, 'water', 0.3);
"""
FORMAT_3 = """
ALTER TABLE choices RENAME TO usage;
ALTER TABLE usage RENAME COLUMN sure TO confident;
ALTER TABLE guesses RENAME COLUMN place TO rank;
UPDATE models SET kind = 'recognizer' WHERE kind = 'recogniser';
UPDATE models SET strategy = 'dtw-normalized' WHERE strategy = 'dtw-normalised';
UPDATE usage SET strategy = 'dtw-normalized';
UPDATE settings SET value = '"dtw-normalized"' WHERE name = 'strategy';
PRAGMA user_version = 3;
"""
FORMATS = pytest.mark.parametrize(
    "older",
    [FORMAT_1, FORMAT_1 + FORMAT_2, FORMAT_1 + FORMAT_2 + FORMAT_3],
    ids=["1", "2", "3"],
)


def make_older(folder: Path, script: str) -> None:
    """A profile whose database an older version wrote."""
    (folder / "clips").mkdir(parents=True)
    (folder / "clips" / "0000000000000001.npz").touch()
    for model in ("a1", "a2", "a3"):
        (folder / "models" / f"00000000000000{model}").mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(folder / INDEX_FILE)) as database:
        database.executescript(script)


def query(folder: Path, statement: str) -> list[tuple]:
    with contextlib.closing(sqlite3.connect(folder / INDEX_FILE)) as database:
        return database.execute(statement).fetchall()


def schema(folder: Path) -> dict[str, str]:
    """The statement that made each table and index, whatever its line breaks."""
    rows = query(folder, "SELECT name, sql FROM sqlite_master WHERE sql NOT NULL")
    return {name: " ".join(sql.split()) for name, sql in rows}


def contents(profile: Profile) -> tuple:
    return profile.settings, profile.words(), profile.clips(), profile.usage(), models(profile)


@FORMATS
def test_an_older_database_is_read_without_being_changed(tmp_path, older):
    make_older(tmp_path / "ann", older)
    before = schema(tmp_path / "ann")
    profile = Profile(tmp_path / "ann")
    assert profile.settings == ProfileSettings(person="Ann", strategy="dtw-normalized")
    assert [(word.text, word.num_clips) for word in profile.words()] == [("Water", 1), ("bread", 0)]
    assert profile.clips()[0].problems == ("dark",)
    assert [model.kind for model in models(profile)] == ["encoder", "recognizer", "recognizer"]
    newest = current_model(profile, "recognizer")
    assert newest is not None
    assert (newest.strategy, newest.clips) == ("dtw-normalized", ("0000000000000001",))
    assert schema(tmp_path / "ann") == before
    kind = "recognizer" if older.endswith(FORMAT_3) else "recogniser"
    assert query(tmp_path / "ann", "SELECT DISTINCT kind FROM models WHERE kind LIKE 'recog%'") == [
        (kind,)
    ]


def test_the_usage_of_version_0_1(tmp_path):
    make_older(tmp_path / "ann", FORMAT_1 + FORMAT_2)
    (use,) = Profile(tmp_path / "ann").usage()
    assert (use.word, use.was_known, use.rank) == ("Water", True, 2)
    assert use.answer == AnswerRecord(
        words=("bread", "Water"),
        probabilities=(0.7, 0.3),
        confident=True,
        strategy="dtw-normalized",
    )


@FORMATS
def test_the_first_change_migrates_the_file(tmp_path, make_clip, older):
    make_older(tmp_path / "ann", older)
    profile = Profile(tmp_path / "ann")
    before = contents(profile)
    profile.change_settings(profile.settings)
    assert contents(profile) == before
    new = Profile.create(tmp_path / "new", ProfileSettings(person="Bo"))
    assert schema(profile.folder) == schema(new.folder)
    assert query(profile.folder, "PRAGMA foreign_key_check") == []
    profile.add_clip("bread", make_clip(60), source="x", answer=AnswerRecord())
    assert profile.usage()[-1].word == "bread"


def test_after_the_migration_a_deleted_clip_takes_its_usage_along(tmp_path):
    make_older(tmp_path / "ann", FORMAT_1 + FORMAT_2)
    with ProfileDatabase.writing(tmp_path / "ann") as database:
        assert database.delete_models_trained_on(["0000000000000001"]) == ["00000000000000a3"]
        assert database.delete_clip("0000000000000001")
        assert database.usage() == []
        assert database.word("water").num_uses == 0
    assert query(tmp_path / "ann", "SELECT COUNT(*) FROM guesses") == [(0,)]


@FORMATS
def test_after_the_migration_pictures_and_sayings_are_kept(tmp_path, older):
    make_older(tmp_path / "ann", older)
    profile = Profile(tmp_path / "ann")
    assert (list_media(profile), said(profile)) == ([], [])
    voice, seconds = own_voice(Speech(audio=np.full(9000, 5000, np.int16), sample_rate=22050).wav())
    record = keep_media(profile, "water", "voice", voice, seconds=seconds)
    use = add_said(profile, "1", "water")
    assert (list_media(profile), said(profile)) == ([record], [use])


@FORMATS
def test_a_change_that_fails_leaves_an_older_database_as_it_was(tmp_path, older):
    make_older(tmp_path / "ann", older)
    before = schema(tmp_path / "ann")

    def fail() -> None:
        with ProfileDatabase.writing(tmp_path / "ann"):
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        fail()
    assert schema(tmp_path / "ann") == before


def test_settings_that_are_younger_than_the_profile_have_their_defaults(profile):
    with contextlib.closing(sqlite3.connect(profile.folder / INDEX_FILE)) as database:
        database.execute("DELETE FROM settings WHERE name IN ('finder', 'phrases')")
        database.commit()
    assert profile.settings == ProfileSettings(person="Ann")


def test_settings_that_are_damaged(profile):
    with contextlib.closing(sqlite3.connect(profile.folder / INDEX_FILE)) as database:
        database.execute("UPDATE settings SET value = '{' WHERE name = 'language'")
        database.commit()
    with pytest.raises(UserError, match="damaged"):
        _ = profile.settings


@pytest.mark.smallfs
@FORMATS
def test_an_older_profile_on_a_read_only_disk_can_be_read(small_disk, older):
    make_older(small_disk / "ann", older)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    profile = Profile(small_disk / "ann")
    assert profile.word("water").text == "Water"
    assert current_model(profile, "encoder") is not None

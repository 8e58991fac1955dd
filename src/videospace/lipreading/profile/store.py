"""The database of a profile: its schema, its migrations, and every query and change.

The database is an SQLite file that survives a kill at any time. Nothing outside this module speaks
SQL: :class:`ProfileDatabase` reads and writes records.
"""

import contextlib
import dataclasses
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from videospace.lipreading.profile.records import (
    AnswerRecord,
    ClipRecord,
    ModelKind,
    ModelRecord,
    ProfileSettings,
    UsageRecord,
    WordRecord,
)
from videospace.lipreading.profile.words import checked_text, word_key
from videospace.runtime.errors import BusyError, UserError
from videospace.runtime.json_config import config_from_json

INDEX_FILE = "profile.sqlite"
"""Name of the database in the folder of a profile."""
_APPLICATION = 0x6C697073  # "lips"
_BUSY_SECONDS = 30.0

_MIGRATIONS = (
    (
        "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        """CREATE TABLE words (
            key TEXT PRIMARY KEY, text TEXT NOT NULL, spoken TEXT NOT NULL, note TEXT NOT NULL,
            added TEXT NOT NULL, num_uses INTEGER NOT NULL DEFAULT 0
        )""",
        """CREATE TABLE clips (
            id TEXT PRIMARY KEY, word TEXT NOT NULL REFERENCES words(key) ON DELETE CASCADE,
            added TEXT NOT NULL, source TEXT NOT NULL, domain TEXT NOT NULL,
            num_frames INTEGER NOT NULL, fps REAL NOT NULL, problems TEXT NOT NULL
        )""",
        "CREATE INDEX clips_of_word ON clips(word)",
        """CREATE TABLE models (
            id TEXT PRIMARY KEY, kind TEXT NOT NULL, added TEXT NOT NULL, strategy TEXT NOT NULL
        )""",
        """CREATE TABLE model_clips (
            model TEXT NOT NULL REFERENCES models(id) ON DELETE CASCADE, clip TEXT NOT NULL,
            PRIMARY KEY (model, clip)
        )""",
        f"PRAGMA application_id = {_APPLICATION}",
    ),
    (
        "ALTER TABLE models ADD COLUMN turn INTEGER NOT NULL DEFAULT 0",
        "UPDATE models SET turn = rowid",
        # The word and the time of a use are those of its clip.
        """CREATE TABLE choices (
            clip TEXT PRIMARY KEY REFERENCES clips(id) ON DELETE CASCADE,
            was_known INTEGER NOT NULL, sure INTEGER NOT NULL, strategy TEXT NOT NULL, model TEXT
        )""",
        # A guess whose word is deleted keeps its rank, so that the other ranks stay right.
        """CREATE TABLE guesses (
            clip TEXT NOT NULL REFERENCES choices(clip) ON DELETE CASCADE, place INTEGER NOT NULL,
            word TEXT REFERENCES words(key) ON DELETE SET NULL, probability REAL NOT NULL,
            PRIMARY KEY (clip, place)
        )""",
        "CREATE INDEX guesses_of_word ON guesses(word)",
    ),
    # The names that version 0.1 gave to tables, columns and values become those of today.
    (
        "ALTER TABLE choices RENAME TO usage",
        "ALTER TABLE usage RENAME COLUMN sure TO confident",
        "ALTER TABLE guesses RENAME COLUMN place TO rank",
        "UPDATE models SET kind = 'recognizer' WHERE kind = 'recogniser'",
        "UPDATE models SET strategy = 'dtw-normalized' WHERE strategy = 'dtw-normalised'",
        "UPDATE usage SET strategy = 'dtw-normalized' WHERE strategy = 'dtw-normalised'",
        """UPDATE settings SET value = '"dtw-normalized"'
            WHERE name = 'strategy' AND value = '"dtw-normalised"'""",
    ),
)
"""The statements that make each format from the one before it, beginning with an empty file."""
FORMAT_VERSION = len(_MIGRATIONS)

_WORDS = """
SELECT text, spoken, note, words.added, num_uses, COUNT(clips.id) AS num_clips
FROM words LEFT JOIN clips ON clips.word = words.key {where} GROUP BY key ORDER BY words.rowid
"""
_CLIPS = """
SELECT id, text AS word, clips.added, source, domain, num_frames, fps, problems
FROM clips JOIN words ON words.key = clips.word {where} ORDER BY clips.rowid
"""

_REFUSED = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class NoSuchWordError(UserError):
    """The profile does not have the word that was asked for."""


class ProfileDatabase:
    """The database of a profile within one transaction.

    Make one with :meth:`reading` or :meth:`writing`.

    Args:
        connection: An open connection with a transaction, in today's format.
        folder: The profile, for messages.
    """

    def __init__(self, connection: sqlite3.Connection, folder: Path):
        self._connection = connection
        self._folder = folder

    @classmethod
    def create(cls, folder: Path) -> None:
        """Make an empty database.

        Raises:
            UserError: The folder cannot be written to.
        """
        with _explained(folder), contextlib.closing(_connect(folder, "rwc")) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            _migrate(connection)
            connection.execute("COMMIT")

    @classmethod
    @contextlib.contextmanager
    def reading(cls, folder: Path) -> Iterator["ProfileDatabase"]:
        """See the database as it is now, whatever other processes write meanwhile.

        This works on a full or read-only disk, too. A database of an older format is migrated in
        memory, and its file stays as it is.

        Raises:
            UserError: The folder is not a profile, or the database is damaged or of a newer
                version.
        """
        with _explained(folder), contextlib.closing(_readable(folder)) as connection:
            connection.execute("BEGIN")
            if _format_of(connection) == FORMAT_VERSION:
                yield cls(connection, folder)
                return
            with contextlib.closing(_connection(":memory:")) as copy:
                connection.backup(copy)
                copy.execute("BEGIN")
                _migrate(copy)
                yield cls(copy, folder)

    @classmethod
    @contextlib.contextmanager
    def writing(cls, folder: Path) -> Iterator["ProfileDatabase"]:
        """Change the database: all changes of the block are made or, when it fails, none.

        There is one writer at a time. When the block ends, the changes are on the disk. A database
        of an older format is migrated first.

        Raises:
            UserError: The folder is not a profile, or the database is damaged, of a newer version,
                or cannot be written to.
        """
        with _explained(folder), contextlib.closing(_connect(folder, "rw")) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                _migrate(connection)
                yield cls(connection, folder)
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # a full disk has rolled back already
                    connection.execute("ROLLBACK")
                raise

    @classmethod
    def empty_log(cls, folder: Path) -> None:
        """Write the log of changes into the database, so that deleted data leaves the disk."""
        with _explained(folder), contextlib.closing(_connect(folder, "rw")) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def settings(self) -> ProfileSettings:
        """The settings; one that is younger than the profile has its default.

        Raises:
            UserError: They are not what a profile holds.
        """
        rows = self._connection.execute("SELECT name, value FROM settings").fetchall()
        content = {name: _from_json(value) for name, value in rows}
        content = dataclasses.asdict(ProfileSettings(person="")) | content
        return config_from_json(ProfileSettings, content, f"settings of '{self._folder}'")

    def write_settings(self, settings: ProfileSettings) -> None:
        """Replace all settings."""
        rows = [(name, json.dumps(value)) for name, value in dataclasses.asdict(settings).items()]
        self._connection.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", rows)

    def words(self) -> list[WordRecord]:
        """All words, in the order in which they were added."""
        return [WordRecord(**row) for row in self._connection.execute(_WORDS.format(where=""))]

    def word(self, text: str) -> WordRecord:
        """One word.

        Raises:
            NoSuchWordError: There is no such word.
        """
        key = word_key(checked_text(text))
        row = self._connection.execute(_WORDS.format(where="WHERE key = ?"), (key,)).fetchone()
        if row is None:
            raise NoSuchWordError(
                f"the profile has no word '{text}': 'videospace lipread info' lists its words"
            )
        return WordRecord(**row)

    def add_word(self, word: WordRecord) -> None:
        """Add a word, without clips."""
        self._connection.execute(
            "INSERT INTO words VALUES (?, ?, ?, ?, ?, ?)",
            (word_key(word.text), word.text, word.spoken, word.note, word.added, word.num_uses),
        )

    def change_word(self, text: str, *, new_text: str, spoken: str, note: str) -> None:
        """Change a word; its clips and its name in all answers follow it."""
        self._connection.execute("PRAGMA defer_foreign_keys = ON")  # until the block ends
        self._connection.execute(
            "UPDATE words SET key = ?, text = ?, spoken = ?, note = ? WHERE key = ?",
            (word_key(new_text), new_text, spoken, note, word_key(text)),
        )
        keys = (word_key(new_text), word_key(text))
        self._connection.execute("UPDATE clips SET word = ? WHERE word = ?", keys)
        self._connection.execute("UPDATE guesses SET word = ? WHERE word = ?", keys)

    def delete_word(self, text: str) -> None:
        """Delete a word, its clips, and its name in all answers."""
        self._connection.execute("DELETE FROM words WHERE key = ?", (word_key(text),))

    def clips(self, word: str | None = None) -> list[ClipRecord]:
        """The clips of a word, or all of them, in the order in which they were added."""
        if word is None:
            rows = self._connection.execute(_CLIPS.format(where=""))
        else:
            where = _CLIPS.format(where="WHERE word = ?")
            rows = self._connection.execute(where, (word_key(word),))
        return [_clip_record(row) for row in rows]

    def clip(self, identity: str) -> ClipRecord | None:
        """A clip by its id; None where there is none."""
        where = _CLIPS.format(where="WHERE id = ?")
        row = self._connection.execute(where, (identity,)).fetchone()
        return None if row is None else _clip_record(row)

    def clip_ids(self) -> set[str]:
        """The ids of all clips."""
        return {row["id"] for row in self._connection.execute("SELECT id FROM clips")}

    def add_clip(self, clip: ClipRecord) -> None:
        """Add a clip of a word that is there."""
        values = dataclasses.asdict(clip)
        values |= {"word": word_key(clip.word), "problems": json.dumps(clip.problems)}
        self._connection.execute(
            "INSERT INTO clips VALUES "
            "(:id, :word, :added, :source, :domain, :num_frames, :fps, :problems)",
            values,
        )

    def move_clip(self, identity: str, word: str) -> None:
        """Make a clip one of another word, and so its usage."""
        self._count_uses_of_clip(identity, -1)
        values = {"clip": identity, "word": word_key(word)}
        self._connection.execute("UPDATE clips SET word = :word WHERE id = :clip", values)
        self._connection.execute(
            "UPDATE usage SET was_known = EXISTS (SELECT 1 FROM clips AS earlier WHERE "
            "earlier.word = :word AND earlier.rowid < (SELECT rowid FROM clips WHERE id = :clip)) "
            "WHERE clip = :clip",
            values,
        )
        self._count_uses_of_clip(identity, 1)

    def _count_uses_of_clip(self, identity: str, number: int) -> None:
        """Add to the uses of the word of a clip, where the clip was said in use."""
        self._connection.execute(
            "UPDATE words SET num_uses = num_uses + ? WHERE key = "
            "(SELECT word FROM clips JOIN usage ON usage.clip = clips.id WHERE clips.id = ?)",
            (number, identity),
        )

    def delete_clip(self, identity: str) -> bool:
        """Delete a clip and its usage.

        Returns:
            Whether it was there.
        """
        self._count_uses_of_clip(identity, -1)
        deleted = self._connection.execute("DELETE FROM clips WHERE id = ?", (identity,))
        return deleted.rowcount > 0

    def usage(self) -> list[UsageRecord]:
        """What was said in use, oldest first."""
        guesses = defaultdict(list)
        for row in self._connection.execute(
            "SELECT clip, text, probability FROM guesses "
            "LEFT JOIN words ON words.key = guesses.word ORDER BY clip, rank"
        ):
            guesses[row["clip"]].append((row["text"], row["probability"]))
        rows = self._connection.execute(
            "SELECT usage.*, text, clips.added FROM usage JOIN clips ON clips.id = usage.clip "
            "JOIN words ON words.key = clips.word ORDER BY clips.rowid"
        )
        return [_usage_record(row, guesses[row["clip"]]) for row in rows]

    def add_usage(self, usage: UsageRecord) -> None:
        """Add the usage of a clip that is there; its word and time are those of the clip.

        A guess whose word has been deleted meanwhile loses its name.
        """
        answer = usage.answer
        self._connection.execute(
            "INSERT INTO usage VALUES (?, ?, ?, ?, ?)",
            (usage.clip, usage.was_known, answer.confident, answer.strategy, answer.model),
        )
        guesses = zip(answer.words, answer.probabilities, strict=True)
        self._connection.executemany(
            "INSERT INTO guesses VALUES (?, ?, (SELECT key FROM words WHERE key = ?), ?)",
            [
                (usage.clip, rank, None if word is None else word_key(word), probability)
                for rank, (word, probability) in enumerate(guesses, start=1)
            ],
        )

    def count_use(self, word: str) -> None:
        """Count one more use of a word."""
        key = word_key(word)
        self._connection.execute("UPDATE words SET num_uses = num_uses + 1 WHERE key = ?", (key,))

    def models(self) -> list[ModelRecord]:
        """All models, oldest first."""
        rows = self._connection.execute("SELECT * FROM models ORDER BY rowid").fetchall()
        clips = defaultdict(list)
        for row in self._connection.execute("SELECT model, clip FROM model_clips ORDER BY rowid"):
            clips[row["model"]].append(row["clip"])
        return [ModelRecord(**row, clips=tuple(clips[row["id"]])) for row in rows]

    def model_ids(self) -> set[str]:
        """The ids of all models."""
        return {row["id"] for row in self._connection.execute("SELECT id FROM models")}

    def add_model(self, model: ModelRecord) -> None:
        """Add a model."""
        self._connection.execute(
            "INSERT INTO models VALUES (?, ?, ?, ?, ?)",
            (model.id, model.kind, model.added, model.strategy, model.turn),
        )
        self._connection.executemany(
            "INSERT INTO model_clips VALUES (?, ?)", [(model.id, clip) for clip in model.clips]
        )

    def next_turn(self) -> int:
        """The turn of a model that is put to use now."""
        query = "SELECT COALESCE(MAX(turn), 0) + 1 FROM models"
        (turn,) = self._connection.execute(query).fetchone()
        return turn

    def put_model_to_use(self, identity: str) -> None:
        """Make a model the one of its kind that is in use."""
        self._connection.execute(
            "UPDATE models SET turn = ? WHERE id = ?", (self.next_turn(), identity)
        )

    def delete_oldest_models(self, kind: ModelKind, *, num_kept: int) -> list[str]:
        """Delete all models of a kind but those that were in use last.

        Returns:
            The ids of the deleted models.
        """
        rows = self._connection.execute(
            "SELECT id FROM models WHERE kind = ? ORDER BY turn DESC, rowid DESC LIMIT -1 OFFSET ?",
            (kind, num_kept),
        ).fetchall()
        return self._delete_models([row["id"] for row in rows])

    def delete_models_trained_on(self, clips: Iterable[str]) -> list[str]:
        """Delete every model that learned from one of these clips.

        Returns:
            The ids of the deleted models.
        """
        learned = {
            row["model"]
            for clip in clips
            for row in self._connection.execute(
                "SELECT model FROM model_clips WHERE clip = ?", (clip,)
            )
        }
        return self._delete_models(sorted(learned))

    def _delete_models(self, models: list[str]) -> list[str]:
        statement = "DELETE FROM models WHERE id = ?"
        self._connection.executemany(statement, [(model,) for model in models])
        return models


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UserError(
            f"the profile is damaged: expected JSON in {INDEX_FILE}, got {text!r:.80}; restore it "
            "from a copy"
        ) from error


def _clip_record(row: sqlite3.Row) -> ClipRecord:
    return ClipRecord(**{**row, "problems": tuple(_from_json(row["problems"]))})


def _usage_record(row: sqlite3.Row, guesses: list[tuple[str | None, float]]) -> UsageRecord:
    return UsageRecord(
        clip=row["clip"],
        word=row["text"],
        made=row["added"],
        was_known=bool(row["was_known"]),
        answer=AnswerRecord(
            words=tuple(word for word, _ in guesses),
            probabilities=tuple(probability for _, probability in guesses),
            confident=bool(row["confident"]),
            strategy=row["strategy"],
            model=row["model"],
        ),
    )


def _format_of(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return version


def _migrate(connection: sqlite3.Connection) -> None:
    """Within a transaction, bring a database to the format of this version."""
    version = _format_of(connection)
    if version == FORMAT_VERSION:
        return
    for statements in _MIGRATIONS[version:]:
        for statement in statements:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")


def _connect(folder: Path, mode: str, *, immutable: bool = False) -> sqlite3.Connection:
    path = folder / INDEX_FILE
    if mode != "rwc" and not path.is_file():
        raise UserError(
            f"expected a profile, but '{folder}' has no {INDEX_FILE}: "
            "make one with 'videospace lipread new'"
        )
    address = f"{path.absolute().as_uri()}?mode={mode}{'&immutable=1' if immutable else ''}"
    connection = _connection(address)
    try:
        if mode != "rwc":
            _check(connection, folder)
    except BaseException:
        connection.close()
        raise
    return connection


def _connection(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
    except BaseException:
        connection.close()
        raise
    return connection


def _readable(folder: Path) -> sqlite3.Connection:
    try:
        return _connect(folder, "rw")
    except sqlite3.Error as error:
        log = folder / f"{INDEX_FILE}-wal"
        if _code(error) not in _REFUSED or (log.exists() and log.stat().st_size):
            raise
        # Without a log the file holds everything, and reading it needs no room for a new log.
        return _connect(folder, "ro", immutable=True)


def _check(connection: sqlite3.Connection, folder: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    version = _format_of(connection)
    if application != _APPLICATION:
        raise UserError(
            f"'{folder / INDEX_FILE}' is not the database of a profile: restore it from a copy"
        )
    if version > FORMAT_VERSION:
        raise UserError(
            f"the profile '{folder}' has format {version}, and this version of videospace knows "
            f"up to {FORMAT_VERSION}: update videospace to open it"
        )


@contextlib.contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Turn what SQLite reports into plain words."""
    try:
        yield
    except sqlite3.Error as error:
        code = _code(error)
        if code == sqlite3.SQLITE_BUSY:
            raise BusyError(
                f"another process is writing to the profile '{folder}': try again"
            ) from error
        if code in _REFUSED:
            raise UserError(
                f"cannot write to the profile '{folder}': {error}; nothing of it is lost: "
                "make room on the disk, or allow writing there"
            ) from error
        if code in _DAMAGED:
            raise UserError(
                f"'{folder / INDEX_FILE}' is damaged ({error}): restore it from a copy; the clips "
                "are still in the folder 'clips'"
            ) from error
        raise


def _code(error: sqlite3.Error) -> int:
    """The primary error code, without its details."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF

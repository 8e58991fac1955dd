"""Every query and change of the database of a profile.

The database is an SQLite file that survives a kill at any time. Nothing but this module,
:mod:`videospace.lipreading.profile.storage.speaking_tables`, and
:mod:`videospace.lipreading.profile.storage.database`, which opens it, speaks SQL:
:class:`ProfileDatabase` reads and writes records.
"""

import contextlib
import dataclasses
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from videospace.lipreading.profile.storage import database
from videospace.lipreading.profile.storage.checks import MAX_WORDS, require_id
from videospace.lipreading.profile.storage.damage import UnreadableProfile
from videospace.lipreading.profile.storage.records import (
    ClipRecord,
    ModelKind,
    ModelRecord,
    ProfileSettings,
    UsageRecord,
    WordRecord,
)
from videospace.lipreading.profile.storage.speaking_tables import SpeakingTables
from videospace.lipreading.profile.words import checked_text, word_key
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message
from videospace.runtime.reading.json_config import config_from_json
from videospace.runtime.reading.json_reader import read_json

Record = TypeVar("Record")

_WORDS = """
SELECT text, spoken, note, words.added, num_uses, COUNT(clips.id) AS num_clips
FROM words LEFT JOIN clips ON clips.word = words.key {where} GROUP BY key ORDER BY words.rowid
"""
_CLIPS = """
SELECT id, text AS word, clips.added, source, domain, num_frames, fps, problems
FROM clips JOIN words ON words.key = clips.word {where} ORDER BY clips.rowid
"""


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
        database.create_database(folder)

    @classmethod
    @contextlib.contextmanager
    def reading(cls, folder: Path) -> Iterator["ProfileDatabase"]:
        """See the database as it is now, whatever other processes write meanwhile.

        This works on a full or read-only disk, too. A database of an older format is migrated in
        memory, and its file stays as it is.

        Raises:
            UserError: The folder is not a profile.
            UnreadableProfile: The database is damaged or of a newer version.
        """
        with database.reading(folder) as connection:
            yield cls(connection, folder)

    @classmethod
    @contextlib.contextmanager
    def writing(cls, folder: Path) -> Iterator["ProfileDatabase"]:
        """Change the database: all changes of the block are made or, when it fails, none.

        There is one writer at a time. When the block ends, the changes are on the disk. A database
        of an older format is migrated first.

        Raises:
            UserError: The folder is not a profile, or cannot be written to.
            UnreadableProfile: The database is damaged or of a newer version.
        """
        with database.writing(folder) as connection:
            yield cls(connection, folder)

    @classmethod
    def empty_log(cls, folder: Path) -> None:
        """Write the log of changes into the database, so that deleted data leaves the disk."""
        database.empty_log(folder)

    @property
    def speaking(self) -> SpeakingTables:
        """The tables of pictures, recordings, and what was said."""
        return SpeakingTables(self._connection, self._records)

    def check(self) -> None:
        """Read everything, and check how it hangs together.

        Raises:
            UnreadableProfile: The database is damaged.
        """
        (found,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok" or self._connection.execute("PRAGMA foreign_key_check").fetchone():
            raise UnreadableProfile(self._folder, Message("its database is damaged"))
        speaking = self.speaking
        for read in (
            self.settings, self.words, self.clips, self.usage, self.models, speaking.media,
            speaking.said,
        ):  # fmt: skip
            read()

    def settings(self) -> ProfileSettings:
        """The settings; one that is younger than the profile has its default.

        Raises:
            UnreadableProfile: They are not what a profile holds.
        """
        rows = self._connection.execute("SELECT name, value FROM settings").fetchall()
        content = {name: self._from_json(value) for name, value in rows}
        try:
            return config_from_json(ProfileSettings, content, "settings", with_defaults=True)
        except UserError as error:
            raise UnreadableProfile(
                self._folder,
                Message("its settings are damaged ({reason})", reason=str(error)),
            ) from error

    def write_settings(self, settings: ProfileSettings) -> None:
        """Replace all settings."""
        rows = [(name, json.dumps(value)) for name, value in dataclasses.asdict(settings).items()]
        self._connection.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", rows)

    def words(self) -> list[WordRecord]:
        """All words, in the order in which they were added."""
        return self._records(WordRecord, self._connection.execute(_WORDS.format(where="")))

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
        return self._records(WordRecord, [row])[0]

    def add_word(self, word: WordRecord) -> None:
        """Add a word, without clips.

        Raises:
            UserError: There are too many.
        """
        (num_words,) = self._connection.execute("SELECT COUNT(*) FROM words").fetchone()
        if num_words >= MAX_WORDS:
            raise UserError(
                Message(
                    "a profile has room for {most} words and phrases: delete some first",
                    most=MAX_WORDS,
                )
            )
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
        self.speaking.rename(text, new_text)

    def delete_word(self, text: str) -> None:
        """Delete a word with its clips, picture and own voice, and its name in what was said."""
        self.speaking.forget(text)
        self._connection.execute("DELETE FROM words WHERE key = ?", (word_key(text),))

    def clips(self, word: str | None = None) -> list[ClipRecord]:
        """The clips of a word, or all of them, in the order in which they were added."""
        if word is None:
            rows = self._connection.execute(_CLIPS.format(where=""))
        else:
            where = _CLIPS.format(where="WHERE word = ?")
            rows = self._connection.execute(where, (word_key(word),))
        return self._records(ClipRecord, map(self._clip, rows))

    def clip(self, identity: str) -> ClipRecord | None:
        """A clip by its id; None where there is none."""
        where = _CLIPS.format(where="WHERE id = ?")
        row = self._connection.execute(where, (identity,)).fetchone()
        return None if row is None else self._records(ClipRecord, [self._clip(row)])[0]

    def clip_ids(self) -> set[str]:
        """The ids of all clips."""
        return self._ids("SELECT id FROM clips")

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
            "UPDATE words SET num_uses = MAX(num_uses + ?, 0) WHERE key = "
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
        return self._records(UsageRecord, (_use(row, guesses[row["clip"]]) for row in rows))

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
        return self._records(ModelRecord, ({**row, "clips": clips[row["id"]]} for row in rows))

    def model_ids(self) -> set[str]:
        """The ids of all models."""
        return self._ids("SELECT id FROM models")

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

    def _records(
        self, kind: type[Record], rows: Iterable[Mapping[str, Any] | sqlite3.Row]
    ) -> list[Record]:
        """The records in some rows, which may hold anything."""
        try:
            return msgspec.convert([dict(row) for row in rows], list[kind], strict=True)
        except msgspec.ValidationError as error:
            raise UnreadableProfile(
                self._folder,
                Message("its database is damaged ({reason})", reason=str(error)),
            ) from error

    def _clip(self, row: sqlite3.Row) -> dict[str, Any]:
        return {**row, "problems": self._from_json(row["problems"])}

    def _ids(self, query: str) -> set[str]:
        """Ids, each of which is the name of a file."""
        found = [row["id"] for row in self._connection.execute(query)]
        try:
            for identity in found:
                require_id(str(identity), "a file")
        except UserError as error:
            raise UnreadableProfile(
                self._folder,
                Message("its database is damaged ({reason})", reason=str(error)),
            ) from error
        return set(found)

    def _from_json(self, text: object) -> Any:
        try:
            return read_json(text if isinstance(text, str) else "", "a field")
        except UserError as error:
            raise UnreadableProfile(
                self._folder, f"its database is damaged (expected JSON, got {text!r:.80})"
            ) from error


def _use(row: sqlite3.Row, guesses: list[tuple[str | None, float]]) -> dict[str, Any]:
    return {
        "clip": row["clip"],
        "word": row["text"],
        "made": row["added"],
        "was_known": _truth(row["was_known"]),
        "answer": {
            "words": [word for word, _ in guesses],
            "probabilities": [probability for _, probability in guesses],
            "confident": _truth(row["confident"]),
            "strategy": row["strategy"],
            "model": row["model"],
        },
    }


def _truth(value: object) -> object:
    """A truth value, for which SQLite has numbers; anything else stays as it is."""
    return bool(value) if value in (0, 1) else value

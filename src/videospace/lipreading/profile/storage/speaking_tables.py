"""Tables of the database of a profile about speaking: pictures, recordings, what was said."""

import dataclasses
import sqlite3
from collections.abc import Callable
from typing import Any

from videospace.lipreading.profile.storage.checks import MAX_MEDIA, MAX_SAID
from videospace.lipreading.profile.storage.records import MediaKind, MediaRecord, SaidRecord
from videospace.lipreading.profile.words import word_key
from videospace.runtime.errors import UserError


class SpeakingTables:
    """Queries and changes within one transaction.

    Args:
        connection: An open connection with a transaction, in today's format.
        records: Makes records of rows, which may hold anything.
    """

    def __init__(self, connection: sqlite3.Connection, records: Callable[..., list[Any]]):
        self._connection, self._records = connection, records

    def media(self, identity: str | None = None) -> list[MediaRecord]:
        """All pictures and recordings, or those with an id, in the order they were added in."""
        rows = self._connection.execute(
            "SELECT id, text, kind, added, seconds, length(content) AS num_bytes "
            "FROM media WHERE ?1 IS NULL OR id = ?1 ORDER BY rowid",
            (identity,),
        )
        return self._records(MediaRecord, rows)

    def content(self, record: MediaRecord) -> bytes:
        """The file of a picture or recording that is there."""
        (content,) = self._connection.execute(
            "SELECT content FROM media WHERE key = ? AND kind = ?",
            (word_key(record.text), record.kind),
        ).fetchone()
        return bytes(content)

    def write_media(self, record: MediaRecord, content: bytes) -> None:
        """Add a picture or recording, instead of the one before.

        Raises:
            UserError: There are too many.
        """
        self._require_room("media", MAX_MEDIA, "pictures and recordings")
        values = dataclasses.asdict(record) | {"key": word_key(record.text), "content": content}
        self._connection.execute(
            "INSERT OR REPLACE INTO media VALUES "
            "(:key, :kind, :id, :text, :added, :seconds, :content)",
            values,
        )

    def delete_media(self, text: str, kind: MediaKind) -> bool:
        """Delete a picture or recording.

        Returns:
            Whether it was there.
        """
        deleted = self._connection.execute(
            "DELETE FROM media WHERE key = ? AND kind = ?", (word_key(text), kind)
        )
        return deleted.rowcount > 0

    def said(self) -> list[SaidRecord]:
        """What was said, oldest first."""
        rows = self._connection.execute("SELECT id, sentence, text, made FROM said ORDER BY rowid")
        return self._records(SaidRecord, rows)

    def add_said(self, record: SaidRecord) -> None:
        """Add what was said; the oldest makes room."""
        self._connection.execute(
            "DELETE FROM said WHERE rowid <= (SELECT MAX(rowid) FROM said) - ?", (MAX_SAID - 1,)
        )
        self._connection.execute(
            "INSERT INTO said VALUES (?, ?, ?, ?, ?)",
            (record.id, record.sentence, word_key(record.text), record.text, record.made),
        )

    def delete_said(self, identity: str | None = None) -> bool:
        """Delete something that was said, or everything.

        Returns:
            Whether there was something.
        """
        deleted = self._connection.execute(
            "DELETE FROM said WHERE ?1 IS NULL OR id = ?1", (identity,)
        )
        return deleted.rowcount > 0

    def rename(self, text: str, new_text: str) -> None:
        """Follow a word that gets another text."""
        values = (word_key(new_text), new_text, word_key(text))
        # Where the new text has a picture or recording of its own, that one stays.
        self._connection.execute(
            "UPDATE OR IGNORE media SET key = ?, text = ? WHERE key = ?", values
        )
        self._connection.execute("UPDATE said SET key = ?, text = ? WHERE key = ?", values)

    def forget(self, text: str) -> None:
        """Delete everything about a word."""
        for table in ("media", "said"):
            self._connection.execute(f"DELETE FROM {table} WHERE key = ?", (word_key(text),))

    def _require_room(self, table: str, limit: int, what: str) -> None:
        (number,) = self._connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
        if number >= limit:
            raise UserError(f"a profile has room for {limit:,} {what}: delete some first")

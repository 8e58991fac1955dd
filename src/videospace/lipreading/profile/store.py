"""The index of a profile: an SQLite database that survives a kill at any moment."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from videospace.runtime.errors import BusyError, UserError

_APPLICATION = 0x6C697073  # "lips"
_BUSY_SECONDS = 30.0

_STEPS = (
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
        # When, and of which word, stands with the clip.
        """CREATE TABLE choices (
            clip TEXT PRIMARY KEY REFERENCES clips(id) ON DELETE CASCADE,
            was_known INTEGER NOT NULL, sure INTEGER NOT NULL, strategy TEXT NOT NULL, model TEXT
        )""",
        # A guess whose word is deleted keeps its place, so that right answers stay what they were.
        """CREATE TABLE guesses (
            clip TEXT NOT NULL REFERENCES choices(clip) ON DELETE CASCADE, place INTEGER NOT NULL,
            word TEXT REFERENCES words(key) ON DELETE SET NULL, probability REAL NOT NULL,
            PRIMARY KEY (clip, place)
        )""",
        "CREATE INDEX guesses_of_word ON guesses(word)",
    ),
)
"""What makes each format of the one before it, from nothing on."""
FORMAT_VERSION = len(_STEPS)

_REFUSED = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def create_index(folder: Path) -> None:
    """Make an empty index.

    Raises:
        UserError: The folder cannot be written to.
    """
    with _explained(folder), contextlib.closing(_connect(folder, "rwc")) as index:
        index.execute("PRAGMA journal_mode = WAL")
        index.execute("BEGIN IMMEDIATE")
        _upgrade(index)
        index.execute("COMMIT")


@contextlib.contextmanager
def reading(folder: Path) -> Iterator[sqlite3.Connection]:
    """See the index as it is now, whatever others write meanwhile.

    Works on a full or read-only disk, too. What is of an older format stays so: its tables may lack
    what :func:`format_of` tells.

    Raises:
        UserError: It is no profile, damaged, or of a newer version.
    """
    with _explained(folder), contextlib.closing(_readable(folder)) as index:
        index.execute("BEGIN")
        yield index


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[sqlite3.Connection]:
    """Change the index: all of the block or, when it fails, nothing. One writer at a time.

    The block has happened for good when it is left. An index of an older format is brought to this
    one first.

    Raises:
        UserError: It is no profile, damaged, of a newer version, or cannot be written to.
    """
    with _explained(folder), contextlib.closing(_connect(folder, "rw")) as index:
        index.execute("BEGIN IMMEDIATE")
        try:
            _upgrade(index)
            yield index
            index.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # a full disk has rolled back already
                index.execute("ROLLBACK")
            raise


def forget(folder: Path) -> None:
    """Write the log of changes into the index and empty it: what was deleted leaves the disk."""
    with _explained(folder), contextlib.closing(_connect(folder, "rw")) as index:
        index.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def format_of(index: sqlite3.Connection) -> int:
    """The format of an open index; at most that of this version."""
    (version,) = index.execute("PRAGMA user_version").fetchone()
    return version


def _upgrade(index: sqlite3.Connection) -> None:
    """Within a transaction, bring an index to the format of this version."""
    version = format_of(index)
    if version == FORMAT_VERSION:
        return
    for step in _STEPS[version:]:
        for statement in step:
            index.execute(statement)
    index.execute(f"PRAGMA user_version = {FORMAT_VERSION}")


def _connect(folder: Path, mode: str, *, immutable: bool = False) -> sqlite3.Connection:
    path = folder / INDEX_FILE
    if mode != "rwc" and not path.is_file():
        raise UserError(
            f"expected a profile, but '{folder}' has no {INDEX_FILE}: "
            "make one with 'videospace lipread new'"
        )
    address = f"{path.absolute().as_uri()}?mode={mode}{'&immutable=1' if immutable else ''}"
    index = sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
    try:
        index.row_factory = sqlite3.Row
        index.execute("PRAGMA foreign_keys = ON")
        index.execute("PRAGMA synchronous = FULL")
        index.execute("PRAGMA secure_delete = ON")
        index.execute("PRAGMA trusted_schema = OFF")
        if mode != "rwc":
            _check(index, folder)
    except BaseException:
        index.close()
        raise
    return index


def _readable(folder: Path) -> sqlite3.Connection:
    try:
        return _connect(folder, "rw")
    except sqlite3.Error as error:
        log = folder / f"{INDEX_FILE}-wal"
        if _code(error) not in _REFUSED or (log.exists() and log.stat().st_size):
            raise
        # Without a log the file says it all, and reading it needs no room for a new log.
        return _connect(folder, "ro", immutable=True)


def _check(index: sqlite3.Connection, folder: Path) -> None:
    (application,) = index.execute("PRAGMA application_id").fetchone()
    version = format_of(index)
    if application != _APPLICATION:
        raise UserError(f"'{folder / INDEX_FILE}' is no index of a profile: restore it from a copy")
    if version > FORMAT_VERSION:
        raise UserError(
            f"the profile '{folder}' has format {version}, and this version of videospace knows "
            f"up to {FORMAT_VERSION}: update videospace to open it"
        )


@contextlib.contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Say in plain words what SQLite reports."""
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


INDEX_FILE = "profile.sqlite"

"""The database file of a profile: its formats, how it is opened, and what is wrong with it."""

import contextlib
import functools
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from videospace.lipreading.profile.storage.damage import INDEX_FILE, UnreadableProfile, is_profile
from videospace.runtime.errors import BusyError, CannotWriteError, UserError
from videospace.runtime.messages import Message

_APPLICATION = 0x6C697073  # "lips"
_BUSY_SECONDS = 30.0
_BUSY_READING_SECONDS = 3.0
"""Reading waits for nobody but a program that locks the whole file."""

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
    (
        """CREATE TABLE media (
            key TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, text TEXT NOT NULL,
            added TEXT NOT NULL, seconds REAL NOT NULL, content BLOB NOT NULL,
            PRIMARY KEY (key, kind)
        )""",
        """CREATE TABLE said (
            id TEXT PRIMARY KEY, sentence TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL,
            made TEXT NOT NULL
        )""",
    ),
)
"""The statements that make each format from the one before it, beginning with an empty file."""
FORMAT_VERSION = len(_MIGRATIONS)

_REFUSED = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
}


def create_database(folder: Path) -> None:
    """Make an empty database.

    Raises:
        UserError: The folder cannot be written to.
    """
    with _explained(folder), contextlib.closing(_connect(folder, "rwc")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        _migrate(connection)
        connection.execute("COMMIT")


@contextlib.contextmanager
def reading(folder: Path) -> Iterator[sqlite3.Connection]:
    """Yield the database as it is now, in today's format.

    Raises:
        UserError: The folder is not a profile.
        UnreadableProfile: The database is damaged or of a newer version.
    """
    with _explained(folder), contextlib.closing(_connect_to_read(folder)) as connection:
        connection.execute("BEGIN")
        if _format_of(connection) == FORMAT_VERSION:
            _check_columns(connection, folder)
            yield connection
            return
        with contextlib.closing(_connection(":memory:")) as copy:
            connection.backup(copy)
            copy.execute("BEGIN")
            _migrate(copy)
            _check_columns(copy, folder)
            yield copy


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[sqlite3.Connection]:
    """Yield the database, and make all changes of the block or, when it fails, none.

    Raises:
        UserError: The folder is not a profile, or cannot be written to.
        UnreadableProfile: The database is damaged or of a newer version.
    """
    with _explained(folder), contextlib.closing(_connect(folder, "rw")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            _migrate(connection)
            _check_columns(connection, folder)
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # a full disk has rolled back already
                connection.execute("ROLLBACK")
            raise


def empty_log(folder: Path) -> None:
    """Write the log of changes into the database, so that deleted data leaves the disk."""
    with _explained(folder), contextlib.closing(_connect(folder, "rw")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


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


def _connect(
    folder: Path, mode: str, *, immutable: bool = False, writes: bool = True
) -> sqlite3.Connection:
    path = folder / INDEX_FILE
    if mode != "rwc":
        _require_file(path)
    address = f"{path.absolute().as_uri()}?mode={mode}{'&immutable=1' if immutable else ''}"
    connection = _connection(
        address, busy_seconds=_BUSY_SECONDS if writes else _BUSY_READING_SECONDS
    )
    try:
        if mode != "rwc":
            _check(connection, folder)
    except BaseException:
        connection.close()
        raise
    return connection


def _require_file(path: Path) -> None:
    folder = path.parent
    try:
        is_file = path.is_file()
    except OSError as error:
        raise UnreadableProfile(
            folder, f"its folder cannot be read ({error.strerror})", "allow reading it"
        ) from error
    if not is_file and is_profile(folder):
        raise UnreadableProfile(folder, Message("its database is missing"))
    if not is_file:
        raise UserError(
            f"expected a profile, but '{folder}' has no {INDEX_FILE}: "
            "make one with 'videospace lipread new'"
        )


def _connection(address: str, *, busy_seconds: float = _BUSY_SECONDS) -> sqlite3.Connection:
    connection = sqlite3.connect(address, uri=True, timeout=busy_seconds, isolation_level=None)
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


def _connect_to_read(folder: Path) -> sqlite3.Connection:
    try:
        return _connect(folder, "rw", writes=False)
    except sqlite3.Error as error:
        log = folder / f"{INDEX_FILE}-wal"
        if _code(error) not in _REFUSED or (log.exists() and log.stat().st_size):
            raise
        # Without a log the file holds everything, and reading it needs no room for a new log.
        return _connect(folder, "ro", immutable=True, writes=False)


def _check(connection: sqlite3.Connection, folder: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    version = _format_of(connection)
    if application != _APPLICATION or version < 1:
        raise UnreadableProfile(
            folder, Message("its database is damaged (it is that of something else)")
        )
    if version > FORMAT_VERSION:
        raise UnreadableProfile(
            folder,
            Message(
                "it has format {version}, and this version of videospace knows up to {known}",
                version=version,
                known=FORMAT_VERSION,
            ),
            "update videospace to open it",
        )
    own = "SELECT 1 FROM sqlite_master WHERE type NOT IN ('table', 'index')"
    if connection.execute(own).fetchone():  # a trigger may never end
        raise UnreadableProfile(folder, "its database is damaged (it has triggers or views)")


@functools.cache
def _expected_columns() -> frozenset[tuple[str, str]]:
    with contextlib.closing(_connection(":memory:")) as connection:
        _migrate(connection)
        return _columns(connection)


def _columns(connection: sqlite3.Connection) -> frozenset[tuple[str, str]]:
    """The columns, each with its table."""
    rows = connection.execute(
        "SELECT tables.name, columns.name FROM sqlite_master AS tables "
        "JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'"
    )
    return frozenset(map(tuple, rows))


def _check_columns(connection: sqlite3.Connection, folder: Path) -> None:
    if missing := _expected_columns() - _columns(connection):
        reason = f"it lacks the {' '.join(min(missing))}"
        raise UnreadableProfile(
            folder, Message("its database is damaged ({reason})", reason=reason)
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
            raise CannotWriteError(
                f"cannot write to the profile '{folder}': {error}; nothing of it is lost: "
                "make room on the disk, or allow writing there"
            ) from error
        raise UnreadableProfile(
            folder, Message("its database is damaged ({reason})", reason=str(error))
        ) from error
    except (UnicodeDecodeError, OverflowError) as error:  # of the sqlite3 module, in a message
        raise UnreadableProfile(folder, Message("its database is damaged")) from error


def _code(error: sqlite3.Error) -> int:
    """The primary error code, without its details."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF

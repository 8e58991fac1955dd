"""Ways in which the database of a profile can be damaged."""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

from videospace.lipreading.profile.storage.damage import INDEX_FILE

RUBBISH = b"rubbish" * 1000


def run_sql(folder: Path, script: str) -> None:
    """Change a database, whatever its constraints say."""
    with contextlib.closing(sqlite3.connect(folder / INDEX_FILE)) as database:
        database.execute("PRAGMA foreign_keys = OFF")
        database.execute("PRAGMA ignore_check_constraints = ON")
        database.executescript(script)
        database.commit()


def _sql(script: str) -> Callable[[Path], None]:
    return lambda folder: run_sql(folder, script)


def _setting(name: str, value: str) -> Callable[[Path], None]:
    return _sql(f"UPDATE settings SET value = '{value}' WHERE name = '{name}'")


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        run_sql(folder, "PRAGMA wal_checkpoint(TRUNCATE)")
        path = folder / INDEX_FILE
        path.write_bytes(change(path.read_bytes()))

    return damage


def _missing(folder: Path) -> None:
    for path in folder.glob(f"{INDEX_FILE}*"):
        path.unlink()


def _folder_in_its_place(folder: Path) -> None:
    _missing(folder)
    (folder / INDEX_FILE).mkdir()


def _other_database(folder: Path) -> None:
    _missing(folder)
    run_sql(folder, "CREATE TABLE bookmarks (address TEXT)")


DAMAGE: dict[str, Callable[[Path], None]] = {
    "missing": _missing,
    "a folder in its place": _folder_in_its_place,
    "the database of another program": _other_database,
    "a trigger that never ends": _sql(
        "CREATE TRIGGER endless AFTER INSERT ON words BEGIN SELECT (WITH RECURSIVE numbers(n) AS "
        "(SELECT 1 UNION ALL SELECT n + 1 FROM numbers) SELECT count(*) FROM numbers); END"
    ),
    "a view": _sql("CREATE VIEW more AS SELECT * FROM words"),
    "zero bytes": _bytes(lambda _: b""),
    "the first half": _bytes(lambda content: content[: len(content) // 2]),
    "a few bytes": _bytes(lambda content: content[:100]),
    "rubbish": _bytes(lambda _: RUBBISH),
    "rubbish in the middle": _bytes(
        lambda content: content[:4096] + RUBBISH + content[4096 + len(RUBBISH) :]
    ),
    "a newer format": _sql("PRAGMA user_version = 99"),
    "no format": _sql("PRAGMA user_version = -1"),
    "an older format than it has": _sql("PRAGMA user_version = 1"),
    **{
        f"no table of {name}": _sql(f"DROP TABLE {name}")
        for name in ("settings", "words", "clips", "usage", "guesses", "models", "model_clips")
    },
    "no notes": _sql("ALTER TABLE words DROP COLUMN note"),
    "a text for a number": _sql("UPDATE words SET num_uses = 'many'"),
    "a large number": _sql("UPDATE clips SET num_frames = 9000000000000000000"),
    "bytes for a text": _sql("UPDATE clips SET source = x'ff00'"),
    "bytes for an id": _sql("UPDATE clips SET id = CAST(id AS BLOB)"),
    "nothing for a text": _sql(
        "CREATE TABLE other AS SELECT * FROM words; DROP TABLE words; "
        "ALTER TABLE other RENAME TO words; UPDATE words SET text = NULL"
    ),
    "a word that is half a character": _sql("UPDATE words SET text = CAST(x'eda080' AS TEXT)"),
    "an empty word": _sql("UPDATE words SET text = ''"),
    "a word that rings": _sql("UPDATE words SET text = 'wa' || char(7)"),
    "a long word": _sql("UPDATE words SET text = printf('%.101c', 'a')"),
    "no finite rate": _sql("UPDATE clips SET fps = 9e999"),
    "an id that climbs": _sql("UPDATE clips SET id = '../../x' WHERE rowid = 1"),
    "no time": _sql("UPDATE words SET added = 'yesterday'"),
    "a time before all": _sql("UPDATE clips SET added = '0001-01-01T00:00:00+00:00'"),
    "no such domain": _sql("UPDATE clips SET domain = 'dream'"),
    "problems that are no JSON": _sql("UPDATE clips SET problems = '{'"),
    "problems that are no list": _sql("UPDATE clips SET problems = '\"dark\"'"),
    "a clip of no word": _sql("UPDATE clips SET word = 'nobody' WHERE rowid = 1"),
    "settings that are no JSON": _setting("language", "{"),
    "settings of another kind": _setting("prior", "[1]"),
    "settings that are deep": _setting("person", "[" * 100_000),
    "settings beyond numbers": _setting("prior", "1e999"),
    "an unknown strategy": _setting("strategy", '"magic"'),
    "a language that climbs": _setting("language", '"../../x"'),
    "half a character in a name": _setting("person", '"\\ud800"'),
    "a bell in a name": _setting("person", '"A\\u0007"'),
    "too many phrases": _setting("phrases", '"' + "a\\n" * 301 + '"'),
    "nobody": _sql("DELETE FROM settings WHERE name = 'person'"),
    "an answer beyond certain": _sql("UPDATE guesses SET probability = 7"),
    "an answer half known": _sql("UPDATE usage SET was_known = 2"),
}
"""What can be wrong with the database of a profile that has words, clips, a use and a model."""

"""What is known about the clips of a space: labels and scores, from a file in its folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message
from videospace.runtime.reading.bounded_file import read_file
from videospace.runtime.reading.json_reader import read_json

TABLE_FILE = "clips.json"
"""As ``videospace evaluate SPACE STORE --json SPACE/clips.json`` writes it, or by hand:
``{"clips": {"ID": {"person": "Ann", "psnr_db": 31.5}}}``."""
MAX_COLUMNS = 12
MAX_TEXT = 100
MAX_TABLE_BYTES = 2**24

Value = str | float


class ClipTable(NamedTuple):
    """Labels and scores of clips, or why they cannot be used."""

    rows_by_id: dict[str, dict[str, Value]]
    problem: str = ""
    """Empty where there is none."""


def read_clip_table(folder: Path, ids: Sequence[str]) -> dict[str, dict[str, Value]]:
    """The labels and scores of a space's clips, by id; empty where the folder has no table.

    Args:
        folder: Of the space.
        ids: Its clips; the rest of the table is ignored.

    Raises:
        UserError: The file cannot be read, or has another form.
    """
    path = folder / TABLE_FILE
    if not path.exists():
        return {}
    encoded = read_file(path, max_bytes=MAX_TABLE_BYTES, where=TABLE_FILE)
    content = read_json(encoded, TABLE_FILE, max_bytes=MAX_TABLE_BYTES)
    clips = content.get("clips") if isinstance(content, dict) else None
    if not isinstance(clips, dict):
        raise UserError(
            Message(
                "expected {file} in the folder of the space to hold an object 'clips', "
                "with labels and scores for each clip id",
                file=TABLE_FILE,
            )
        )
    rows = {identity: _row(identity, clips[identity]) for identity in ids if identity in clips}
    columns = {column for row in rows.values() for column in row}
    if len(columns) > MAX_COLUMNS:
        raise UserError(
            Message(
                "expected {file} with at most {most} columns, got {count}",
                file=TABLE_FILE,
                most=MAX_COLUMNS,
                count=len(columns),
            )
        )
    return rows


def _row(identity: str, row: Any) -> dict[str, Value]:
    """The known values of a clip; null stands for an unknown one."""
    if not isinstance(row, Mapping):
        raise UserError(
            Message(
                "expected labels and scores for the clip '{clip}' in {file}",
                clip=identity,
                file=TABLE_FILE,
            )
        )
    values = {name: value for name, value in row.items() if value is not None}
    for name, value in values.items():
        is_text = isinstance(value, str) and 0 < len(value) <= MAX_TEXT
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not 0 < len(name) <= MAX_TEXT or not (is_text or is_number):
            raise UserError(
                Message(
                    "expected a text of at most {most} characters or a number for '{column}' of "
                    "the clip '{clip}' in {file}",
                    most=MAX_TEXT,
                    column=name[:MAX_TEXT],
                    clip=identity,
                    file=TABLE_FILE,
                )
            )
    return {name: float(v) if isinstance(v, int) else v for name, v in values.items()}

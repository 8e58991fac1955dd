"""What is known about the clips of a space: labels and scores, from a file in its folder."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from videospace.runtime.errors import UserError

TABLE_FILE = "clips.json"
"""As ``videospace evaluate SPACE STORE --json SPACE/clips.json`` writes it, or by hand:
``{"clips": {"ID": {"person": "Ann", "psnr_db": 31.5}}}``."""
MAX_COLUMNS = 12
MAX_TEXT = 100
MAX_TABLE_BYTES = 64 * 2**20

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
    if not path.is_file():
        return {}
    try:
        if path.stat().st_size > MAX_TABLE_BYTES:
            raise UserError(f"expected {TABLE_FILE} of at most {MAX_TABLE_BYTES >> 20} MiB")
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{TABLE_FILE} in the folder of the space cannot be read") from error
    clips = content.get("clips") if isinstance(content, dict) else None
    if not isinstance(clips, dict):
        raise UserError(
            f"expected {TABLE_FILE} in the folder of the space to hold an object 'clips', "
            "with labels and scores for each clip id"
        )
    rows = {identity: _row(identity, clips[identity]) for identity in ids if identity in clips}
    columns = {column for row in rows.values() for column in row}
    if len(columns) > MAX_COLUMNS:
        raise UserError(
            f"expected {TABLE_FILE} with at most {MAX_COLUMNS} columns, got {len(columns)}"
        )
    return rows


def _row(identity: str, row: Any) -> dict[str, Value]:
    """The known values of a clip; null stands for an unknown one."""
    if not isinstance(row, Mapping):
        raise UserError(f"expected labels and scores for clip '{identity}' in {TABLE_FILE}")
    values = {name: value for name, value in row.items() if value is not None}
    for name, value in values.items():
        is_text = isinstance(value, str) and 0 < len(value) <= MAX_TEXT
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not 0 < len(name) <= MAX_TEXT or not (is_text or (is_number and _is_finite(value))):
            raise UserError(
                f"expected a text of at most {MAX_TEXT} characters or a finite number for "
                f"'{name[:MAX_TEXT]}' of clip '{identity}' in {TABLE_FILE}"
            )
    return {name: float(v) if isinstance(v, int) else v for name, v in values.items()}


def _is_finite(value: int | float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float can hold
        return False

"""Files with one JSON object a line, which survive an interrupted write."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from videospace.runtime.errors import UserError
from videospace.runtime.files import cannot_write, cut_on_error
from videospace.runtime.reading.bounded_file import complete_lines
from videospace.runtime.reading.json_reader import read_json


def read_json_lines(path: Path) -> tuple[list[dict[str, Any]], int]:
    """Read all complete lines of a file.

    A last line without a newline is left from an interrupted write and is ignored. A file that
    does not exist counts as empty.

    Returns:
        The objects, and the number of bytes up to the end of the last complete line.

    Raises:
        UserError: The file cannot be read, or a complete line is no JSON object.
    """
    objects, num_bytes = [], 0
    if not path.exists():
        return objects, num_bytes
    for number, line in enumerate(complete_lines(path), start=1):
        num_bytes += len(line)
        try:
            value = read_json(line, f"line {number} of {path}")
        except UserError:
            value = None
        if not isinstance(value, dict):
            raise UserError(f"expected a JSON object in line {number} of {path}, got {line[:40]!r}")
        objects.append(value)
    return objects, num_bytes


def has_more_lines(path: Path, num_bytes: int) -> bool:
    """Whether the file has a complete line after its first ``num_bytes``."""
    if not path.exists():
        return num_bytes > 0
    with open(path, "rb") as file:
        file.seek(num_bytes)
        return b"\n" in file.read()


def append_json_lines(path: Path, objects: Iterable[dict[str, Any]], *, num_bytes: int) -> int:
    """Write lines after the first ``num_bytes`` of a file, and wait until they are on the disk.

    Args:
        path: The file; made if it does not exist.
        objects: One object for each line. If they cannot all be written, none stays.
        num_bytes: Length to keep, from `read_json_lines`; the file is truncated there.

    Returns:
        The new length in bytes.

    Raises:
        UserError: The file cannot be written.
    """
    lines = "".join(json.dumps(item) + "\n" for item in objects).encode()
    try:
        with cut_on_error(path, num_bytes), open(path, "ab") as file:
            file.truncate(num_bytes)
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise cannot_write(path, error) from error
    return num_bytes + len(lines)

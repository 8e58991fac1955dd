"""Files with one JSON object a line that survive an interrupted write."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from videospace.runtime.errors import UserError
from videospace.runtime.files import cannot_write


def read_json_lines(path: Path) -> tuple[list[dict[str, Any]], int]:
    """Read every finished line of a file.

    A last line without its newline was cut short by an interrupt and is left out.

    Returns:
        The objects, and the number of bytes up to the end of the last finished line. A file
        that does not exist counts as empty.

    Raises:
        UserError: When the file cannot be read, or a finished line is no JSON object.
    """
    try:
        data = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    num_bytes = data.rfind(b"\n") + 1
    objects = []
    for number, line in enumerate(data[:num_bytes].splitlines(), start=1):
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise UserError(f"expected a JSON object in line {number} of {path}, got {line[:40]!r}")
        objects.append(value)
    return objects, num_bytes


def has_more_lines(path: Path, num_bytes: int) -> bool:
    """Whether somebody has added a finished line behind the first ``num_bytes``."""
    if not path.exists():
        return num_bytes > 0
    with open(path, "rb") as file:
        file.seek(num_bytes)
        return b"\n" in file.read()


def append_json_lines(path: Path, objects: Iterable[dict[str, Any]], *, num_bytes: int) -> int:
    """Add lines after the first ``num_bytes`` of a file and wait until the disk has them.

    Args:
        path: The file; made when it does not exist.
        objects: One a line.
        num_bytes: Length to keep, as `read_json_lines` told it. What lies behind goes.

    Returns:
        The new length in bytes.

    Raises:
        UserError: When the system refuses.
    """
    lines = "".join(json.dumps(item) + "\n" for item in objects).encode()
    try:
        with open(path, "ab") as file:
            file.truncate(num_bytes)
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise cannot_write(path, error) from error
    return num_bytes + len(lines)

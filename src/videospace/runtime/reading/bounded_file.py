"""Read files of unknown origin, which may be endless or no files at all."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from videospace.runtime.errors import UserError

MAX_LINE_BYTES = 1 << 20


def read_file(path: Path, *, max_bytes: int, where: str = "") -> bytes:
    """Read a whole file.

    Args:
        path: The file.
        max_bytes: The largest file.
        where: What messages call it; empty for its path.

    Raises:
        UserError: There is none, it is larger or cannot be read, or it is something else, such as
            a pipe that nobody writes to.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.txt"
        >>> _ = path.write_text("hello")
        >>> read_file(path, max_bytes=10)
        b'hello'
    """
    where = where or f"'{path}'"
    try:
        with _opened(path, where) as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise UserError(f"cannot read {where}: {error.strerror or error}") from error
    if len(content) > max_bytes:
        raise UserError(f"expected at most {max_bytes:,} bytes in {where}, got more")
    return content


def complete_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, which need no memory together.

    A last line without a line break is left from an interrupted write, and is left out.

    Args:
        path: The file.

    Yields:
        The lines with their line breaks.

    Raises:
        UserError: There is no such file, it cannot be read or is something else, or a line has
            more than a mebibyte.
    """
    try:
        with _opened(path, f"'{path}'") as file:
            number = 0
            while line := file.readline(MAX_LINE_BYTES):
                number += 1
                if line.endswith(b"\n"):
                    yield line
                elif len(line) == MAX_LINE_BYTES:
                    raise UserError(
                        f"expected at most {MAX_LINE_BYTES:,} bytes in line {number} of '{path}'"
                    )
    except OSError as error:
        raise UserError(f"cannot read '{path}': {error.strerror or error}") from error


def _opened(path: Path, where: str) -> IO[bytes]:
    """Open a file; a pipe or a device could keep its reader waiting for ever."""
    if not path.exists():
        raise UserError(f"expected the file {where}, but it does not exist")
    if not (path.is_file() or path.is_dir()):  # opening a folder fails by itself
        raise UserError(f"expected the file {where}, got a pipe or a device")
    return open(path, "rb")

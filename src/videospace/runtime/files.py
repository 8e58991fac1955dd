"""Atomic writes, and locks that let one process at a time use a folder."""

import contextlib
import os
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

import filelock

from videospace.runtime.errors import CannotWriteError, UserError


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Write to a temporary file that replaces ``path`` if the block ends without an error.

    A reader of ``path`` finds the old content or the new one, even after a kill or on a full disk.
    The temporary file lies in the same folder as ``.STEM.DIGITS.part``, with the same suffix.

    Args:
        path: The file to write.

    Yields:
        The temporary file, which the block must write.

    Raises:
        UserError: The disk is full, or the folder cannot be written to.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "scores.json"
        >>> with atomic_write(path) as temporary:
        ...     _ = temporary.write_text("{}")
        >>> path.read_text()
        '{}'
    """
    temporary = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}.part{path.suffix}")
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def cut_on_error(path: Path, num_bytes: int) -> Iterator[None]:
    """If the block fails, cut a file that it appends to after the first ``num_bytes``.

    Args:
        path: The file; removed if no byte stays.
        num_bytes: Length to keep.
    """
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):  # it is not there
            if num_bytes:
                os.truncate(path, num_bytes)
            else:
                path.unlink()
        raise


def cannot_write(path: Path, error: OSError) -> CannotWriteError:
    """The error to raise for a file or folder that cannot be written."""
    return CannotWriteError(
        f"cannot write '{path}': {error.strerror or error}; "
        "choose a folder you may write to, with space left"
    )


MEDIA_SUFFIXES = (".mp4", ".webm", ".gif", ".png", ".npy")
"""What may be written again into the folder of a space or store, which does not read it."""


def check_output(out: Path, inputs: Iterable[Path]) -> None:
    """Refuse, before any work, an output that would replace an input or cannot be written.

    Args:
        out: File or folder to be written.
        inputs: Files and folders that are read; what does not exist is passed over.

    Raises:
        UserError: The output is an input under this or another name, a frame in a folder that is
            read, or lies in a folder that cannot be written to.
    """
    for path in inputs:
        # A file in a folder that is read, or a file that is read in the folder to be written.
        inside = path / out.name
        is_part = _is_same(inside, out) and out.suffix.lower() not in MEDIA_SUFFIXES
        is_frame = _is_same(inside, out) and out.suffix.lower() == ".png"
        is_below = path.is_file() and _is_same(path.parent, out)
        if _is_same(path, out) or is_part or is_frame or is_below:
            raise UserError(f"'{out}' is an input, or holds one: choose another output")
    parent = out.absolute().parent
    while not os.path.lexists(parent):
        parent = parent.parent
    try:
        with tempfile.TemporaryFile(dir=parent):
            pass
    except OSError as error:
        raise cannot_write(out, error) from error


def _is_same(path: Path, other: Path) -> bool:
    try:
        return os.path.samefile(path, other)
    except (OSError, ValueError):  # one of them is not there
        return False


@contextlib.contextmanager
def folder_lock(folder: Path, name: str = ".lock") -> Iterator[None]:
    """Lock a folder for this process; the system releases the lock when the process ends.

    Args:
        folder: The folder; made if it does not exist.
        name: The lock file in it. Locks with different names are independent.

    Raises:
        UserError: Another process holds the lock, or the folder cannot be written to.
    """
    lock = filelock.FileLock(folder / name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise UserError(
            f"another process is using '{folder}': wait for it to end, stop it, "
            "or choose another folder"
        ) from error
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        yield
    finally:
        lock.release()

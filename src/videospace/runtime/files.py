"""Atomic writes, and locks that let one process at a time use a folder."""

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import filelock

from videospace.runtime.errors import UserError


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


def cannot_write(path: Path, error: OSError) -> UserError:
    """The error to raise for a file or folder that cannot be written."""
    return UserError(
        f"cannot write '{path}': {error.strerror or error}; "
        "choose a folder you may write to, with space left"
    )


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

"""Files that are written whole or not at all, and folders that one process holds."""

import contextlib
import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

from videospace.runtime.errors import UserError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Write to a temporary path that takes the real name only when the block ends well.

    Whoever opens ``path`` sees the old content or the new one, also after a kill or on a full
    disk. The temporary file lies beside it as ``.STEM.DIGITS.part`` with the same suffix.

    Args:
        path: The file to write.

    Yields:
        Where to write.

    Raises:
        UserError: The system refuses, for want of space or of permission.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "scores.json"
        >>> with written_whole(path) as unfinished:
        ...     _ = unfinished.write_text("{}")
        >>> path.read_text()
        '{}'
    """
    unfinished = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:8]}.part{path.suffix}")
    try:
        yield unfinished
        with open(unfinished, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)


def cannot_write(path: Path, error: OSError) -> UserError:
    """The error for a file or folder that the system does not let us write."""
    return UserError(
        f"cannot write '{path}': {error.strerror or error}; "
        "choose a folder you may write to, with space left"
    )


@contextlib.contextmanager
def folder_held(folder: Path, name: str = ".lock") -> Iterator[None]:
    """Hold a folder for this process; the system lets go of it however the process ends.

    Args:
        folder: Made where it does not exist.
        name: Of the file that stands for the claim; claims of different names do not collide.

    Raises:
        UserError: Another process holds it, or nothing can be written there.
    """
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = open(path, "a+b")  # noqa: SIM115 (closed by the with below)
    except OSError as error:
        raise cannot_write(folder, error) from error
    with file:
        try:
            if sys.platform == "win32":
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UserError(
                f"another process is using '{folder}': wait for it to end, stop it, "
                "or choose another folder"
            ) from error
        yield

"""Temporary folders that do not outlive the studio, even if it is killed."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from videospace.lipreading.profile.storage.folder import DELETED, TRAINING_LOCK, UNFINISHED
from videospace.runtime.errors import UserError
from videospace.runtime.files import cannot_write, folder_lock

_LOCK = ".lock"


@contextlib.contextmanager
def temp_dir(parent: Path) -> Iterator[Path]:
    """Create a hidden folder inside another one, and remove it at the end of the block.

    If the process is killed, :func:`remove_leftovers` removes the folder later.

    Raises:
        UserError: The folder cannot be created.

    Example:
        >>> import tempfile
        >>> parent = Path(tempfile.mkdtemp())
        >>> with temp_dir(parent) as folder:
        ...     len(list(parent.iterdir()))
        1
        >>> list(parent.iterdir())
        []
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=parent))
    except OSError as error:
        raise cannot_write(parent, error) from error
    try:
        with folder_lock(folder, _LOCK):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def private_temp_files(parent: Path) -> Iterator[None]:
    """Put all temporary files of this process into a temporary folder inside another folder.

    Recordings of a person are as private as the profile. In the system's temporary folder, others
    could find them, especially after the studio was killed.

    Raises:
        UserError: The folder cannot be created.
    """
    before = tempfile.tempdir
    with temp_dir(parent) as folder:
        tempfile.tempdir = str(folder)
        try:
            yield
        finally:
            tempfile.tempdir = before


def remove_leftovers(parent: Path) -> None:
    """Remove the temporary folders and half-deleted profiles that killed processes left behind.

    Folders that a running process holds stay.
    """
    leftovers = [(path, _LOCK) for path in parent.glob(f"{UNFINISHED}*")]
    leftovers += [(path, TRAINING_LOCK) for path in parent.glob(f"{DELETED}*")]
    for path, lock in leftovers:
        with contextlib.suppress(UserError):  # another process holds it
            with folder_lock(path, lock):
                pass
            shutil.rmtree(path, ignore_errors=True)

"""Folders for what is not finished, which do not outlive the studio, however it ends."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from videospace.lipreading.profile.folder import DELETED, TRAINING_LOCK, UNFINISHED
from videospace.runtime.errors import UserError
from videospace.runtime.files import cannot_write, folder_lock

_LOCK = ".lock"


@contextlib.contextmanager
def unfinished_folder(parent: Path) -> Iterator[Path]:
    """A hidden folder inside another, removed at the end of the block.

    What a kill leaves of it, :func:`sweep_unfinished` removes.

    Raises:
        UserError: It cannot be made.

    Example:
        >>> import tempfile
        >>> parent = Path(tempfile.mkdtemp())
        >>> with unfinished_folder(parent) as folder:
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
def private_temporary_files(parent: Path) -> Iterator[None]:
    """Let all temporary files of this process lie in an unfinished folder.

    Films of a person are as private as the profile: whoever may not read the one must not find the
    other in the system's folder, least of all after a kill.

    Raises:
        UserError: The folder cannot be made.
    """
    before = tempfile.tempdir
    with unfinished_folder(parent) as folder:
        tempfile.tempdir = str(folder)
        try:
            yield
        finally:
            tempfile.tempdir = before


def sweep_unfinished(parent: Path) -> None:
    """Remove what killed processes left inside a folder: unfinished things, and deleted profiles.

    What another process is at work on stays.
    """
    leftovers = [(path, _LOCK) for path in parent.glob(f"{UNFINISHED}*")]
    leftovers += [(path, TRAINING_LOCK) for path in parent.glob(f"{DELETED}*")]
    for path, lock in leftovers:
        with contextlib.suppress(UserError):  # somebody holds it
            with folder_lock(path, lock):
                pass
            shutil.rmtree(path, ignore_errors=True)

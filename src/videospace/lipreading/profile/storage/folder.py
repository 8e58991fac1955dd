"""The folder of a profile: its layout, how it is made, and the cleanup after an interruption."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from videospace.lipreading.profile.storage.clip_files import sync_folder
from videospace.lipreading.profile.storage.damage import CLIPS, MODELS
from videospace.lipreading.profile.storage.store import ProfileDatabase
from videospace.runtime.errors import UserError
from videospace.runtime.files import cannot_write, folder_lock

UNFINISHED = ".unfinished-"
"""Prefix of the name of a model that is being trained."""
DELETED = ".deleted-"
"""Prefix of the name of a profile that is being deleted."""
TRAINING_LOCK = ".training"
"""Lock file of the process that trains."""


def clip_path(folder: Path, identity: str) -> Path:
    """The file of a clip."""
    return folder / CLIPS / f"{identity}.npz"


def model_path(folder: Path, identity: str) -> Path:
    """The folder of a model."""
    return folder / MODELS / identity


def clean_up(folder: Path) -> None:
    """Remove the files of clips and models that the database of a profile does not know.

    A call that was killed before it returned leaves such files: of a clip that was not acknowledged
    yet, or of one that was being deleted.

    Args:
        folder: The profile.

    Raises:
        UserError: A file cannot be deleted, or the profile is damaged; every file stays then.
    """
    if not any(_leftovers(folder)):
        return
    with ProfileDatabase.writing(folder) as database:  # no call is between a file and its row now
        database.check()  # a damaged one may have lost the row of a file that is needed
        for path in list(_leftovers(folder)):
            remove(path)


def remove(path: Path) -> None:
    """Delete a file or a folder.

    Raises:
        UserError: It cannot be deleted.
    """
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def _leftovers(folder: Path) -> Iterator[Path]:
    with ProfileDatabase.reading(folder) as database:
        known = {f"{clip}.npz" for clip in database.clip_ids()} | database.model_ids()
    unfinished = []
    for path in (*(folder / CLIPS).glob("*"), *(folder / MODELS).glob("*")):
        if path.name.startswith(UNFINISHED):
            unfinished.append(path)
        elif path.name not in known:
            yield path
    if unfinished and not _is_training(folder):
        yield from unfinished


def _is_training(folder: Path) -> bool:
    try:
        with folder_lock(folder, TRAINING_LOCK):
            return False
    except UserError:
        return True


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Yield a folder to fill, which gets its name when the block ends without an error.

    Until then nothing has that name. Only the owner may read the folder.

    Raises:
        UserError: The name is taken, or the folder cannot be written.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UserError(
            f"expected a new folder for the profile, but '{folder}' exists: choose another name"
        )
    parent = folder.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=".new-", dir=parent))
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        for name in (CLIPS, MODELS):
            (unfinished / name).mkdir()
        yield unfinished
        os.replace(unfinished, folder)
        sync_folder(parent)
    except OSError as error:
        raise cannot_write(folder, error) from error
    finally:
        if unfinished.exists():
            remove(unfinished)

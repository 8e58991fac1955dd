"""Clearing away what an interrupted call left behind."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from videospace.lipreading.profile.database import reading, writing
from videospace.lipreading.profile.layout import CLIPS, MODELS, TRAINING_LOCK, UNFINISHED
from videospace.runtime.errors import UserError
from videospace.runtime.files import cannot_write, folder_held


def sweep(folder: Path) -> None:
    """Remove the files of clips and models that the index of a profile does not know.

    They are what a kill left of a call that had not returned: of a clip that was not acknowledged,
    or of one that was being deleted.

    Args:
        folder: Of the profile.

    Raises:
        UserError: The system refuses.
    """
    if not any(_leftovers(folder)):
        return
    with writing(folder):  # now nobody is between a file and its row
        for path in list(_leftovers(folder)):
            remove(path)


def remove(path: Path) -> None:
    """Delete a file or a folder.

    Raises:
        UserError: The system refuses.
    """
    try:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def _leftovers(folder: Path) -> Iterator[Path]:
    with reading(folder) as index:
        known = {f"{row['id']}.npz" for row in index.execute("SELECT id FROM clips")}
        known |= {row["id"] for row in index.execute("SELECT id FROM models")}
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
        with folder_held(folder, TRAINING_LOCK):
            return False
    except UserError:
        return True

"""The folder of a new profile, which is there whole or not at all."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from videospace.lipreading.profile.cleanup import remove
from videospace.lipreading.profile.clip_files import sync_folder
from videospace.lipreading.profile.layout import CLIPS, MODELS
from videospace.runtime.errors import UserError
from videospace.runtime.files import cannot_write


@contextlib.contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A profile's folder to fill, which appears under its name when the block ends well.

    Only its owner may read it.

    Raises:
        UserError: There is something under that name, or it cannot be written to.
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

"""Deleting for good: a clip, a word, a whole profile, with what was learned from them."""

import os
import shutil
import uuid
from pathlib import Path

from videospace.lipreading.profile.folder import DELETED, TRAINING_LOCK, clean_up
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.store import INDEX_FILE, ProfileDatabase
from videospace.runtime.errors import UserError
from videospace.runtime.files import cannot_write, folder_lock


def delete_clip(profile: Profile, identity: str) -> int:
    """Delete a clip, its usage, and every model that learned from it.

    Returns:
        The number of models that were deleted.

    Raises:
        UserError: There is no such clip, or the disk is full.
    """
    with ProfileDatabase.writing(profile.folder) as database:
        models = database.delete_models_trained_on([identity])
        if not database.delete_clip(identity):
            raise UserError(
                f"no clip '{identity}' in the profile: "
                "'videospace lipread info PROFILE --clips' lists them"
            )
    _erase_from_disk(profile)
    return len(models)


def delete_word(profile: Profile, text: str) -> int:
    """Delete a word with its clips, its name in all answers, and every model that learned from it.

    Returns:
        The number of models that were deleted.

    Raises:
        UserError: There is no such word, or the disk is full.
    """
    with ProfileDatabase.writing(profile.folder) as database:
        word = database.word(text).text
        models = database.delete_models_trained_on([clip.id for clip in database.clips(word)])
        database.delete_word(word)
    _erase_from_disk(profile)
    return len(models)


def delete_profile(folder: Path) -> None:
    """Delete a person's profile with everything in it.

    The name of the profile is free at once. Where the process is killed meanwhile, a hidden folder
    ``.deleted-DIGITS`` beside it may be left. The studio removes it when it starts, or it can be
    removed by hand.

    Raises:
        UserError: The folder is not a profile, or another process is training on it.
    """
    with ProfileDatabase.reading(folder):
        pass
    hidden = folder.absolute().parent / f"{DELETED}{uuid.uuid4().hex[:8]}"
    with folder_lock(folder, TRAINING_LOCK):
        try:
            with ProfileDatabase.writing(folder):  # nobody is in the middle of keeping a clip
                os.replace(folder, hidden)
            for suffix in ("", "-wal", "-shm"):
                (hidden / f"{INDEX_FILE}{suffix}").unlink(missing_ok=True)
            shutil.rmtree(hidden)
        except OSError as error:
            raise cannot_write(folder, error) from error


def _erase_from_disk(profile: Profile) -> None:
    clean_up(profile.folder)
    ProfileDatabase.empty_log(profile.folder)

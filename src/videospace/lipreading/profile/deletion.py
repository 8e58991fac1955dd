"""Deleting for good: a clip, a word, a whole profile, with what was learned from them."""

import contextlib
import os
import shutil
import uuid
from pathlib import Path

from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.damage import (
    CLIPS,
    INDEX_FILE,
    MODELS,
    UnreadableProfile,
    is_profile,
)
from videospace.lipreading.profile.storage.folder import DELETED, TRAINING_LOCK, clean_up, remove
from videospace.lipreading.profile.storage.store import ProfileDatabase
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
    """Delete a person's profile with everything in it, also a damaged one.

    The name of the profile is free at once. Where the process is killed meanwhile, a hidden folder
    ``.deleted-DIGITS`` beside it may be left. The studio removes it when it starts, or it can be
    removed by hand. Where the folder is a link, the profile is deleted where it lies.

    Raises:
        UserError: The folder is not a profile, or another process is using it.
    """
    if not is_profile(folder):
        raise UserError(f"expected a profile, but '{folder}' has no {INDEX_FILE}")
    if not folder.exists():  # a link to nowhere
        remove(folder)
        return
    hidden = folder.absolute().parent / f"{DELETED}{uuid.uuid4().hex[:8]}"
    with folder_lock(folder, TRAINING_LOCK):
        try:
            with contextlib.ExitStack() as unused:
                with contextlib.suppress(UnreadableProfile):
                    # nobody is in the middle of keeping a clip
                    unused.enter_context(ProfileDatabase.writing(folder))
                os.replace(folder, hidden)
            for suffix in ("", "-wal", "-shm"):
                remove(hidden / f"{INDEX_FILE}{suffix}")
            if hidden.is_symlink():
                _delete_behind(hidden)
            else:
                shutil.rmtree(hidden)
        except OSError as error:
            raise cannot_write(folder, error) from error


def _delete_behind(link: Path) -> None:
    """Delete what a profile holds behind a link, and the link; other files stay."""
    target = link.resolve()
    for name in (CLIPS, MODELS, TRAINING_LOCK):
        remove(target / name)
    with contextlib.suppress(OSError):
        target.rmdir()
    link.unlink()


def _erase_from_disk(profile: Profile) -> None:
    clean_up(profile.folder)
    ProfileDatabase.empty_log(profile.folder)

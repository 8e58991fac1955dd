"""Deleting for good: a clip, a word, a whole profile, with what was learned from them."""

import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterable
from pathlib import Path

from videospace.lipreading.profile.folder import DELETED, TRAINING_LOCK, sweep
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.store import INDEX_FILE, forget, reading, writing
from videospace.lipreading.profile.words import word_key
from videospace.runtime.errors import UserError
from videospace.runtime.files import cannot_write, folder_lock


def delete_clip(profile: Profile, identity: str) -> int:
    """Delete a clip, what had been answered to it, and every model that learned from it.

    Returns:
        How many models went with it.

    Raises:
        UserError: There is no such clip, or the disk is full.
    """
    with writing(profile.folder) as index:
        num_models = _delete_models_of(index, [identity])
        index.execute(
            "UPDATE words SET num_uses = num_uses - 1 WHERE key = "
            "(SELECT word FROM clips JOIN choices ON choices.clip = clips.id WHERE clips.id = ?)",
            (identity,),
        )
        if not index.execute("DELETE FROM clips WHERE id = ?", (identity,)).rowcount:
            raise UserError(
                f"no clip '{identity}' in the profile: 'videospace lipread info' names them"
            )
    _let_disk_follow(profile)
    return num_models


def delete_word(profile: Profile, text: str) -> int:
    """Delete a word with its clips, its name in all answers, and every model that learned from it.

    Returns:
        How many models went with it.

    Raises:
        UserError: There is no such word, or the disk is full.
    """
    key = word_key(profile.word(text).text)
    with writing(profile.folder) as index:
        clips = index.execute("SELECT id FROM clips WHERE word = ?", (key,)).fetchall()
        num_models = _delete_models_of(index, [row["id"] for row in clips])
        index.execute("DELETE FROM words WHERE key = ?", (key,))
    _let_disk_follow(profile)
    return num_models


def delete_profile(folder: Path) -> None:
    """Delete a person's profile with everything in it.

    It is gone under its name at once. Where the process is killed meanwhile, a hidden folder
    ``.deleted-DIGITS`` beside it may be left, which the studio removes when it starts, or anybody
    by hand.

    Raises:
        UserError: It is no profile, or somebody is training on it.
    """
    with reading(folder):
        pass
    hidden = folder.absolute().parent / f"{DELETED}{uuid.uuid4().hex[:8]}"
    with folder_lock(folder, TRAINING_LOCK):
        try:
            with writing(folder):  # nobody is in the middle of keeping a clip
                os.replace(folder, hidden)
            for suffix in ("", "-wal", "-shm"):
                (hidden / f"{INDEX_FILE}{suffix}").unlink(missing_ok=True)
            shutil.rmtree(hidden)
        except OSError as error:
            raise cannot_write(folder, error) from error


def _delete_models_of(index: sqlite3.Connection, clips: Iterable[str]) -> int:
    learned = {
        row["model"]
        for clip in clips
        for row in index.execute("SELECT model FROM model_clips WHERE clip = ?", (clip,))
    }
    index.executemany("DELETE FROM models WHERE id = ?", [(model,) for model in learned])
    return len(learned)


def _let_disk_follow(profile: Profile) -> None:
    sweep(profile.folder)
    forget(profile.folder)

"""The models that a profile keeps: encoders of other people, and models trained on the person."""

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.clip_files import sync_folder
from videospace.lipreading.profile.storage.folder import (
    MODELS,
    TRAINING_LOCK,
    UNFINISHED,
    model_path,
)
from videospace.lipreading.profile.storage.records import ModelKind, ModelRecord, now
from videospace.lipreading.profile.storage.store import ProfileDatabase
from videospace.runtime.errors import UserError
from videospace.runtime.files import cannot_write, folder_lock
from videospace.runtime.text import counted

NUM_KEPT = 3
"""Models of a kind that a profile keeps; those that were in use longest ago are deleted."""


@contextlib.contextmanager
def model_in_progress(profile: Profile) -> Iterator[Path]:
    """Yield a folder inside the profile for a new model, and lock the profile for training.

    Raises:
        UserError: Another process is training on this profile, or nothing can be written there.
    """
    with folder_lock(profile.folder, TRAINING_LOCK):
        try:
            folder = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=profile.folder / MODELS))
        except OSError as error:
            raise cannot_write(profile.folder / MODELS, error) from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def keep_model(
    profile: Profile,
    finished: Path,
    *,
    kind: ModelKind,
    strategy: str,
    clips: Sequence[str] = (),
) -> ModelRecord:
    """Add a finished model to the profile, and put it to use.

    Args:
        profile: The profile.
        finished: The folder of :func:`model_in_progress`, which is moved into the profile.
        kind: Whether the model learned from other people or from this person.
        strategy: The strategy that trained it.
        clips: Ids of the person's clips that it learned from.

    Raises:
        UserError: A clip that it learned from has been deleted meanwhile, so that the model is
            not kept.
    """
    identity = uuid.uuid4().hex[:16]
    folder = model_path(profile.folder, identity)
    with ProfileDatabase.writing(profile.folder) as database:
        if deleted := set(clips) - database.clip_ids():
            raise UserError(
                f"{counted(len(deleted), 'recording')} it learned from were deleted during the "
                "training, so its model is not kept: train again"
            )
        record = ModelRecord(
            id=identity,
            kind=kind,
            added=now(),
            strategy=strategy,
            clips=tuple(clips),
            turn=database.next_turn(),
        )
        database.add_model(record)
        replaced = database.delete_oldest_models(kind, num_kept=NUM_KEPT)
        try:
            os.replace(finished, folder)
        except OSError as error:
            raise cannot_write(folder, error) from error
        sync_folder(folder)
        sync_folder(folder.parent)
    for model in replaced:
        shutil.rmtree(model_path(profile.folder, model), ignore_errors=True)
    return record


def models(profile: Profile) -> list[ModelRecord]:
    """The models that a profile keeps, oldest first."""
    with ProfileDatabase.reading(profile.folder) as database:
        return database.models()


def current_model(profile: Profile, kind: ModelKind) -> ModelRecord | None:
    """The model of a kind that is in use: the newest one, unless somebody chose another.

    It is None where the profile has no model of that kind.
    """
    found = [record for record in models(profile) if record.kind == kind]
    # Of equal turns the last: an archive of the first format has no turns.
    return max(reversed(found), key=lambda record: record.turn, default=None)

"""The models of a profile: what was learned from other people, and from the person."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from videospace.lipreading.profile.clip_files import sync_folder
from videospace.lipreading.profile.folder import MODELS, TRAINING_LOCK, UNFINISHED, model_path
from videospace.lipreading.profile.profile import Profile, now
from videospace.lipreading.profile.records import ModelRecord
from videospace.lipreading.profile.store import reading, writing
from videospace.runtime.errors import UserError
from videospace.runtime.files import cannot_write, folder_lock

KEPT = 3
"""Models of a kind in the history; those that were in use longest ago make room."""


@contextlib.contextmanager
def model_in_progress(profile: Profile) -> Iterator[Path]:
    """A folder to put a new model into, inside the profile; nobody else trains meanwhile.

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
    kind: Literal["encoder", "recognizer"],
    strategy: str,
    clips: Sequence[str] = (),
) -> ModelRecord:
    """Take a finished model into the profile's history, and into use.

    Args:
        profile: The profile.
        finished: The folder of :func:`model_in_progress`; it takes its place in the profile.
        kind: Learned from other people, or from this person.
        strategy: How it was learned.
        clips: Ids of the person's clips it was learned from.

    Raises:
        UserError: A clip it was learned from has been deleted meanwhile, so that the model must
            not stay either.
    """
    identity = uuid.uuid4().hex[:16]
    folder = model_path(profile.folder, identity)
    with writing(profile.folder) as index:
        known = {row["id"] for row in index.execute("SELECT id FROM clips")}
        if deleted := [clip for clip in clips if clip not in known]:
            raise UserError(
                f"{len(deleted)} of the clips were deleted while the model learned from them, so "
                "it is not kept: train again"
            )
        record = ModelRecord(
            id=identity,
            kind=kind,
            added=now(),
            strategy=strategy,
            clips=tuple(clips),
            turn=next_turn(index),
        )
        insert_model(index, record)
        older = index.execute(
            "SELECT id FROM models WHERE kind = ? ORDER BY turn DESC, rowid DESC LIMIT -1 OFFSET ?",
            (kind, KEPT),
        ).fetchall()
        index.executemany("DELETE FROM models WHERE id = ?", [(row["id"],) for row in older])
        try:
            os.replace(finished, folder)
        except OSError as error:
            raise cannot_write(folder, error) from error
        sync_folder(folder)
        sync_folder(folder.parent)
    for row in older:
        shutil.rmtree(model_path(profile.folder, row["id"]), ignore_errors=True)
    return record


def insert_model(index: sqlite3.Connection, record: ModelRecord) -> None:
    """Add the rows of a model."""
    index.execute(
        "INSERT INTO models VALUES (?, ?, ?, ?, ?)",
        (record.id, record.kind, record.added, record.strategy, record.turn),
    )
    index.executemany(
        "INSERT INTO model_clips VALUES (?, ?)", [(record.id, clip) for clip in record.clips]
    )


def next_turn(index: sqlite3.Connection) -> int:
    """The turn of a model that is put to use now."""
    (turn,) = index.execute("SELECT COALESCE(MAX(turn), 0) + 1 FROM models").fetchone()
    return turn


def models(profile: Profile) -> list[ModelRecord]:
    """The history of models, oldest first."""
    with reading(profile.folder) as index:
        rows = index.execute("SELECT * FROM models ORDER BY rowid").fetchall()
        clips = index.execute("SELECT model, clip FROM model_clips ORDER BY rowid").fetchall()
    return [
        ModelRecord(**row, clips=tuple(c["clip"] for c in clips if c["model"] == row["id"]))
        for row in rows
    ]


def current_model(profile: Profile, kind: Literal["encoder", "recognizer"]) -> ModelRecord | None:
    """The model of a kind that is in use: the newest one, unless somebody chose another.

    None where there is none.
    """
    found = [record for record in models(profile) if record.kind == kind]
    # The last one of those that are equal, as all are in a profile of an older format.
    return max(reversed(found), key=lambda record: record.turn, default=None)

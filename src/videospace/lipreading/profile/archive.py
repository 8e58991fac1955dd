"""Export a profile as one zip file, and import it.

The zip holds ``profile.json`` (words, clips, usage, models and settings), ``clips/ID.npz`` and
``models/ID/...``: formats that other programs can read, too.
"""

import contextlib
import dataclasses
import datetime
import json
import re
import shutil
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from videospace.lipreading.profile.clip_files import clip_id, load_clip
from videospace.lipreading.profile.folder import CLIPS, MODELS, clip_path, model_path, new_folder
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.records import (
    ClipRecord,
    ModelRecord,
    ProfileSettings,
    UsageRecord,
    WordRecord,
)
from videospace.lipreading.profile.store import FORMAT_VERSION, ProfileDatabase
from videospace.lipreading.profile.words import checked_text
from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write, cannot_write
from videospace.runtime.json_config import config_from_json

Record = TypeVar("Record")

CONTENT_FILE = "profile.json"
_MODEL_MEMBER = re.compile(r"models/([0-9a-f]{16})/([\w-][\w.-]*)")
_IDENTITY = re.compile(r"[0-9a-f]{16}")
_CLASS = "LipreadingProfile"


def export_profile(profile: Profile, path: Path) -> None:
    """Write everything that a profile holds into one zip file.

    Args:
        profile: The profile; nothing can be added to it meanwhile.
        path: The zip file.

    Raises:
        UserError: The file name does not end in ``.zip``, or the file cannot be written.
    """
    if path.suffix.lower() != ".zip":
        raise UserError(f"expected a file name that ends in .zip, got '{path.name}'")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
    with (
        atomic_write(path) as unfinished,
        ProfileDatabase.writing(profile.folder) as database,
    ):
        content = _content(database)
        # The files in it are compressed already.
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(CONTENT_FILE, json.dumps(content, indent=2, ensure_ascii=False))
            for record in content["clips"]:
                file = clip_path(profile.folder, record["id"])
                load_clip(file)  # a damaged clip is reported now, not when the zip is needed
                archive.write(file, f"{CLIPS}/{file.name}")
            for record in content["models"]:
                for file in sorted(model_path(profile.folder, record["id"]).iterdir()):
                    archive.write(file, f"{MODELS}/{record['id']}/{file.name}")


def import_profile(path: Path, folder: Path) -> Profile:
    """Make a profile from an exported one.

    Args:
        path: The zip file.
        folder: The new profile.

    Raises:
        UserError: The file is not an exported profile, or is damaged, incomplete, or of a newer
            version; or the folder exists. No folder is left behind then.
    """
    with _opened(path) as archive, new_folder(folder) as unfinished:
        content = _read_content(archive, path)
        where = f"'{path}', {CONTENT_FILE}"

        def records(kind: type[Record], name: str) -> list[Record]:
            if not isinstance(content[name], list):
                raise UserError(f"{where}: expected a list of {name}, got {content[name]!r:.80}")
            return [
                config_from_json(kind, item, where, with_defaults=True) for item in content[name]
            ]

        settings = config_from_json(ProfileSettings, content["settings"], where, with_defaults=True)
        words, clips = records(WordRecord, "words"), records(ClipRecord, "clips")
        usage, models = records(UsageRecord, "usage"), records(ModelRecord, "models")
        _check_identities([item.id for item in (*clips, *models)], path)
        _check_times([item.added for item in (*words, *clips, *models)], path)
        for clip in clips:
            _extract(archive, f"{CLIPS}/{clip.id}.npz", clip_path(unfinished, clip.id), path)
            if clip_id(load_clip(clip_path(unfinished, clip.id))) != clip.id:
                raise UserError(f"'{path}': clip {clip.id} is not what was exported")
        for member in archive.namelist():
            found = _MODEL_MEMBER.fullmatch(member)
            if found and found[1] in {model.id for model in models}:
                _extract(archive, member, model_path(unfinished, found[1]) / found[2], path)
        ProfileDatabase.create(unfinished)
        with ProfileDatabase.writing(unfinished) as database:
            database.write_settings(settings)
            for word in words:
                database.add_word(dataclasses.replace(word, text=checked_text(word.text)))
            for clip in clips:
                database.add_clip(clip)
            for use in usage:
                database.add_usage(use)
            for model in models:
                database.add_model(model)
    return Profile(folder)


def _content(database: ProfileDatabase) -> dict[str, Any]:
    return {
        "class": _CLASS,
        "format_version": FORMAT_VERSION,
        "settings": dataclasses.asdict(database.settings()),
        "words": [dataclasses.asdict(word) for word in database.words()],
        "clips": [dataclasses.asdict(clip) for clip in database.clips()],
        "usage": [dataclasses.asdict(usage) for usage in database.usage()],
        "models": [dataclasses.asdict(model) for model in database.models()],
    }


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FileNotFoundError as error:
        raise UserError(f"expected an exported profile, but there is no file '{path}'") from error
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise UserError(
            f"'{path}' is no exported profile, or is damaged ({error}): export it again"
        ) from error
    except (sqlite3.IntegrityError, OverflowError, UnicodeEncodeError) as error:
        raise UserError(f"'{path}' holds what no profile can ({error}): export it again") from error


def _read_content(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    try:
        content = json.loads(archive.read(CONTENT_FILE))
    except (KeyError, ValueError) as error:
        raise UserError(
            f"'{path}' is no exported profile, or is damaged: it has no {CONTENT_FILE}"
        ) from error
    if not isinstance(content, dict) or content.get("class") != _CLASS:
        raise UserError(f"'{path}' is no exported profile: {CONTENT_FILE} says something else")
    version = content.get("format_version")
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise UserError(
            f"'{path}' has format {version}, and this version of videospace knows up to "
            f"{FORMAT_VERSION}: update videospace to open it"
        )
    if version < 2:  # which had no usage
        content["usage"] = []
    elif version == 2 and "choices" in content:
        content["usage"] = content.pop("choices")
    if lacking := {"settings", "words", "clips", "usage", "models"} - content.keys():
        raise UserError(f"'{path}' lacks '{min(lacking)}' in {CONTENT_FILE}: export it again")
    return content


def _check_identities(identities: list[str], path: Path) -> None:
    """Check ids, because they become file names."""
    for identity in identities:
        if not _IDENTITY.fullmatch(identity):
            raise UserError(f"'{path}': expected an id of 16 digits (0-f), got {identity!r}")


def _check_times(times: list[str], path: Path) -> None:
    """Check times, because usage is counted by day."""
    for time in times:
        try:
            datetime.datetime.fromisoformat(time)
        except ValueError as error:
            raise UserError(
                f"'{path}': expected a time as ISO 8601 has it, got {time!r:.80}"
            ) from error


def _extract(archive: zipfile.ZipFile, member: str, target: Path, path: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    try:
        with archive.open(member) as source, open(target, "xb") as file:
            shutil.copyfileobj(source, file)
    except KeyError as error:
        raise UserError(f"'{path}' is incomplete, it lacks {member}: export it again") from error

"""Export a profile as one zip file, and import it.

The zip holds ``profile.json`` (words, clips, usage, models, settings, and what was said),
``clips/ID.npz``, ``models/ID/...`` and ``media/ID.webp`` or ``.flac``: formats that other programs
can read, too.
"""

import contextlib
import dataclasses
import json
import os
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from videospace.lipreading.model.mouth_model import (
    CARD_FILE,
    CONFIG_FILE,
    WEIGHTS_FILE,
    MouthModel,
)
from videospace.lipreading.profile.media import SUFFIXES, require_media
from videospace.lipreading.profile.model_selection import load_model
from videospace.lipreading.profile.profile import Profile, load_recorded
from videospace.lipreading.profile.storage.checks import (
    MAX_CLIPS,
    MAX_MEDIA,
    MAX_MEDIA_BYTES,
    MAX_SAID,
    MAX_WORDS,
    one_line,
)
from videospace.lipreading.profile.storage.clip_files import clip_id, max_file_bytes
from videospace.lipreading.profile.storage.damage import CLIPS, MODELS, require_zip
from videospace.lipreading.profile.storage.database import FORMAT_VERSION
from videospace.lipreading.profile.storage.folder import clip_path, model_path, new_folder
from videospace.lipreading.profile.storage.records import (
    ClipRecord,
    MediaRecord,
    ModelRecord,
    ProfileSettings,
    SaidRecord,
    UsageRecord,
    WordRecord,
)
from videospace.lipreading.profile.storage.store import ProfileDatabase
from videospace.lipreading.profile.words import checked_text, word_key
from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write
from videospace.runtime.messages import Message
from videospace.runtime.reading.bounded_zip import BoundedZip
from videospace.runtime.reading.json_config import config_from_json
from videospace.runtime.reading.json_reader import read_json

Record = TypeVar("Record")

CONTENT_FILE = "profile.json"
MAX_MODELS = 16
"""Models of a profile that is imported; a profile keeps three of a kind."""
MAX_UNPACKED_BYTES = 64 * 2**30
MODEL_FILE_BYTES = {CONFIG_FILE: 2**22, WEIGHTS_FILE: 2 * 2**30, CARD_FILE: 2**20}
"""The files of a model, and the most bytes of each."""
_CONTENT_BYTES = 2**26
"""Most bytes of the content, beside those of its clips."""
_CLIP_CONTENT_BYTES = 2**12
"""Most bytes of the content for each clip, with its use."""
_MAX_MEMBERS = 2 * MAX_CLIPS
_CLASS = "LipreadingProfile"


class _Content(NamedTuple):
    """What an exported profile holds beside its files."""

    settings: ProfileSettings
    words: list[WordRecord]
    clips: list[ClipRecord]
    usage: list[UsageRecord]
    models: list[ModelRecord]
    media: list[MediaRecord]
    said: list[SaidRecord]


def export_profile(profile: Profile, path: Path) -> None:
    """Write everything that a profile holds into one zip file.

    Args:
        profile: The profile; nothing can be added to it meanwhile.
        path: The zip file.

    Raises:
        UserError: The file name does not end in ``.zip``, the file cannot be written, or a clip or
            model is missing or damaged. :func:`export_as_it_is` writes what is left of a profile.
    """
    require_zip(path)
    with (
        atomic_write(path) as unfinished,
        ProfileDatabase.writing(profile.folder) as database,
    ):
        database.check()
        content = _content(database)
        text = json.dumps(content, indent=2, ensure_ascii=False).encode()
        if len(text) > _max_content_bytes(len(content["clips"])):
            raise UserError("the notes are too long for one file: shorten them")
        # The files in it are compressed already.
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(CONTENT_FILE, text)
            for record in database.clips():
                load_recorded(profile.folder, record)  # damage is reported now, not when needed
                file = clip_path(profile.folder, record.id)
                archive.write(file, f"{CLIPS}/{file.name}")
            for record in database.models():
                load_model(profile, record)
                for file in sorted(model_path(profile.folder, record.id).iterdir()):
                    if file.name in MODEL_FILE_BYTES:
                        archive.write(file, f"{MODELS}/{record.id}/{file.name}")
            media = {_media_member(record): record for record in database.speaking.media()}
            for member, record in media.items():  # two words may have the same picture
                archive.writestr(member, database.speaking.content(record))


def import_profile(path: Path, folder: Path, *, max_bytes: int = MAX_UNPACKED_BYTES) -> Profile:
    """Make a profile from an exported one.

    Args:
        path: The zip file.
        folder: The new profile.
        max_bytes: The most bytes that it may unpack to.

    Raises:
        UserError: The file is not an exported profile, or is damaged, incomplete, or of a newer
            version; or the folder exists. No folder is left behind then.
    """
    with contextlib.ExitStack() as files:
        with _about(path):
            archive = files.enter_context(
                BoundedZip(path, max_bytes=max_bytes, max_members=_MAX_MEMBERS)
            )
            document = _read_document(archive)
        _check_version(document.get("format_version"), path)
        with _about(path):
            content = _content_from_json(document)
        unfinished = files.enter_context(new_folder(folder))
        with _about(path, unfinished):
            for clip in content.clips:
                _unpack_clip(archive, clip, unfinished)
            for model in content.models:
                _unpack_model(archive, model, unfinished)
            _write_database(unfinished, content)
            _write_media(archive, content.media, unfinished)
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
        "media": [dataclasses.asdict(record) for record in database.speaking.media()],
        "said": [dataclasses.asdict(each) for each in database.speaking.said()],
    }


@contextlib.contextmanager
def _about(path: Path, unfinished: Path | None = None) -> Iterator[None]:
    """Say of an error that it is about the zip file, without the folder that is being made."""
    try:
        yield
    except FileNotFoundError as error:
        raise UserError(f"expected an exported profile, but there is no file '{path}'") from error
    except OSError as error:
        if unfinished is not None:  # of the folder that is being made
            raise
        raise UserError(f"cannot read '{path}': {error.strerror or error}") from error
    except UserError as error:
        reason = one_line(str(error).replace(f"{unfinished}{os.sep}", ""))
        raise UserError(
            Message(
                "{file} cannot be imported, because it is damaged, was changed or is no exported "
                "profile ({reason}): export it again",
                file=_quoted(path),
                reason=reason,
            )
        ) from error


def _quoted(path: Path) -> str:
    return f"'{path}'"


def _max_content_bytes(num_clips: int) -> int:
    return _CONTENT_BYTES + num_clips * _CLIP_CONTENT_BYTES


def _read_document(archive: BoundedZip) -> dict[str, Any]:
    num_clips = sum(name.startswith(f"{CLIPS}/") for name in archive.names)
    max_bytes = _max_content_bytes(num_clips)
    text = archive.read(CONTENT_FILE, max_bytes)
    document = read_json(text, CONTENT_FILE, max_bytes=max_bytes)
    if not isinstance(document, dict) or document.get("class") != _CLASS:
        raise UserError(f"{CONTENT_FILE} says something else")
    return document


def _check_version(version: object, path: Path) -> None:
    if type(version) is int and version > FORMAT_VERSION:
        raise UserError(
            Message(
                "{file} has format {version}, and this version of videospace knows up to "
                "{known}: update videospace to open it",
                file=_quoted(path),
                version=version,
                known=FORMAT_VERSION,
            )
        )


def _content_from_json(document: dict[str, Any]) -> _Content:
    version = document.get("format_version")
    if type(version) is not int or version < 1:
        raise UserError(f"expected a format version, got {version!r:.80}")
    if version < 2:  # which had no usage
        document["usage"] = []
    elif version == 2 and "choices" in document:
        document["usage"] = document.pop("choices")
    if version < 4:  # which had no media, and did not keep what was said
        document |= {"media": [], "said": []}
    if lacking := set(_Content._fields) - document.keys():
        raise UserError(f"it lacks '{min(lacking)}'")
    content = _Content(
        settings=config_from_json(
            ProfileSettings, document["settings"], "settings", with_defaults=True
        ),
        words=_records(WordRecord, document, "words", MAX_WORDS),
        clips=_records(ClipRecord, document, "clips", MAX_CLIPS),
        usage=_records(UsageRecord, document, "usage", MAX_CLIPS),
        models=_records(ModelRecord, document, "models", MAX_MODELS),
        media=_records(MediaRecord, document, "media", MAX_MEDIA),
        said=_records(SaidRecord, document, "said", MAX_SAID),
    )
    _check_references(content)
    return content


def _records(
    kind: type[Record], document: dict[str, Any], name: str, max_length: int
) -> list[Record]:
    items = document[name]
    if not isinstance(items, list):
        raise UserError(f"expected a list of {name}, got {items!r:.80}")
    if len(items) > max_length:
        raise UserError(f"expected at most {max_length:,} {name}, got {len(items):,}")
    return [
        config_from_json(kind, item, f"{name}[{index}]", with_defaults=True)
        for index, item in enumerate(items)
    ]


def _check_references(content: _Content) -> None:
    """Check that nothing is there twice, and that what is named is there."""
    words = [word_key(checked_text(word.text)) for word in content.words]
    clips = [clip.id for clip in content.clips]
    uses = [use.clip for use in content.usage]
    _require_distinct(words, "word")
    _require_distinct(clips, "clip")
    _require_distinct(uses, "use of the clip")
    _require_distinct((model.id for model in content.models), "model")
    _require_distinct(
        ((each.kind, word_key(checked_text(each.text))) for each in content.media), "file of"
    )
    _require_distinct((each.id for each in content.said), "saying")
    _require_known((word_key(checked_text(clip.word)) for clip in content.clips), words, "word")
    _require_known(uses, clips, "clip")


def _require_distinct(names: Iterable[object], what: str) -> None:
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise UserError(f"the {what} {twice[0]!r} is there twice")


def _require_known(names: Iterable[str], known: Iterable[str], what: str) -> None:
    if unknown := set(names) - set(known):
        raise UserError(f"the {what} {min(unknown)!r} is named, but is not there")


def _unpack_clip(archive: BoundedZip, clip: ClipRecord, folder: Path) -> None:
    path = clip_path(folder, clip.id)
    archive.extract(f"{CLIPS}/{path.name}", path, max_file_bytes(clip.num_frames))
    if clip_id(load_recorded(folder, clip)) != clip.id:
        raise UserError(f"clip {clip.id} is not what was exported")


def _unpack_model(archive: BoundedZip, model: ModelRecord, folder: Path) -> None:
    target = model_path(folder, model.id)
    target.mkdir()
    for name, max_bytes in MODEL_FILE_BYTES.items():
        member = f"{MODELS}/{model.id}/{name}"
        if name != CARD_FILE or member in archive.names:
            archive.extract(member, target / name, max_bytes)
    MouthModel.from_pretrained(target)


def _write_database(folder: Path, content: _Content) -> None:
    ProfileDatabase.create(folder)
    with ProfileDatabase.writing(folder) as database:
        database.write_settings(content.settings)
        for word in content.words:
            text, spoken = checked_text(word.text), checked_text(word.spoken, "spoken form")
            database.add_word(dataclasses.replace(word, text=text, spoken=spoken))
        for clip in content.clips:
            database.add_clip(clip)
        for use in content.usage:
            database.add_usage(use)
        for model in content.models:
            database.add_model(model)
        for each in content.said:
            database.speaking.add_said(each)


def _write_media(archive: BoundedZip, media: list[MediaRecord], folder: Path) -> None:
    with ProfileDatabase.writing(folder) as database:
        for record in media:
            content = bytes(archive.read(_media_member(record), MAX_MEDIA_BYTES))
            require_media(record, content)
            database.speaking.write_media(record, content)


def _media_member(record: MediaRecord) -> str:
    return f"media/{record.id}{SUFFIXES[record.kind]}"

"""``videospace lipread bank``."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from videospace.cli.arguments import parse
from videospace.cli.lipread.recordings import ProfileFolder
from videospace.lipreading.profile.media import delete_media, keep_media, own_voice, small_picture
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import MediaKind
from videospace.runtime.errors import UserError

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif")
"""Suffixes of pictures; any other file is a sound."""


@dataclasses.dataclass(frozen=True)
class Bank:
    """Keep a recording of the person's own voice, or a picture, for a word or phrase.

    The studio plays the recording instead of another voice, and shows the picture.
    """

    profile: ProfileFolder
    """Folder of the profile."""
    text: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="TEXT")]
    """The word or phrase."""
    file: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")] = None
    """A sound (WAV, MP3, MP4, Ogg, FLAC, WebM), or a picture (JPEG, PNG, WebP, GIF)."""
    delete: MediaKind | None = None
    """Delete the voice or the picture of the text instead."""


def main(arguments: list[str]) -> None:
    """Keep or delete it."""
    command = parse(Bank, arguments, "videospace lipread bank")
    profile = Profile(command.profile)
    if (command.file is None) == (command.delete is None):
        raise UserError("expected either a file to keep or --delete voice or --delete picture")
    if command.delete is not None:
        delete_media(profile, command.text, command.delete)
        print(f"deleted the {command.delete} of '{command.text}'")
        return
    assert command.file is not None
    try:
        content = command.file.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read '{command.file}': {error.strerror or error}") from error
    if command.file.suffix.lower() in PICTURES:
        record = keep_media(profile, command.text, "picture", small_picture(content))
        print(f"kept a picture of '{record.text}': {record.num_bytes / 1024:.0f} KiB")
        return
    voice, seconds = own_voice(content)
    record = keep_media(profile, command.text, "voice", voice, seconds=seconds)
    print(f"kept the person's own voice for '{record.text}': {seconds:.1f} s")

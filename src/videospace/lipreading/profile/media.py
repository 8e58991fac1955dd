"""Pictures, and recordings of the person's own voice, for words and phrases."""

import hashlib
import io

from PIL import Image, ImageOps

from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import MediaKind, MediaRecord, now
from videospace.lipreading.profile.storage.store import ProfileDatabase
from videospace.lipreading.profile.words import checked_text
from videospace.lipreading.synthesis.own_voice import read_own_voice, to_flac
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message

SIDE_PX = 256
"""Longer side of a kept picture."""
MAX_PICTURE_PX = 50_000_000
"""Most pixels of a picture that is read."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
"""Kinds of pictures that are read."""
SUFFIXES: dict[MediaKind, str] = {"picture": ".webp", "voice": ".flac"}
"""By kind, the suffix of a kept file."""


def small_picture(content: bytes) -> bytes:
    """Shrink a picture to what the profile keeps: at most 256 px, as WebP, and nothing beside it.

    Where and with which camera it was taken is left out.

    Args:
        content: A JPEG, PNG, WebP or GIF file.

    Raises:
        UserError: It is another kind of file, damaged, or has more than 50 million pixels.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PICTURE_PX:
                raise _too_large(f"{picture.width}x{picture.height}")
            picture.draft("RGB", (2 * SIDE_PX, 2 * SIDE_PX))  # which JPEG decodes quickly
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large("more") from error
    except (OSError, SyntaxError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(
            Message(
                "expected a picture as JPEG, PNG, WebP or GIF, got another file or a damaged one: "
                "choose another picture"
            )
        ) from error
    upright.thumbnail((SIDE_PX, SIDE_PX))
    kept = io.BytesIO()
    Image.frombytes("RGBA", upright.size, upright.tobytes()).save(kept, "WEBP", quality=85)
    return kept.getvalue()


def _too_large(size: str) -> UserError:
    return UserError(
        Message(
            "expected a picture of at most {most} million pixels, got {size}: save it smaller",
            most=MAX_PICTURE_PX // 10**6,
            size=size,
        )
    )


def own_voice(content: bytes) -> tuple[bytes, float]:
    """Prepare a recording of the person's own voice for a profile.

    Args:
        content: A sound file (see :func:`read_own_voice`).

    Returns:
        A FLAC file, and its length in seconds.

    Raises:
        UserError: It cannot be read, or is silent.
    """
    speech = read_own_voice(content)
    return to_flac(speech), speech.seconds


def keep_media(
    profile: Profile, text: str, kind: MediaKind, content: bytes, *, seconds: float = 0.0
) -> MediaRecord:
    """Keep a picture or a recording for a word or phrase, instead of the one before.

    Args:
        profile: The profile.
        text: The word or phrase, which need not be in the profile.
        kind: What it is.
        content: What :func:`small_picture` or :func:`own_voice` returned.
        seconds: Length of a recording.

    Raises:
        UserError: The text cannot be shown, the content is too large, or the disk is full.
    """
    record = MediaRecord(
        id=media_id(content),
        text=checked_text(text, "word or phrase"),
        kind=kind,
        added=now(),
        seconds=seconds,
        num_bytes=len(content),
    )
    require_media(record, content)
    with ProfileDatabase.writing(profile.folder) as database:
        database.speaking.write_media(record, content)
    return record


def list_media(profile: Profile) -> list[MediaRecord]:
    """All pictures and recordings, without their content."""
    with ProfileDatabase.reading(profile.folder) as database:
        return database.speaking.media()


def load_media(profile: Profile, identity: str) -> tuple[MediaRecord, bytes]:
    """A picture or recording, and its file.

    Raises:
        UserError: There is none with this id.
    """
    with ProfileDatabase.reading(profile.folder) as database:
        for record in database.speaking.media(identity):
            return record, database.speaking.content(record)
    raise UserError(Message("there is no such picture or recording: it may be deleted already"))


def delete_media(profile: Profile, text: str, kind: MediaKind) -> None:
    """Delete the picture or recording of a word or phrase for good.

    Raises:
        UserError: There is none.
    """
    with ProfileDatabase.writing(profile.folder) as database:
        if not database.speaking.delete_media(text, kind):
            raise UserError(
                Message(
                    "there is no {kind} of '{text}': it may be deleted already",
                    kind=kind,
                    text=text,
                )
            )
    ProfileDatabase.empty_log(profile.folder)


def media_id(content: bytes) -> str:
    """Hash a file to sixteen hexadecimal digits.

    Example:
        >>> media_id(b"")
        'e3b0c44298fc1c14'
    """
    return hashlib.sha256(content).hexdigest()[:16]


def require_media(record: MediaRecord, content: bytes) -> None:
    """Check that a file is what its record says, as it comes from elsewhere.

    Raises:
        UserError: It is not.
    """
    is_right = content.startswith(b"fLaC")
    if record.kind == "picture":
        is_right = content.startswith(b"RIFF") and content[8:12] == b"WEBP"
    if not is_right or len(content) != record.num_bytes or media_id(content) != record.id:
        raise UserError(f"the {record.kind} of '{record.text}' is not what was exported")

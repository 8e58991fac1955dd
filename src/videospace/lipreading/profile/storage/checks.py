"""What a profile may hold: the checks of its records, of imports and of requests."""

import datetime
import re

from videospace.runtime.errors import UserError

MAX_WORDS = 10_000
"""Words and phrases of a profile."""
MAX_CLIPS = 100_000
"""Clips of a profile that is imported."""
MAX_PHRASES = 300
"""Phrases that are said with one tap, and their categories."""
MAX_MEDIA = 5_000
"""Pictures, and recordings of the person's own voice."""
MAX_MEDIA_BYTES = 2**21
"""Largest picture or recording."""
MAX_SAID = 100_000
"""Words and phrases that the person said; the oldest ones make room."""
MAX_FREE_TEXT = 10_000
"""Most characters of a note, or of where a clip comes from."""
MAX_FPS = 1000.0
"""Highest frame rate of a clip."""
MAX_COUNT = 10**9
"""Highest count of anything."""
LANGUAGE = "[A-Za-z][A-Za-z0-9 ()+_-]{0,39}"
"""Pattern of the name of a voice of espeak-ng, which it may look for among its files."""
IDENTITY = "[0-9a-f]{16}"
"""Pattern of the id of a clip or model, which is the name of its file."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_YEARS = range(1970, 9000)  # a time near the ends of what there is has no other time zone
UNSHOWABLE = re.compile(r"[^\t\n\r -~\u00a0-\ud7ff\ue000-\U0010ffff]")
"""Half a character, or one that controls a terminal."""


def require_free_text(text: str, what: str, *, max_length: int = MAX_FREE_TEXT) -> None:
    """Check a text that may be empty or have several lines.

    Raises:
        UserError: It is too long, or has half a character or one that controls a terminal.

    Example:
        >>> require_free_text("Ann's sister filmed this", "note")
    """
    if len(text) > max_length:
        raise UserError(
            f"expected a {what} of at most {max_length:,} characters, got {len(text):,}: shorten it"
        )
    if found := UNSHOWABLE.search(text):
        raise UserError(
            f"expected a {what} that can be shown, got the character U+{ord(found[0]):04X} in "
            f"{text!r:.80}: write it without that character"
        )


def require_time(text: str, what: str) -> None:
    """Check a time as ISO 8601, such as ``2026-03-02T09:00:00+00:00``.

    Raises:
        UserError: It is none, or before 1970.
    """
    try:
        if not _TIME.fullmatch(text) or datetime.datetime.fromisoformat(text).year not in _YEARS:
            raise ValueError(text)
    except ValueError as error:
        raise UserError(
            f"expected a time as ISO 8601 has it for {what}, got {text!r:.80}"
        ) from error


def require_id(text: str, what: str) -> None:
    """Check the id of a clip or model, because it becomes the name of a file.

    Raises:
        UserError: It is not sixteen hexadecimal digits.
    """
    if not re.fullmatch(IDENTITY, text):
        raise UserError(f"expected an id of 16 digits (0-f) for {what}, got {text!r:.80}")


def require_language(text: str) -> None:
    """Check that a text can be the name of a voice of espeak-ng.

    Raises:
        UserError: It cannot.
    """
    if not re.fullmatch(LANGUAGE, text):
        raise UserError(f"expected a language such as en-us or de, got {text!r:.80}")


def require_within(value: float | int, what: str, low: float | int, high: float | int) -> None:
    """Check that a number lies between two others, which also NaN and infinity do not.

    Raises:
        UserError: It does not.
    """
    if not low <= value <= high:
        raise UserError(f"expected {what} from {low:,g} to {high:,g}, got {value!r:.80}")


def one_line(text: str) -> str:
    """A text that quotes a file, on one line, with what cannot be shown as question marks.

    Example:
        >>> one_line("no such  table: " + chr(7))
        'no such table: ?'
    """
    return " ".join(UNSHOWABLE.sub("?", text).split())[:400]

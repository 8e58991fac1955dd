"""What may be a word of a profile."""

import csv
import dataclasses
import re
import unicodedata
from collections.abc import Sequence

from videospace.runtime.errors import UserError

MAX_LENGTH = 100
"""Characters; a vocabulary holds words and phrases, no paragraphs."""


def checked_text(text: str, what: str = "word") -> str:
    """Bring a text into its one form.

    Args:
        text: As it was typed.
        what: It is, for messages.

    Returns:
        Composed Unicode (NFC) with single spaces and none at the ends.

    Raises:
        UserError: It is empty, too long, or holds characters that cannot be shown.

    Example:
        >>> checked_text("  thank   you ")
        'thank you'
    """
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    if not text:
        raise UserError(f"expected a {what}, got an empty text")
    if len(text) > MAX_LENGTH:
        raise UserError(
            f"expected a {what} of at most {MAX_LENGTH} characters, got {len(text)}: shorten it"
        )
    # Joiners are part of how some scripts and emoji are written; other invisible signs are not.
    hidden = [sign for sign in text if not sign.isprintable() and sign not in "\u200c\u200d"]
    if hidden:
        raise UserError(
            f"expected a {what} of characters that can be shown, got U+{ord(hidden[0]):04X} in "
            f"{text!r}: type it again without that character"
        )
    return text


def word_key(text: str) -> str:
    """What two spellings of one word have in common.

    Example:
        >>> word_key("Straße") == word_key("STRASSE")
        True
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold())


HEADINGS = {"word": "text", "spoken": "spoken", "spoken form": "spoken", "note": "note"}
"""What a first line may say instead of a word, and the field that it means."""

FIELDS = ("text", "spoken", "note")
"""The columns of a list without such a line."""

_SEPARATORS = "\t;,"

_QUOTED = re.compile(r'"[^"]*"')


@dataclasses.dataclass(frozen=True, kw_only=True)
class WordEntry:
    """A line of a list."""

    text: str
    """The word, as it is shown."""
    spoken: str | None = None
    """How it is spoken; None: as its text says."""
    note: str = ""
    """For the helper."""


def read_word_list(content: str) -> list[WordEntry]:
    r"""Read a list with a word on each line, or a table of words, spoken forms and notes.

    Columns are separated by commas, semicolons or tabs; a text that holds such a sign stands in
    quotation marks. A first line that names the columns may change their order.

    Args:
        content: Of the list.

    Raises:
        UserError: A line is no word, or has too many columns; it is named. Or there is no word.

    Example:
        >>> read_word_list('Dr. Lee, doctor Lee\n"yes, please"')[1].text
        'yes, please'
        >>> [entry.spoken for entry in read_word_list("note;word;spoken\n;Dr. Lee;doctor Lee")]
        ['doctor Lee']
    """
    content = content.removeprefix("\ufeff")
    unquoted = _QUOTED.sub("", content)
    separator = next((sign for sign in _SEPARATORS if sign in unquoted), ",")
    lines = content.splitlines(keepends=True)  # a cell in quotation marks may go on in the next
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)
    fields, entries = FIELDS, []
    try:
        for row in reader:
            cells = [" ".join(cell.split()) for cell in row]
            headings = [HEADINGS.get(cell.casefold(), "") for cell in cells]
            if not entries and len(cells) > 1 and all(headings) and "text" in headings:
                fields = tuple(headings)
            elif any(cells):
                entries.append(_entry(cells, fields))
    except (UserError, csv.Error) as error:
        raise UserError(f"line {reader.line_num} of the list: {error}") from error
    if not entries:
        raise UserError("expected at least one word in the list, got none")
    return entries


def _entry(cells: Sequence[str], fields: Sequence[str]) -> WordEntry:
    if len(cells) > len(fields) and any(cells[len(fields) :]):
        raise UserError(
            f"expected a word, its spoken form and a note, got {len(cells)} columns: write each "
            'word on a line of its own, and a text with commas in "quotation marks"'
        )
    given = dict(zip(fields, cells, strict=False))
    spoken = given.get("spoken")
    return WordEntry(
        text=checked_text(given.get("text", "")),
        spoken=checked_text(spoken, "spoken form") if spoken else None,
        note=given.get("note", ""),
    )

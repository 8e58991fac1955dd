"""The text of words, and lists of words."""

import csv
import dataclasses
import re
import unicodedata
from collections.abc import Sequence

from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message, message_of

MAX_LENGTH = 100
"""Most characters of a word or phrase."""


def checked_text(text: str, what: str = "word") -> str:
    """Normalize a text, and check that it can be a word.

    Args:
        text: The text as it was typed.
        what: What the text is, for messages.

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
        raise UserError(Message("the {what} is empty: type it first", what=what))
    if len(text) > MAX_LENGTH:
        raise UserError(
            Message(
                "a {what} has at most {most} letters, and this one has {count}: shorten it",
                what=what,
                most=MAX_LENGTH,
                count=len(text),
            )
        )
    # Some scripts and emoji need joiners; no other invisible character is allowed. Another device
    # may show what this version of Unicode does not know.
    hidden = [
        sign
        for sign in ("" if text.isprintable() else text)
        if not (sign.isprintable() or sign in "\u200c\u200d" or unicodedata.category(sign) == "Cn")
    ]
    if hidden:
        number = f"U+{ord(hidden[0]):04X}"
        raise UserError(
            Message(
                "this {what} holds a sign that cannot be shown ({sign}): "
                "type it again instead of pasting it",
                what=what,
                sign=number,
            )
        )
    return text


def word_key(text: str) -> str:
    """The key of a word, which is the same for all its spellings.

    Example:
        >>> word_key("Straße") == word_key("STRASSE")
        True
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold())


HEADINGS = {
    **dict.fromkeys(("word", "words", "text", "phrase", "wort", "mot", "palabra"), "text"),
    **dict.fromkeys(("spoken", "spoken form", "pronunciation"), "spoken"),
    **dict.fromkeys(("note", "notes", "comment"), "note"),
}
"""Column names that a first line may have, and the field that each means."""

FIELDS = ("text", "spoken", "note")
"""The columns of a list without column names."""

_SEPARATORS = "\t;,"

_QUOTED = re.compile(r'"[^"]*"')


@dataclasses.dataclass(frozen=True, kw_only=True)
class WordEntry:
    """A line of a list of words."""

    text: str
    """The word as it is shown."""
    spoken: str | None = None
    """How the word is spoken; None takes the text."""
    note: str = ""
    """A note for the helper."""


def read_word_list(content: str) -> list[WordEntry]:
    r"""Read a list with a word on each line, or a table of words, spoken forms and notes.

    Columns are separated by commas, semicolons or tabs. A text with such a character must be in
    quotation marks. A first line that names the columns may change their order, and may name
    others, which are passed over.

    Args:
        content: The text of the list.

    Raises:
        UserError: A line is not a word or has too many columns; the message names the line. Or
            there is no word.

    Example:
        >>> read_word_list('Dr. Lee, doctor Lee\n"yes, please"')[1].text
        'yes, please'
        >>> [entry.spoken for entry in read_word_list("note;word;spoken\n;Dr. Lee;doctor Lee")]
        ['doctor Lee']
    """
    content = content.removeprefix("\ufeff")
    unquoted = _QUOTED.sub("", content)
    separator = next((sign for sign in _SEPARATORS if sign in unquoted), ",")
    lines = content.splitlines(
        keepends=True
    )  # a cell in quotation marks may continue on the next line
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)
    fields, entries = FIELDS, []
    try:
        for row in reader:
            cells = [" ".join(cell.split()) for cell in row]
            headings = [HEADINGS.get(cell.casefold(), "") for cell in cells]
            # A single word may be meant as one, unless others follow it.
            is_header = "text" in headings and (len(cells) > 1 or len(lines) > 2)
            if not entries and is_header:
                fields = tuple(headings)
            elif any(cells):
                entries.append(_entry(cells, fields))
    except (UserError, csv.Error) as error:
        raise UserError(
            Message(
                "line {line} of the list: {reason}", line=reader.line_num, reason=message_of(error)
            )
        ) from error
    if not entries:
        raise UserError(Message("expected at least one word in the list, got none"))
    return entries


def _entry(cells: Sequence[str], fields: Sequence[str]) -> WordEntry:
    if len(cells) > len(fields) and any(cells[len(fields) :]):
        raise UserError(
            Message(
                "expected a word, how it is spoken, and a note, got {count} parts: write each "
                'word on a line of its own, and a text with commas in "quotation marks"',
                count=len(cells),
            )
        )
    given = dict(zip(fields, cells, strict=False))
    spoken = given.get("spoken")
    return WordEntry(
        text=checked_text(given.get("text", "")),
        spoken=checked_text(spoken, "spoken form") if spoken else None,
        note=given.get("note", ""),
    )

"""What may be a word of a profile."""

import unicodedata

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

"""Reads the catalogues, for the pages and for what the server says itself."""

import contextlib
import contextvars
import functools
import gettext
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from videospace.runtime.messages import Message

FOLDER = Path(__file__).parent
SOURCE = "en"
"""The language in which the texts are written: its texts are the ids of the others."""

_SAMPLES = (*range(201), 1000, 10**6)
"""Numbers among which every plural form of every language occurs."""

current_language: contextvars.ContextVar[str] = contextvars.ContextVar("language", default=SOURCE)
"""The language of the request that is answered."""


@functools.cache
def languages() -> dict[str, str]:
    """Every language of the interface by its code, with its name in itself; English first.

    Example:
        >>> languages()["en"]
        'English'
    """
    codes = (SOURCE, *sorted(path.stem for path in FOLDER.glob("*.po")))
    names = {code: Locale.parse(code).get_display_name() or code for code in codes}
    return {code: name[:1].upper() + name[1:] for code, name in names.items()}


def chosen_language(header: str) -> str:
    """The language that a browser prefers of those that there are.

    Args:
        header: The header ``Accept-Language`` of a request, or a single language.

    Example:
        >>> chosen_language("xx, en-GB;q=0.8")
        'en'
        >>> chosen_language("")
        'en'
    """
    for tag in sorted(header.split(","), key=_weight, reverse=True):
        code = tag.partition(";")[0].strip().lower().replace("_", "-").partition("-")[0]
        if code in languages():
            return code
    return SOURCE


def _weight(tag: str) -> float:
    _, has_weight, given = tag.partition("q=")
    if not has_weight:
        return 1.0
    with contextlib.suppress(ValueError):
        return float(given)
    return 0.0


@functools.cache
def read_catalogue(language: str) -> Catalog:
    """The catalogue of a language, which is shared; an empty one for English.

    Args:
        language: One of :func:`languages`.
    """
    return load_catalogue(language)


def load_catalogue(language: str) -> Catalog:
    """The same as a copy of one's own, which may be changed."""
    if language == SOURCE:
        return Catalog(locale=SOURCE)
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


@functools.cache
def page_words(language: str) -> dict[str, Any]:
    """All that a page needs to speak a language.

    Args:
        language: One of :func:`languages`.

    Returns:
        The language, the direction in which it is written, the names of all languages, and for each
        English text the translation, or one for each plural category of ``Intl.PluralRules``.

    Example:
        >>> page_words("en")["direction"]
        'ltr'
    """
    forms = plural_forms(language)
    messages = {}
    for message in read_catalogue(language):
        if not message.id or message.fuzzy or not message.string:
            continue
        if isinstance(message.id, tuple):
            strings = message.string
            messages[message.id[0]] = {
                category: strings[index] for category, index in forms.items()
            }
        else:
            messages[message.id] = message.string
    return {
        "language": language,
        "direction": Locale.parse(language).text_direction,
        "languages": languages(),
        "messages": messages,
    }


def plural_forms(language: str) -> dict[str, int]:
    """Which form of a catalogue each plural category means.

    Args:
        language: One of :func:`languages`.

    Example:
        >>> plural_forms("en")
        {'one': 0, 'other': 1}
    """
    rule = Locale.parse(language).plural_form
    form = gettext.c2py(read_catalogue(language).plural_expr)
    found: dict[str, int] = {}
    for number in _SAMPLES:
        found.setdefault(rule(number), form(number))
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def translated(text: Any, language: str | None = None) -> Any:
    """A text in another language, if it is a :class:`Message` whose translation is known.

    Args:
        text: What the server says; anything else is returned as it is.
        language: One of :func:`languages`; None is that of the request.

    Example:
        >>> translated(Message("too dark"), "en")
        'too dark'
    """
    if not isinstance(text, Message):
        return text
    language = current_language.get() if language is None else language
    found = read_catalogue(language).get(text.template)
    if found is None or not found.string or found.fuzzy:
        return str(text)
    values = {name: translated(value, language) for name, value in text.values.items()}
    return str(found.string).format(**values)

"""Texts for people: counts with their nouns, and texts of others that a terminal may show."""

import re

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line separators, overrides of the direction of text, lone surrogates."""


def escaped(text: str) -> str:
    r"""A text on one line, in which what would control a terminal is written as in Python.

    Example:
        >>> print(escaped("a clip\n\x1b[2J"))
        a clip\n\x1b[2J
    """
    return _UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text)


def counted(number: int, noun: str) -> str:
    """A number with its noun in the singular or plural.

    Example:
        >>> counted(1, "clip"), counted(2, "clip")
        ('1 clip', '2 clips')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

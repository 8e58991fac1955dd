"""Words that look alike on the lips, to warn of confusions before they happen."""

import dataclasses
from collections.abc import Iterable, Sequence

from videospace.lipreading.phonetics.visemes import visemes

NEARLY_ALIKE = 0.2
"""Words that differ in at most this fraction of their mouth shapes count as look-alikes."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LookAlike:
    """A word that is hard to tell from another one by the lips."""

    word: str
    """The other word."""
    difference: float
    """Fraction of mouth shapes that differ, in [0, 1]; 0 is a homophene, which nobody can tell
    apart by the lips."""


def look_alikes(
    spoken: str,
    others: Iterable[tuple[str, str]],
    *,
    language: str = "en-us",
    limit: float = NEARLY_ALIKE,
) -> list[LookAlike]:
    """Find words that look like a given one.

    Args:
        spoken: The given word as it is spoken.
        others: Pairs of another word and how it is spoken.
        language: An espeak-ng voice.
        limit: The largest difference to report, in [0, 1].

    Returns:
        The most similar first; empty where the mouth shapes of a word are not known.

    Example:
        >>> [found.word for found in look_alikes("mat", [("bad", "bad"), ("water", "water")])]
        ['bad']
    """
    shapes = visemes(spoken, language)
    found = [
        LookAlike(word=word, difference=shape_difference(shapes, visemes(other, language)))
        for word, other in others
    ]
    return sorted((item for item in found if item.difference <= limit), key=lambda i: i.difference)


def shape_difference(one: Sequence[str], other: Sequence[str]) -> float:
    """Measure how much two sequences of mouth shapes differ.

    Args:
        one: Shapes of a word, in order.
        other: Shapes of another word.

    Returns:
        The edit distance over the length of the longer sequence, in [0, 1]; 1 where one is empty.

    Example:
        >>> shape_difference("abcde", "abxde")
        0.2

    Source: Levenshtein (1966).
    """
    if not one or not other:
        return 1.0
    previous = list(range(len(other) + 1))
    for row, shape in enumerate(one, start=1):
        current = [row]
        for column, other_shape in enumerate(other, start=1):
            replaced = previous[column - 1] + (shape != other_shape)
            current.append(min(replaced, previous[column] + 1, current[-1] + 1))
        previous = current
    return previous[-1] / max(len(one), len(other))

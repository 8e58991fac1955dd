"""Words that look alike on the lips, named before they are confused."""

import dataclasses
from collections.abc import Iterable, Sequence

from videospace.lipreading.phonetics.visemes import visemes

NEARLY_ALIKE = 0.2
"""Share of mouth shapes by which words may differ and still be named."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LookAlike:
    """A word that is hard to tell from another one by the lips."""

    word: str
    """The other word."""
    difference: float
    """Share of mouth shapes that differ, in [0, 1]; 0 is a homophene: no lipreader can tell."""


def look_alikes(
    spoken: str,
    others: Iterable[tuple[str, str]],
    *,
    language: str = "en-us",
    limit: float = NEARLY_ALIKE,
) -> list[LookAlike]:
    """Find words that look like a given one.

    Args:
        spoken: How the given word is spoken.
        others: Pairs of another word and how that is spoken.
        language: An espeak-ng voice.
        limit: The largest difference to name, in [0, 1].

    Returns:
        The most alike first; none where nothing is known about how a word looks.

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
    """How much two rows of mouth shapes differ.

    Args:
        one: Shapes in order.
        other: The same of another word.

    Returns:
        Edit distance over the length of the longer row, in [0, 1]; 1 where a row is empty.

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

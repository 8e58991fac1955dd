"""Reading the units that words are made of, such as visemes, off the frames."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from videospace.lipreading.phonetics.visemes import visemes

MIN_SHARED = 3
"""Phrases that each of their words must stand in, to be learned word by word."""


def spell(spoken: Mapping[str, str], language: str = "en-us") -> dict[str, tuple[str, ...]]:
    """What each word of a vocabulary is made of.

    Phrases that share their words, such as letters with digits, are made of these: every clip of a
    phrase then teaches its parts to all others. Anything else is made of visemes.

    Args:
        spoken: How each word or phrase is spoken.
        language: An espeak-ng voice, for the visemes.

    Example:
        >>> spell({"one": "me", "two": "you"})["one"]
        ('lips together', 'mouth spread')
        >>> shared = [f"{letter} {digit}" for letter in "abc" for digit in "123"]
        >>> spell({phrase: phrase for phrase in shared})["b 2"]
        ('b', '2')
    """
    parts = shared_parts(spoken.values())
    if parts.keys() == set(spoken.values()):
        return {word: parts[text] for word, text in spoken.items()}
    return {word: visemes(text, language) for word, text in spoken.items()}


def shared_parts(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The words of those phrases of a vocabulary that share all of their words.

    A word is shared where it stands at the same place of several phrases of as many words.

    Args:
        texts: The words and phrases, in any order and number.

    Returns:
        The words of each such phrase; all others are left out.

    Example:
        >>> texts = ["yes", *(f"{letter} {digit}" for letter in "abc" for digit in "123")]
        >>> shared_parts(texts)["b 2"]
        ('b', '2')
    """
    parts = {text: tuple(text.casefold().split()) for text in texts}
    counts = Counter(place for of_text in parts.values() for place in places(of_text))
    return {
        text: of_text
        for text, of_text in parts.items()
        if len(of_text) > 1 and min(counts[place] for place in places(of_text)) >= MIN_SHARED
    }


def places(parts: Sequence[str]) -> list[tuple[str, int, int]]:
    """The parts of a phrase with where they stand: the part, its number, and of how many."""
    return [(part, number, len(parts)) for number, part in enumerate(parts)]


def unit_names(units_of: Mapping[str, Sequence[str]], words: Sequence[str]) -> list[str]:
    """All units of some words, in order of first appearance.

    Example:
        >>> unit_names({"mama": ["m", "a", "m", "a"]}, ["mama", "unknown"])
        ['m', 'a']
    """
    return list(dict.fromkeys(unit for word in words for unit in units_of.get(word, ())))


def unit_loss(
    logits: Float[Tensor, "clip time unit"],
    lengths: Int[Tensor, " clip"],
    spellings: Sequence[Sequence[int]],
) -> Float[Tensor, ""]:
    """How badly the frames explain the units of each clip; clips without units do not count.

    Args:
        logits: Of "no unit" (first) and of every unit.
        lengths: Frames of each clip.
        spellings: Units of each clip, counted from 1; empty where they are not known.

    Source: Graves et al., "Connectionist temporal classification", 2006.
    """
    rows = [row for row, spelling in enumerate(spellings) if spelling]
    if not rows:
        return logits.sum() * 0
    targets = torch.tensor([unit for row in rows for unit in spellings[row]], device=logits.device)
    sizes = torch.tensor([len(spellings[row]) for row in rows])
    return functional.ctc_loss(
        logits[rows].log_softmax(-1).transpose(0, 1),
        targets,
        lengths[rows].cpu(),
        sizes,
        zero_infinity=True,
    )

"""Units: the parts of words, such as visemes, that a model can read frame by frame."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from videospace.lipreading.phonetics.visemes import visemes

MIN_SHARED = 3
"""Number of phrases in which a word must be at the same position, to count as shared."""


def spell(spoken: Mapping[str, str], language: str = "en-us") -> dict[str, tuple[str, ...]]:
    """Divide each word of a vocabulary into units.

    Where all phrases share their words, such as letters with digits, these words are the units, so
    that a clip of a phrase helps to recognize every phrase with one of its words. Otherwise the
    units are visemes.

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
    parts = overlapping_phrases(spoken.values())
    if parts.keys() == set(spoken.values()):
        return {word: parts[text] for word, text in spoken.items()}
    return {word: visemes(text, language) for word, text in spoken.items()}


def overlapping_phrases(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Divide the phrases that share all of their words into these words.

    A word is shared where it has the same position in several phrases of the same length.

    Args:
        texts: The words and phrases, in any order and number.

    Returns:
        The words of each such phrase, without the other texts.

    Example:
        >>> texts = ["yes", *(f"{letter} {digit}" for letter in "abc" for digit in "123")]
        >>> overlapping_phrases(texts)["b 2"]
        ('b', '2')
    """
    parts = {text: tuple(text.casefold().split()) for text in texts}
    counts = Counter(at for of_text in parts.values() for at in part_positions(of_text))
    return {
        text: of_text
        for text, of_text in parts.items()
        if len(of_text) > 1 and min(counts[at] for at in part_positions(of_text)) >= MIN_SHARED
    }


def part_positions(parts: Sequence[str]) -> list[tuple[str, int, int]]:
    """The parts of a phrase with their positions: part, index, and number of parts."""
    return [(part, number, len(parts)) for number, part in enumerate(parts)]


def unit_names(units_of: Mapping[str, Sequence[str]], words: Sequence[str]) -> list[str]:
    """List the units of some words in order of first appearance.

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
    """CTC loss of the units of each clip; clips without units do not count.

    Args:
        logits: For each frame, of "no unit" (first) and of every unit.
        lengths: Frames of each clip.
        spellings: Units of each clip as numbers from 1 on; empty where they are not known.

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

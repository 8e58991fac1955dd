"""Reading the units that words are made of, such as visemes, off the frames."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional


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

"""Progressive training: on a few clips first, then on ten times as many (thesis 3.2.3)."""

from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from videospace.runtime.random import random_stream


class Stage(NamedTuple):
    """A stage of the curriculum."""

    index: int  # pyright: ignore[reportIncompatibleMethodOverride]
    num_clips: int
    is_last: bool


def curriculum_order(
    seed: int, num_clips: int, use_curriculum: bool = True
) -> Int[Tensor, " clip"]:
    """The order in which clips join the training.

    It is random, since neighboring clips of a store come from the same file. Without a curriculum
    it is the order of the store.
    """
    if not use_curriculum:
        return torch.arange(num_clips)
    return torch.randperm(num_clips, generator=random_stream(seed, "curriculum"))


def stage_sizes(num_clips: int) -> list[int]:
    """Number of clips of every stage: powers of ten below the number of clips, then all of them.

    Each stage contains the clips of the one before.

    Example:
        >>> stage_sizes(270)
        [1, 10, 100, 270]

    Source: thesis Eq. 3.4–3.5; INR-V appendix A.2, min(10^i, N).
    """
    sizes, size = [], 1
    while size < num_clips:
        sizes.append(size)
        size *= 10
    return [*sizes, num_clips]


def stage_at(num_clips: int, index: int) -> Stage:
    """Return the stage with a given index."""
    sizes = stage_sizes(num_clips)
    return Stage(index, sizes[index], index == len(sizes) - 1)


def next_stage_index(num_clips: int, index: int, error: float, threshold: float = 1e-3) -> int:
    """Choose the stage of the next step.

    Args:
        num_clips: Number of clips of the whole training set.
        index: Index of the current stage.
        error: Reconstruction error of that stage.
        threshold: A stage ends when the error falls below this value; the last one never ends.

    Returns:
        The same index or the next one.

    Example:
        >>> next_stage_index(270, 0, error=5e-4), next_stage_index(270, 0, error=5e-3)
        (1, 0)
    """
    return index if stage_at(num_clips, index).is_last or error >= threshold else index + 1

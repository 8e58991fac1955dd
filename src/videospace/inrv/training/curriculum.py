"""Progressive training: on a few clips first, then on ten times as many (thesis 3.2.3)."""

from typing import NamedTuple


class Stage(NamedTuple):
    """Where the curriculum stands."""

    index: int  # pyright: ignore[reportIncompatibleMethodOverride]
    num_clips: int
    is_last: bool


def stage_sizes(num_clips: int) -> list[int]:
    """Clips of every stage: powers of ten below the number of clips, then all of them.

    The order of the clips is kept, so that each stage contains the one before.

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
    """The stage with a given index."""
    sizes = stage_sizes(num_clips)
    return Stage(index, sizes[index], index == len(sizes) - 1)


def next_stage_index(num_clips: int, index: int, error: float, threshold: float = 1e-3) -> int:
    """The stage to continue with after seeing the current reconstruction error.

    Args:
        num_clips: Clips in the whole training set.
        index: The stage in progress.
        error: Reconstruction error of that stage.
        threshold: A stage ends when the error falls below this; the last one never ends.

    Returns:
        The same index or the one after it.

    Example:
        >>> next_stage_index(270, 0, error=5e-4), next_stage_index(270, 0, error=5e-3)
        (1, 0)
    """
    return index if stage_at(num_clips, index).is_last or error >= threshold else index + 1

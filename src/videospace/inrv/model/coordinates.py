"""Where the samples of a video lie: coordinates (t, h, w) in [-1, 1]."""

import dataclasses
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.runtime.renamed import renamed

Placement = Literal["ends", "centers"]


@renamed(values={"time": {"centres": "centers"}, "space": {"centres": "centers"}})
@dataclasses.dataclass(frozen=True, kw_only=True)
class CoordinatesConfig:
    """How the samples of an axis are placed on [-1, 1]."""

    time: Placement = "ends"
    """``ends``: the first and last frame lie on -1 and 1, so that 2T-1 frames contain the T."""
    space: Placement = "centers"
    """``centers``: a sample is the middle of its pixel, so that renders of any size line up."""


def axis_coordinates(num: int, placement: Placement) -> Float[Tensor, " num"]:
    """Equally spaced samples of one axis.

    Args:
        num: Number of samples, at least 1. A single sample lies in the middle, on 0.
        placement: ``ends`` puts samples on -1 and 1, ``centers`` in the middles of num cells.

    Returns:
        float32, increasing, in [-1, 1].

    Example:
        >>> axis_coordinates(4, "centers").tolist()
        [-0.75, -0.25, 0.25, 0.75]
        >>> axis_coordinates(3, "ends").tolist()
        [-1.0, 0.0, 1.0]
    """
    if placement == "centers" or num == 1:
        return (2 * torch.arange(num, dtype=torch.float64) + 1).div(num).sub(1).float()
    return torch.linspace(-1, 1, num, dtype=torch.float64).float()


def grid_axes(
    size: tuple[int, int, int], config: CoordinatesConfig
) -> tuple[Float[Tensor, " time"], Float[Tensor, " height"], Float[Tensor, " width"]]:
    """The three axes of a (time, height, width) grid of samples."""
    num_frames, height, width = size
    return (
        axis_coordinates(num_frames, config.time),
        axis_coordinates(height, config.space),
        axis_coordinates(width, config.space),
    )

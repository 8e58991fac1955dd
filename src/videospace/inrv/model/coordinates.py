"""Coordinates (t, h, w) of the samples of a video, each in [-1, 1]."""

import dataclasses
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.runtime.reading.renamed import renamed

Placement = Literal["ends", "centers"]


@renamed(values={"time": {"centres": "centers"}, "space": {"centres": "centers"}})
@dataclasses.dataclass(frozen=True, kw_only=True)
class CoordinatesConfig:
    """Where the samples of an axis lie on [-1, 1].

    Example:
        >>> CoordinatesConfig(space="ends").time
        'ends'
    """

    time: Placement = "ends"
    """``ends``: the first and last frame lie on -1 and 1, so that a render with 2T-1 frames
    contains the T original ones."""
    space: Placement = "centers"
    """``centers``: samples lie in the centers of the pixels, so that renders of different sizes
    line up."""


def axis_coordinates(num: int, placement: Placement) -> Float[Tensor, " num"]:
    """The coordinates of equally spaced samples.

    Args:
        num: Number of samples, at least 1. A single sample lies at 0.
        placement: ``ends`` puts the first and last sample on -1 and 1; ``centers`` divides [-1, 1]
            into ``num`` cells and puts a sample in the center of each.

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
    """The coordinates along the three axes of a grid.

    Args:
        size: Frames, height and width in px.
        config: Where the samples lie.

    Returns:
        Coordinates along time, height and width.
    """
    num_frames, height, width = size
    return (
        axis_coordinates(num_frames, config.time),
        axis_coordinates(height, config.space),
        axis_coordinates(width, config.space),
    )

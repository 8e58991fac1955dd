"""The periodic positional encoding of coordinates, computed for each axis separately."""

import dataclasses
import math
from typing import Annotated

import torch
from jaxtyping import Float, Int
from msgspec import Meta
from torch import Tensor

from videospace.runtime.reading.bounds import check_bounds

NumOctaves = Annotated[int, Meta(ge=0, le=32)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class EncodingConfig:
    """Number of octaves for each axis. The highest has ``2 ** (octaves - 1)`` cycles over [-1, 1].

    Departs: The publication uses 10 octaves for every axis, which is 512 cycles across a frame
    of 100 pixels. All presets but ``paper`` stay below the sampling limit of the clips.
    """

    time_octaves: NumOctaves = 4
    """Octaves of t; with 0 the encoding is t itself."""
    height_octaves: NumOctaves = 4
    """Octaves of h."""
    width_octaves: NumOctaves = 4
    """Octaves of w."""

    __post_init__ = check_bounds

    @property
    def octaves(self) -> tuple[int, int, int]:
        """Octaves in the order t, h, w."""
        return self.time_octaves, self.height_octaves, self.width_octaves

    @property
    def axis_widths(self) -> tuple[int, int, int]:
        """Widths of the encodings of t, h and w."""
        time, height, width = (1 + 2 * octaves for octaves in self.octaves)
        return time, height, width


def encode_axis(coordinates: Float[Tensor, " num"], octaves: int) -> Float[Tensor, "num feature"]:
    """Encode coordinates of one axis: the coordinate itself, then the sines, then the cosines.

    Args:
        coordinates: In [-1, 1].
        octaves: Number of angular frequencies ``2 ** k * pi``, k = 0, 1, ...

    Returns:
        ``feature = 1 + 2 * octaves`` numbers in [-1, 1].

    Example:
        >>> encode_axis(torch.tensor([0.5]), 1)
        tensor([[ 5.0000e-01,  1.0000e+00, -4.3711e-08]])

    Source: Mildenhall et al. (2020), Eq. 4, with the coordinate itself; INR-V appendix A.2.
    """
    frequencies = math.pi * 2.0 ** torch.arange(octaves, dtype=torch.float32)
    angles = coordinates[:, None] * frequencies.to(coordinates.device)
    return torch.cat([coordinates[:, None], angles.sin(), angles.cos()], dim=1)


AxisTables = tuple[
    Float[Tensor, "time feature_t"],
    Float[Tensor, "height feature_h"],
    Float[Tensor, "width feature_w"],
]
"""The encodings of the samples of each axis of a grid, a row for each sample."""


def encode_axes(axes: tuple[Tensor, Tensor, Tensor], config: EncodingConfig) -> AxisTables:
    """Encode the coordinates along the three axes of a grid.

    Args:
        axes: Coordinates along time, height and width, in [-1, 1].
        config: Octaves of each axis.
    """
    time, height, width = (
        encode_axis(axis, octaves) for axis, octaves in zip(axes, config.octaves, strict=True)
    )
    return time, height, width


def gather_points(
    tables: AxisTables, points: Int[Tensor, "*batch point"]
) -> Float[Tensor, "*batch point feature"]:
    """Look up the encodings of points of a grid.

    Args:
        tables: Of the grid's axes.
        points: Indices into the flattened (t, h, w) grid.

    Returns:
        The encodings of t, h and w of each point, one after the other.
    """
    time, height, width = tables
    row, w = points.div(len(width), rounding_mode="floor"), points.remainder(len(width))
    t, h = row.div(len(height), rounding_mode="floor"), row.remainder(len(height))
    return torch.cat([time[t], height[h], width[w]], dim=-1)

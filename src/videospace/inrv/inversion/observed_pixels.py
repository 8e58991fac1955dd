"""The observed pixels of contexts: drawing some at random, and the error of a render on them."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor
from torch.nn import functional

from videospace.inrv.inversion.contexts import Context, common_size
from videospace.inrv.model.inrv_model import InrvModel
from videospace.inrv.model.positional_encoding import AxisTables, gather_points

LEAST_OBSERVED_FRACTION = 0.05
"""Lower bound of the observed fraction, which divides the weight of the prior."""

CELLS = 8
"""Cells along either side of a frame, each of which counts as observed or not."""


def observed_cells(
    observed: Bool[np.ndarray, "time height width"],
) -> Bool[Tensor, "time row column"]:
    """Whether each of 8×8 cells of every frame (fewer in smaller frames) has an observed pixel."""
    size = tuple(min(CELLS, side) for side in observed.shape[1:])
    return functional.adaptive_max_pool2d(torch.tensor(observed).float(), size) > 0


def observed_cell_fraction(observed: Bool[np.ndarray, "time height width"]) -> float:
    """Fraction of the 8×8 cells of all frames that have an observed pixel.

    Cells are counted instead of pixels because neighboring pixels are nearly alike.

    Args:
        observed: True where a pixel is observed.

    Returns:
        A fraction in [0.05, 1].

    Example:
        >>> observed = np.zeros((4, 16, 16), bool)
        >>> observed[:2, ::2, ::2] = True
        >>> observed_cell_fraction(observed)
        0.5
    """
    return max(LEAST_OBSERVED_FRACTION, observed_cells(observed).float().mean().item())


class ObservedPixels:
    """The observed pixels of contexts on a device, and the grid on which they are rendered.

    A context that is coarser than the model's clips is rendered on the finer grid. Each of its
    pixels is then compared with the mean of the rendered points that it covers.

    Args:
        contexts: Contexts of one size.
        model: The model that encodes the grid.
        frame_size: Height and width in px of the clips that the model was trained on.
        device: Device of the tensors.
    """

    def __init__(
        self,
        contexts: Sequence[Context],
        model: InrvModel,
        frame_size: tuple[int, int],
        device: torch.device,
    ):
        time, height, width = common_size(contexts)
        self.size = (time, height, width)
        self.filter = tuple(
            max(1, round(fine / side))
            for fine, side in zip(frame_size, (height, width), strict=True)
        )
        self.tables: AxisTables = model.axis_tables(
            (time, height * self.filter[0], width * self.filter[1]), device
        )
        grid_indices = [np.flatnonzero(context.observed) for context in contexts]
        counts = torch.from_numpy(
            np.stack([context.observed.sum(axis=(1, 2)) for context in contexts])
        )
        ends = counts.flatten().cumsum(0).view(counts.shape)
        self.counts: Int[Tensor, "context time"] = counts.to(device)
        self.starts: Int[Tensor, "context time"] = (ends - counts).to(device)
        self.grid_indices: Int[Tensor, " pixel"] = torch.from_numpy(
            np.concatenate(grid_indices)
        ).to(device)
        self.target_colors: UInt8[Tensor, "pixel 3"] = torch.from_numpy(
            np.concatenate([context.video[context.observed] for context in contexts])
        ).to(device)
        self.observed_fractions = torch.tensor(
            [observed_cell_fraction(context.observed) for context in contexts]
        )
        self.observed_fractions = self.observed_fractions.to(device)
        self.weights: Float[Tensor, " pixel"] | None = None
        if any(context.weight is not None for context in contexts):
            parts = [
                np.ones(len(indices), np.float32)
                if context.weight is None
                else context.weight[context.observed].astype(np.float32)
                for context, indices in zip(contexts, grid_indices, strict=True)
            ]
            self.weights = torch.from_numpy(np.concatenate(parts)).to(device)

    def draw_frames(
        self, clips: Int[Tensor, " row"], generator: torch.Generator
    ) -> Int[Tensor, " row"]:
        """Draw a frame of each clip, in proportion to its number of observed pixels.

        Args:
            clips: Indices of contexts, which may repeat.
            generator: On the CPU.
        """
        _, height, width = self.size
        pixel = self.grid_indices[self.draw(clips, 1, generator)[:, 0]]
        return pixel.div(height * width, rounding_mode="floor")

    def draw(
        self,
        clips: Int[Tensor, " row"],
        num_points: int,
        generator: torch.Generator,
        frames: Int[Tensor, " row"] | None = None,
    ) -> Int[Tensor, "row pixel"]:
        """Draw observed pixels of clips, with equal probability and replacement.

        Args:
            clips: Indices of contexts, which may repeat.
            num_points: Points to render for each row; a filtered pixel needs several of them.
            generator: On the CPU.
            frames: Frame of each row; None draws from all frames.

        Returns:
            Numbers of observed pixels, counted over all contexts.
        """
        num_pixels = max(1, num_points // (self.filter[0] * self.filter[1]))
        chance = torch.rand(len(clips), num_pixels, generator=generator).to(clips.device)
        if frames is None:
            counts, starts = self.counts[clips].sum(dim=1, keepdim=True), self.starts[clips, :1]
        else:
            counts, starts = self.counts[clips, frames, None], self.starts[clips, frames, None]
        return starts + (chance * counts).long().clamp(max=counts - 1)

    def encoded(self, pixels: Int[Tensor, "row pixel"]) -> Float[Tensor, "row point feature"]:
        """Encode all points that the filter of each pixel covers."""
        _, height, width = self.size
        rows, columns = self.filter
        index = self.grid_indices[pixels]
        line, w = index.div(width, rounding_mode="floor"), index.remainder(width)
        t, h = line.div(height, rounding_mode="floor"), line.remainder(height)
        fine_h = h[..., None, None] * rows + torch.arange(rows, device=h.device)[:, None]
        fine_w = w[..., None, None] * columns + torch.arange(columns, device=w.device)
        line = t[..., None, None] * (height * rows) + fine_h
        return gather_points(self.tables, (line * (width * columns) + fine_w).flatten(1))

    def filtered(self, colors: Float[Tensor, "row point 3"]) -> Float[Tensor, "row pixel 3"]:
        """Average the rendered points of each pixel."""
        return colors.unflatten(1, (-1, self.filter[0] * self.filter[1])).mean(dim=2)

    def errors(
        self, colors: Float[Tensor, "row point 3"], pixels: Int[Tensor, "row pixel"]
    ) -> tuple[Float[Tensor, " row"], Float[Tensor, " row"]]:
        """Weighted mean squared and mean absolute error of every row, of colors in [-1, 1]."""
        target = self.target_colors[pixels].float().div(127.5).sub(1)
        difference = self.filtered(colors) - target
        squared, absolute = difference.square().mean(dim=2), difference.abs().mean(dim=2)
        if self.weights is None:
            return squared.mean(dim=1), absolute.mean(dim=1)
        weight = self.weights[pixels]
        total = weight.sum(dim=1).clamp(min=1e-12)
        return (squared * weight).sum(dim=1) / total, (absolute * weight).sum(dim=1) / total

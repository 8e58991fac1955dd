"""The observed pixels of some contexts, drawn at random and compared with what INRs render."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor
from torch.nn import functional

from videospace.inrv.inversion.contexts import Context, common_size
from videospace.inrv.model.encoding import AxisTables, gather_points
from videospace.inrv.model.inrv_model import InrvModel

LEAST_SHARE_SEEN = 0.05
"""Contexts that show less of a clip count as showing so much, or nothing of them would count."""

CELLS = 8
"""Cells along either side of a frame in which something is seen, or nothing."""


def cells_seen(
    observed: Bool[np.ndarray, "time height width"],
) -> Bool[Tensor, "time row column"]:
    """Whether anything is seen in each of 8×8 cells of every frame; of as many as it has pixels."""
    size = tuple(min(CELLS, side) for side in observed.shape[1:])
    return functional.adaptive_max_pool2d(torch.tensor(observed).float(), size) > 0


def share_seen(observed: Bool[np.ndarray, "time height width"]) -> float:
    """How much of a clip is seen, where neighboring pixels hardly say more than one of them.

    Args:
        observed: The pixels that are seen.

    Returns:
        The share of the cells of all frames, 8×8 each, in which at least one pixel is, in
        [0.05, 1].

    Example:
        >>> observed = np.zeros((4, 16, 16), bool)
        >>> observed[:2, ::2, ::2] = True
        >>> share_seen(observed)
        0.5
    """
    return max(LEAST_SHARE_SEEN, cells_seen(observed).float().mean().item())


class ObservedPoints:
    """Contexts of one size on a device, and the finer grid on which they are rendered.

    A context that is coarser than the model's clips is compared with means of the finer points
    that each of its pixels covers, so that what is inverted agrees with it after the same filter.

    Args:
        contexts: All of one size.
        model: Encodes the grid.
        frame_size: Height and width in px of the clips that the model was trained on.
        device: Where to compute.
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
        seen = [np.flatnonzero(context.observed) for context in contexts]
        counts = torch.from_numpy(
            np.stack([context.observed.sum(axis=(1, 2)) for context in contexts])
        )
        ends = counts.flatten().cumsum(0).view(counts.shape)
        self.counts: Int[Tensor, "context time"] = counts.to(device)
        self.starts: Int[Tensor, "context time"] = (ends - counts).to(device)
        self.points: Int[Tensor, " seen"] = torch.from_numpy(np.concatenate(seen)).to(device)
        self.pixels: UInt8[Tensor, "seen 3"] = torch.from_numpy(
            np.concatenate([context.video[context.observed] for context in contexts])
        ).to(device)
        self.shares_seen = torch.tensor([share_seen(context.observed) for context in contexts])
        self.shares_seen = self.shares_seen.to(device)
        self.weights: Float[Tensor, " seen"] | None = None
        if any(context.weight is not None for context in contexts):
            parts = [
                np.ones(len(points), np.float32)
                if context.weight is None
                else context.weight[context.observed].astype(np.float32)
                for context, points in zip(contexts, seen, strict=True)
            ]
            self.weights = torch.from_numpy(np.concatenate(parts)).to(device)

    def draw_frames(
        self, clips: Int[Tensor, " row"], generator: torch.Generator
    ) -> Int[Tensor, " row"]:
        """A frame of each clip, as likely as its share of the clip's observed pixels.

        Args:
            clips: Which contexts; one may stand in several rows.
            generator: Source of chance, on the CPU.
        """
        _, height, width = self.size
        pixel = self.points[self.draw(clips, 1, generator)[:, 0]]
        return pixel.div(height * width, rounding_mode="floor")

    def draw(
        self,
        clips: Int[Tensor, " row"],
        num_points: int,
        generator: torch.Generator,
        frames: Int[Tensor, " row"] | None = None,
    ) -> Int[Tensor, "row pixel"]:
        """Observed pixels of clips, with equal probability and replacement.

        Args:
            clips: Which contexts; one may stand in several rows.
            num_points: Rendered points for each row; a filtered pixel costs several of them.
            generator: Source of chance, on the CPU.
            frames: Of which frame each row is to be; None: of all frames.

        Returns:
            Places in :attr:`points`.
        """
        num_pixels = max(1, num_points // (self.filter[0] * self.filter[1]))
        chance = torch.rand(len(clips), num_pixels, generator=generator).to(clips.device)
        if frames is None:
            counts, starts = self.counts[clips].sum(dim=1, keepdim=True), self.starts[clips, :1]
        else:
            counts, starts = self.counts[clips, frames, None], self.starts[clips, frames, None]
        return starts + (chance * counts).long().clamp(max=counts - 1)

    def encoded(self, places: Int[Tensor, "row pixel"]) -> Float[Tensor, "row point feature"]:
        """Encodings of all points that the filter of each pixel covers."""
        _, height, width = self.size
        rows, columns = self.filter
        points = self.points[places]
        line, w = points.div(width, rounding_mode="floor"), points.remainder(width)
        t, h = line.div(height, rounding_mode="floor"), line.remainder(height)
        fine_h = h[..., None, None] * rows + torch.arange(rows, device=h.device)[:, None]
        fine_w = w[..., None, None] * columns + torch.arange(columns, device=w.device)
        line = t[..., None, None] * (height * rows) + fine_h
        return gather_points(self.tables, (line * (width * columns) + fine_w).flatten(1))

    def filtered(self, colors: Float[Tensor, "row point 3"]) -> Float[Tensor, "row pixel 3"]:
        """Rendered points as the observed pixels see them."""
        return colors.unflatten(1, (-1, self.filter[0] * self.filter[1])).mean(dim=2)

    def errors(
        self, colors: Float[Tensor, "row point 3"], places: Int[Tensor, "row pixel"]
    ) -> tuple[Float[Tensor, " row"], Float[Tensor, " row"]]:
        """Mean squared and mean absolute error of every row, weighted, on the range [-1, 1]."""
        target = self.pixels[places].float().div(127.5).sub(1)
        difference = self.filtered(colors) - target
        squared, absolute = difference.square().mean(dim=2), difference.abs().mean(dim=2)
        if self.weights is None:
            return squared.mean(dim=1), absolute.mean(dim=1)
        weight = self.weights[places]
        total = weight.sum(dim=1).clamp(min=1e-12)
        return (squared * weight).sum(dim=1) / total, (absolute * weight).sum(dim=1) / total

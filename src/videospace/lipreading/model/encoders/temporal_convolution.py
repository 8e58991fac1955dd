"""Convolutions over time that ignore the padding, for the temporal networks of LTCN and DC-TCN."""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from videospace.lipreading.model.encoders.encoder import spread
from videospace.lipreading.model.encoders.frame_network import Activation, new_activation

Rows = Float[Tensor, "frame channel"]
"""Frames of all clips of a batch, as rows without the padding."""
Mask = Bool[Tensor, "clip time"]

KERNEL_SIZES = 3, 5, 7
"""Kernel sizes of the branches, as published for both networks."""


def convolve(
    convolution: nn.Conv1d, rows: Float[Tensor, "frame before"], mask: Mask
) -> Float[Tensor, "frame after"]:
    """Run a convolution over the frames of each clip, with zeros before and after the clip."""
    return convolution(spread(rows, mask).mT).mT[mask]


class Branch(nn.Module):
    """A convolution, batch normalization and an activation."""

    def __init__(
        self, before: int, after: int, size: int, dilation: int, activation: Activation
    ) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(before, after, size, padding="same", dilation=dilation)
        self.norm = nn.BatchNorm1d(after)
        self.activation = new_activation(activation, after)

    def forward(
        self, rows: Float[Tensor, "frame before"], mask: Mask
    ) -> Float[Tensor, "frame after"]:
        """Compute features of every frame from its neighborhood."""
        return self.activation(self.norm(convolve(self.convolution, rows, mask)))


class MultiscaleBlock(nn.Module):
    """Two rounds of three branches with kernels of 3, 5 and 7 frames, beside a linear shortcut.

    Source: Martinez et al. (2020), "Lipreading using temporal convolutional networks", Fig. 2.

    Args:
        before: Features of a frame before the block.
        after: Features of a frame after the block; a multiple of three.
        dilation: Dilation of the branches, in frames.
        activation: Activation of all layers.
        dropout: Fraction that is dropped in training after each round.
        gates: Makes a gate before each branch of the first round; None for no gates.
    """

    def __init__(
        self,
        before: int,
        after: int,
        *,
        dilation: int,
        activation: Activation,
        dropout: float,
        gates: Callable[[int], nn.Module] | None = None,
    ) -> None:
        super().__init__()
        each = after // len(KERNEL_SIZES)
        self.first, self.second = (
            nn.ModuleList(Branch(width, each, size, dilation, activation) for size in KERNEL_SIZES)
            for width in (before, after)
        )
        self.gates = nn.ModuleList(gates(before) for _ in KERNEL_SIZES) if gates else None
        self.dropout = nn.Dropout(dropout)
        self.shortcut = nn.Conv1d(before, after, 1)
        self.activation = new_activation(activation, after)

    def forward(
        self, rows: Float[Tensor, "frame before"], mask: Mask
    ) -> Float[Tensor, "frame after"]:
        """Compute features of every frame from its neighborhood at three scales."""
        views = (
            [gate(rows, mask) for gate in self.gates] if self.gates else [rows] * len(KERNEL_SIZES)
        )
        first = [branch(view, mask) for branch, view in zip(self.first, views, strict=True)]
        middle = self.dropout(torch.cat(first, 1))
        second = [branch(middle, mask) for branch in self.second]
        outcome = self.dropout(torch.cat(second, 1))
        return self.activation(outcome + convolve(self.shortcut, rows, mask))

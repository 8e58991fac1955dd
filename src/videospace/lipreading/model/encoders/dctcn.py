"""DC-TCN: ResNet-18 and a densely connected temporal convolutional network."""

import dataclasses

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from videospace.lipreading.data.batches import frame_mask
from videospace.lipreading.model.encoders.encoder import Encoder, pooled, spread
from videospace.lipreading.model.encoders.frame_network import (
    FRAME_WIDTH,
    Activation,
    FrameNetwork,
    initialize,
    new_activation,
)
from videospace.lipreading.model.encoders.ltcn import published_gray
from videospace.lipreading.model.encoders.temporal_convolution import (
    Mask,
    MultiscaleBlock,
    Rows,
    convolve,
)
from videospace.runtime.reading.bounds import Fraction, check_bounds

GROWTH, REDUCED, NUM_GROUPS = 384, 512, 4
"""Features that a block adds, features at the start of a group, and number of groups, as
published."""

DILATIONS = 1, 2, 5
"""Dilations in frames of the blocks of a group, as published."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DctcnConfig:
    """Options of a :class:`DctcnEncoder`; the sizes are as published."""

    dropout: Fraction = 0.2
    """Fraction that is dropped in training after every round of convolutions."""

    __post_init__ = check_bounds


class DctcnEncoder(Encoder):
    """The encoder of "Lip-reading with densely connected temporal convolutional networks".

    Source: Ma et al. (2021), arXiv 2009.14233, the partially dense variant with squeeze-and-
    excitation, without its classifier.

    Example:
        >>> DctcnEncoder(DctcnConfig()).width
        1664
    """

    def __init__(self, config: DctcnConfig) -> None:
        super().__init__()
        self.config = config
        self.width = REDUCED + len(DILATIONS) * GROWTH
        self.frame_network = FrameNetwork("swish", squeeze_excitation=False)
        befores = [FRAME_WIDTH] + [self.width] * (NUM_GROUPS - 1)
        self.transitions = nn.ModuleList(
            Transition(before, "swish" if index else "prelu")  # as published
            for index, before in enumerate(befores)
        )
        self.groups = nn.ModuleList(DenseGroup(config.dropout) for _ in befores)
        self.norm = nn.BatchNorm1d(self.width)
        initialize(self.transitions)
        initialize(self.groups)

    def forward(
        self, frames: Float[Tensor, "clip time 88 88"], lengths: Int[Tensor, " clip"]
    ) -> Float[Tensor, "clip time width"]:
        """Embed every frame; see :class:`Encoder`."""
        mask = frame_mask(lengths, frames.shape[1])
        rows = self.frame_network(published_gray(frames), mask)
        for transition, group in zip(self.transitions, self.groups, strict=True):
            rows = group(transition(rows, mask), mask)
        return spread(self.norm(rows), mask)


class DenseGroup(nn.Module):
    """Blocks, each of which gets the outputs of all earlier ones."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            MultiscaleBlock(
                REDUCED + index * GROWTH,
                GROWTH,
                dilation=dilation,
                activation="swish",
                dropout=dropout,
                gates=ClipGate,
            )
            for index, dilation in enumerate(DILATIONS)
        )

    def forward(self, rows: Rows, mask: Mask) -> Float[Tensor, "frame grown"]:
        """Append the output of every block."""
        for block in self.blocks:
            rows = torch.cat((rows, block(rows, mask)), 1)
        return rows


class Transition(nn.Module):
    """Reduces the features of a frame to those at the start of a group."""

    def __init__(self, before: int, activation: Activation) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(before, REDUCED, 1, bias=False)
        self.norm = nn.BatchNorm1d(REDUCED)
        self.activation = new_activation(activation, REDUCED)

    def forward(self, rows: Rows, mask: Mask) -> Float[Tensor, "frame reduced"]:
        """Mix the features of every frame."""
        return self.activation(self.norm(convolve(self.convolution, rows, mask)))


class ClipGate(nn.Module):
    """Weighs the channels by a summary of the whole clip (squeeze-and-excitation over time)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, channels // 16, bias=False)
        self.excite = nn.Linear(channels // 16, channels, bias=False)

    def forward(self, rows: Rows, mask: Mask) -> Rows:
        """Multiply every channel of a clip by a weight in (0, 1)."""
        lengths = mask.sum(1)
        summary = pooled(spread(rows, mask), lengths)
        weights = self.excite(nn.functional.silu(self.squeeze(summary))).sigmoid()
        return rows * weights.repeat_interleave(lengths, 0)

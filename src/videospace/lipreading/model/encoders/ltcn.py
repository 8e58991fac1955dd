"""LTCN: ResNet-18 and a multi-scale temporal convolutional network."""

import dataclasses
from typing import Literal

from jaxtyping import Float, Int
from torch import Tensor, nn

from videospace.lipreading.data.batches import frame_mask
from videospace.lipreading.model.encoders.encoder import Encoder, spread
from videospace.lipreading.model.encoders.frame_network import FRAME_WIDTH, FrameNetwork, initialize
from videospace.lipreading.model.encoders.temporal_convolution import MultiscaleBlock
from videospace.runtime.reading.bounds import Fraction, check_bounds

WIDTH = 768
"""Size of an embedding: 256 for each of three branches, as published."""

GRAY_MEAN, GRAY_DEVIATION = 0.421, 0.165
"""Mean and deviation of the crops that the published weights were trained on, in [0, 1]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LtcnConfig:
    """Options of an :class:`LtcnEncoder`; the sizes are as published."""

    activation: Literal["prelu", "swish"] = "swish"
    """Activation of all layers: `prelu` in the first published weights, `swish` in those published
    with DC-TCN."""
    dropout: Fraction = 0.2
    """Fraction that is dropped in training after every round of convolutions."""

    __post_init__ = check_bounds


class LtcnEncoder(Encoder):
    """The encoder of "Lipreading using temporal convolutional networks", without its classifier.

    Source: Martinez et al. (2020), arXiv 2001.08702, section 3.

    Example:
        >>> LtcnEncoder(LtcnConfig()).width
        768
    """

    def __init__(self, config: LtcnConfig) -> None:
        super().__init__()
        self.config = config
        self.width = WIDTH
        self.frame_network = FrameNetwork(config.activation, squeeze_excitation=False)
        self.temporal = nn.ModuleList(
            MultiscaleBlock(
                before,
                WIDTH,
                dilation=dilation,
                activation=config.activation,
                dropout=config.dropout,
            )
            for before, dilation in ((FRAME_WIDTH, 1), (WIDTH, 2), (WIDTH, 4), (WIDTH, 8))
        )
        initialize(self.temporal)

    def forward(
        self, frames: Float[Tensor, "clip time 88 88"], lengths: Int[Tensor, " clip"]
    ) -> Float[Tensor, "clip time width"]:
        """Embed every frame; see :class:`Encoder`."""
        mask = frame_mask(lengths, frames.shape[1])
        rows = self.frame_network(published_gray(frames), mask)
        for block in self.temporal:
            rows = block(rows, mask)
        return spread(rows, mask)


def published_gray(
    frames: Float[Tensor, "clip time height width"],
) -> Float[Tensor, "clip time height width"]:
    """Normalize gray levels in [-1, 1] by the mean and deviation of the published training."""
    return ((frames + 1) / 2 - GRAY_MEAN) / GRAY_DEVIATION

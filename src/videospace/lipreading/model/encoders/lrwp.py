"""LRwP: ResNet-18 with squeeze-and-excitation, and three bidirectional recurrent layers."""

import dataclasses

from jaxtyping import Float, Int
from torch import Tensor, nn

from videospace.lipreading.data.batches import frame_mask
from videospace.lipreading.model.encoders.encoder import Encoder, recur, spread
from videospace.lipreading.model.encoders.frame_network import FRAME_WIDTH, FrameNetwork
from videospace.runtime.reading.bounds import Fraction, check_bounds

HIDDEN = 1024
"""Units in each direction of the recurrent layers, as published."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LrwpConfig:
    """Options of an :class:`LrwpEncoder`; the sizes are as published."""

    squeeze_excitation: bool = True
    """Weigh the channels in every residual block (published: yes, except in the baseline)."""
    dropout: Fraction = 0.5
    """Fraction of a frame's features that is dropped in training, before the recurrent layers."""
    recurrent_dropout: Fraction = 0.2
    """Fraction that is dropped in training between the recurrent layers."""

    __post_init__ = check_bounds


class LrwpEncoder(Encoder):
    """The encoder of "Learn an effective lip reading model without pains", without its classifier.

    The network was published for gray levels in [0, 1], to which frames are mapped first; an empty
    frame is black.

    Source: Feng et al. (2020), arXiv 2011.07557, section 3.

    Example:
        >>> LrwpEncoder(LrwpConfig()).width
        2048
    """

    def __init__(self, config: LrwpConfig) -> None:
        super().__init__()
        self.config = config
        self.width = 2 * HIDDEN
        self.frame_network = FrameNetwork("relu", squeeze_excitation=config.squeeze_excitation)
        self.frame_norm = nn.BatchNorm1d(FRAME_WIDTH)
        self.dropout = nn.Dropout(config.dropout)
        self.recurrent = nn.GRU(
            FRAME_WIDTH,
            HIDDEN,
            num_layers=3,
            batch_first=True,
            bidirectional=True,
            dropout=config.recurrent_dropout,
        )

    def forward(
        self, frames: Float[Tensor, "clip time 88 88"], lengths: Int[Tensor, " clip"]
    ) -> Float[Tensor, "clip time width"]:
        """Embed every frame; see :class:`Encoder`."""
        mask = frame_mask(lengths, frames.shape[1])
        shown = frames.flatten(2).any(2)[:, :, None, None]
        features = self.frame_network(((frames + 1) / 2).where(shown, 0.0), mask)
        features = self.dropout(self.frame_norm(features))
        return recur(self.recurrent, spread(features, mask), lengths)

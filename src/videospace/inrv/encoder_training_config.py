"""How the encoder of a space is trained."""

import dataclasses
import math

from videospace.inrv.encoder import EncoderConfig
from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class EncoderTrainingConfig:
    """How an encoder is trained."""

    budget_seconds: float = 120.0
    """Time of training; the learning rate falls to nothing with it."""
    learning_rate: float = 1e-3
    """Of AdamW, at the beginning."""
    frames_per_step: int = 128
    """Frames of a step, one of a clip; of a space whose latents have one moment, whole clips with
    about as many frames together."""
    points_per_frame: int = 128
    """Points of each at which a guess is rendered and compared."""
    stretch: float = 0.015
    """Standard deviation by which frames are stretched, sheared and turned at random, so that few
    clips teach what others may look like."""
    shift: float = 0.03
    """Standard deviation by which they are shifted, in halves of their sides."""
    seed: int = 0
    """Of the initial weights and of what is drawn."""
    encoder: EncoderConfig = EncoderConfig()
    """The network."""

    def __post_init__(self) -> None:
        if not 0 < self.budget_seconds < math.inf:
            raise UserError(f"expected budget_seconds above 0, came {self.budget_seconds}")
        for name in ("frames_per_step", "points_per_frame"):
            if getattr(self, name) < 1:
                raise UserError(f"expected {name} of at least 1, came {getattr(self, name)}")
        for name in ("learning_rate", "stretch", "shift"):
            if not 0 <= getattr(self, name) < math.inf:
                raise UserError(f"expected {name} of at least 0, came {getattr(self, name)}")

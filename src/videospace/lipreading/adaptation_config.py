"""How a model is trained on a person's own clips."""

import dataclasses

from videospace.lipreading.augmentation import NO_AUGMENTATION, AugmentationConfig
from videospace.lipreading.variational import VariationalConfig
from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class AdaptationConfig:
    """How a model is trained on a person's clips; the numbers are the thesis's (2.3.1)."""

    learning_rate: float = 3e-5
    """Of Adam on the encoder; a cosine brings it to zero. ``compact`` stands ten times as much."""
    head_rate_ratio: float = 10.0
    """Times faster the new classifier learns; the published networks start it from nothing too."""
    weight_decay: float = 1e-4
    """Of Adam."""
    epochs: int = 200
    """Passes over the clips."""
    batch: int = 16
    """Clips of a step."""
    augmentation: AugmentationConfig = NO_AUGMENTATION
    """How clips are varied."""
    variational: VariationalConfig | None = None
    """Train Variational Encoders; None trains one encoder and its classifier."""
    unit_weight: float = 0.0
    """Of reading the units of words, where they are given (classifier only)."""
    footage_weight: float = 0.1
    """Of telling the clips of unlabelled footage apart however they are varied, where there are
    any."""

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 2:
            raise UserError(
                f"expected at least 1 epoch and 2 clips a step, came {self.epochs} and {self.batch}"
            )

"""How the latent of a context is looked for."""

import dataclasses
from typing import Literal

from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class InversionConfig:
    """How the latent of a context is looked for."""

    max_steps: int = 300
    """Steps at most; fewer once the error stops falling. With 0 the answer is where it starts."""
    start: Literal["auto", "encoder", "mean"] = "auto"
    """``encoder``: at what the space's encoder makes of the frames that are seen. ``mean``: at the
    mean latent. ``auto``: at the encoder's guess where the space has an encoder. Contexts without a
    frame that is seen well enough, and several samples, start at the mean in any case."""
    points_per_clip: int = 1024
    """Points rendered in a step for each clip."""
    learning_rate: float = 0.1
    """Of Adam on the latent, in standard deviations of the training clips' latents."""
    prior_weight: float = 1e-7
    """How much the squared Mahalanobis distance from the training clips counts beside the mean
    squared error of the colours. It is divided by the square of the share of the clip that is seen:
    the less is known, the more the latent has to be like those of the space."""
    samples: int = 1
    """Different answers for every context, all of which agree with it. One is the likeliest; more
    are drawn, each held near a random point of the space instead of near its mean."""
    restarts: int = 1
    """Starting points of every answer, of which the best result is kept."""
    refine: Literal["none", "weights"] = "none"
    """``weights``: then move the INR's own weights too, in a copy for each clip."""
    refine_steps: int = 200
    """Steps of that at most."""
    refine_learning_rate: float = 0.02
    """Of it, in units of the range that the base weights start from."""
    refine_weight: float = 1e-3
    """How much the squared change of the INR's weights counts, in the same units."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of matrix products; ``auto``: bfloat16 where the processor multiplies it faster."""
    seed: int = 0
    """Of starting points and of the pixels that a step looks at."""

    def __post_init__(self) -> None:
        for name in ("max_steps", "points_per_clip", "samples", "restarts", "refine_steps"):
            least = 0 if name == "max_steps" else 1
            if getattr(self, name) < least:
                raise UserError(f"expected {name} of at least {least}, came {getattr(self, name)}")
        for name in ("learning_rate", "prior_weight", "refine_learning_rate", "refine_weight"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise UserError(f"expected {name} of at least 0, came {getattr(self, name)}")
        if not self.max_steps and (self.start == "mean" or self.samples > 1):
            raise UserError(
                "max_steps 0 takes the encoder's guess as it is: expected start auto or encoder, "
                f"and 1 sample, came {self.start} and {self.samples}"
            )

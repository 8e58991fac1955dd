"""Everything that decides how a space is trained."""

import dataclasses
import math
from typing import Literal

from videospace.inrv.model.inrv_model import ModelConfig
from videospace.inrv.training.code_init import CodeInitConfig
from videospace.inrv.training.objective import ReconstructionLoss
from videospace.runtime.errors import UserError
from videospace.runtime.renamed import renamed


@renamed(fields={"important_share": "important_fraction", "num_shares": "num_shards"})
@dataclasses.dataclass(frozen=True, kw_only=True)
class BatchConfig:
    """What a step looks at."""

    num_clips: int = 64
    """Clips of a step; fewer when there are not as many."""
    points_per_clip: int | None = 256
    """Points of each of them, or None for the whole grid, as published."""
    important_fraction: float = 0.0
    """Share of the points drawn where a clip moves or differs from its median color."""
    num_shards: int = 1
    """Every step takes as many clips of each of so many equal parts of the store. Several processes
    work equally long on each step where this is their number, or a multiple of it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """Adam (Kingma & Ba, 2015) on weights and codes."""

    kind: Literal["adam", "muon"] = "adam"
    """``muon`` (Jordan et al., 2024) moves the generators' matrices by orthogonal steps of the size
    of Adam's; all else, and the codes, stay with Adam."""
    learning_rate: float = 1e-3
    """Of the weights."""
    code_learning_rate: float = 1e-2
    """Of the codes."""
    second_moment_decay: float = 0.99
    """β₂ of the weights' Adam; the usual 0.999 reacts late to a sudden large gradient."""
    max_gradient_ratio: float | None = 1.5
    """Gradients longer than so many times their usual norm are shortened; None: never."""
    warmup_steps: int = 50
    """Steps until the full learning rate."""
    schedule: Literal["constant", "cosine"] = "cosine"
    """What follows the warm-up: nothing, or a cosine down to zero at the end of the run."""
    average_decay: float = 0.998
    """Of the moving average of the weights that is kept; 0 keeps the weights themselves."""


@renamed(
    fields={"codes": "code_init", "optimiser": "optimizer"},
    values={"frame_encoder": {"components": "pca"}},
)
@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """A training run."""

    model: ModelConfig = ModelConfig()
    """The model."""
    code_init: CodeInitConfig = CodeInitConfig()
    """Where the codes start."""
    batch: BatchConfig = BatchConfig()
    """What a step looks at."""
    optimizer: OptimizerConfig = OptimizerConfig()
    """How it moves."""
    total_points: float = 60e6
    """Points to see; the schedule is counted in them."""
    loss: ReconstructionLoss = "squared"
    """Error of the colors."""
    gaussian_weight: float = 0.0
    """δ of the Gaussian regularizer (thesis Eq. 3.9); published: 1, where it is used."""
    curriculum: bool = False
    """Train on 1, 10, 100, ... clips before all of them (thesis Eq. 3.4–3.5)."""
    curriculum_threshold: float = 1e-3
    """Reconstruction error at which a stage of the curriculum ends."""
    frame_encoder: str = "pca"
    """Frame features of a semantic embedding: ``pca`` (of the clips themselves; works
    offline), or a folder or hub id of CLIP weights."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of matrix products in a step; weights, codes and the encoded coordinates stay float32.
    ``auto``: bfloat16 where the processor multiplies it faster."""
    seed: int = 0
    """Of weights, codes, clip order and points."""

    def __post_init__(self) -> None:
        model, optimizer = self.model, self.optimizer
        for name, value, least in (
            ("batch.num_clips", self.batch.num_clips, 1),
            ("batch.points_per_clip", self.batch.points_per_clip, 1),
            ("batch.num_shards", self.batch.num_shards, 1),
            ("total_points", self.total_points, 1),
            ("model.latent.width", model.latent.width, 1),
            ("model.latent.num_keyframes", model.latent.num_keyframes, 1),
            ("model.latent.code_width", model.latent.code_width, 1),
            ("model.encoding.time_octaves", model.encoding.time_octaves, 0),
            ("model.encoding.height_octaves", model.encoding.height_octaves, 0),
            ("model.encoding.width_octaves", model.encoding.width_octaves, 0),
            ("model.inr.hidden_width", model.inr.hidden_width, 1),
            ("model.hypernetwork.hidden_width", model.hypernetwork.hidden_width, 1),
            ("model.hypernetwork.rank", model.hypernetwork.rank, 1),
            ("code_init.num_neighbors", self.code_init.num_neighbors, 1),
            ("optimizer.learning_rate", optimizer.learning_rate, 0),
            ("optimizer.code_learning_rate", optimizer.code_learning_rate, 0),
            ("gaussian_weight", self.gaussian_weight, 0),
            ("seed", self.seed, 0),
        ):
            if value is not None and not least <= value < math.inf:
                raise UserError(f"expected {name} of at least {least}, got {value}")
        if not 0 <= self.batch.important_fraction <= 1:
            raise UserError(
                f"expected batch.important_fraction in [0, 1], got {self.batch.important_fraction}"
            )
        if not 0 <= self.optimizer.average_decay < 1:
            raise UserError(
                f"expected optimizer.average_decay in [0, 1), got {self.optimizer.average_decay}"
            )


def with_keyframes_at_most(config: TrainingConfig, num_frames: int) -> TrainingConfig:
    """The same, with at most one keyframe a frame of the clips: others would never be trained."""
    latent = config.model.latent
    if latent.num_keyframes <= num_frames:
        return config
    latent = dataclasses.replace(latent, num_keyframes=num_frames)
    return dataclasses.replace(config, model=dataclasses.replace(config.model, latent=latent))

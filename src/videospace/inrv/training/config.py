"""Configuration of a training run."""

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
    """The batch of a step."""

    num_clips: int = 64
    """Clips of a step, or all if there are fewer."""
    points_per_clip: int | None = 256
    """Points of each clip, or None for the whole grid, as published."""
    important_fraction: float = 0.0
    """Fraction of the points that are drawn where a clip moves or differs from its median color."""
    num_shards: int = 1
    """Number of equal shards of the store from which every step takes the same number of clips. Set
    it to the number of processes, or a multiple, so that they have equal work in each step."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """Adam (Kingma & Ba, 2015) on weights and codes."""

    kind: Literal["adam", "muon"] = "adam"
    """``muon`` (Jordan et al., 2024) updates the generators' matrices by orthogonal steps of the
    size of Adam's. All other weights, and the codes, are updated by Adam."""
    learning_rate: float = 1e-3
    """Learning rate of the weights."""
    code_learning_rate: float = 1e-2
    """Learning rate of the codes."""
    second_moment_decay: float = 0.99
    """β₂ of the weights' Adam; the usual 0.999 adapts slowly to a sudden large gradient."""
    max_gradient_ratio: float | None = 1.5
    """Largest norm of the gradients, as a multiple of its running mean; None does not limit it."""
    warmup_steps: int = 50
    """Steps until the full learning rate."""
    schedule: Literal["constant", "cosine"] = "cosine"
    """After the warm-up: a constant rate, or a cosine down to zero at the end of the run."""
    average_decay: float = 0.998
    """Decay of the moving average of the weights that is saved; 0 saves the weights themselves."""


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
    """How the codes are initialized."""
    batch: BatchConfig = BatchConfig()
    """Clips and points of a step."""
    optimizer: OptimizerConfig = OptimizerConfig()
    """Optimizer of weights and codes."""
    total_points: float = 60e6
    """Number of training points of the run, in which the schedule is measured."""
    loss: ReconstructionLoss = "squared"
    """Error of the colors."""
    gaussian_weight: float = 0.0
    """Weight δ of the Gaussian regularizer (thesis Eq. 3.9); published runs that use it have 1."""
    curriculum: bool = False
    """Train on 1, 10, 100, ... clips before all of them (thesis Eq. 3.4–3.5)."""
    curriculum_threshold: float = 1e-3
    """Reconstruction error at which a stage of the curriculum ends."""
    frame_encoder: str = "pca"
    """Encoder of frames for a semantic embedding: ``pca`` (principal components of the clips, which
    needs no download), or a folder or hub id of CLIP weights."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Precision of matrix products in a step; weights, codes and encoded coordinates stay float32.
    ``auto``: bfloat16 if the processor multiplies it faster."""
    seed: int = 0
    """Seed of weights, codes, clip order and points, at least 0."""

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

"""Configuration of a training run."""

import dataclasses
from typing import Annotated, Literal

from msgspec import Meta

from videospace.inrv.model.inrv_model import ModelConfig
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.training.code_init import CodeInitConfig
from videospace.inrv.training.objective import ReconstructionLoss
from videospace.runtime.reading.bounds import (
    BelowOne,
    Count,
    Fraction,
    NotNegative,
    Positive,
    Seed,
    check_bounds,
)
from videospace.runtime.reading.renamed import renamed

USUAL_KEYFRAMES = 13
"""Keyframes of clips of 25 frames, one for every other frame."""


@renamed(fields={"important_share": "important_fraction", "num_shares": "num_shards"})
@dataclasses.dataclass(frozen=True, kw_only=True)
class BatchConfig:
    """The batch of a step."""

    num_clips: Annotated[int, Meta(ge=1, le=10**9)] = 64
    """Clips of a step, or all if there are fewer."""
    points_per_clip: Annotated[int, Meta(ge=1, le=10**9)] | None = 256
    """Points of each clip, or None for the whole grid, as published."""
    important_fraction: Fraction = 0.0
    """Fraction of the points that are drawn where a clip moves or differs from its median color."""
    num_shards: Annotated[int, Meta(ge=1, le=10**6)] = 1
    """Number of equal shards of the store from which every step takes the same number of clips. Set
    it to the number of processes, or a multiple, so that they have equal work in each step."""

    __post_init__ = check_bounds


@dataclasses.dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """Adam (Kingma & Ba, 2015) on weights and codes."""

    kind: Literal["adam", "muon"] = "adam"
    """``muon`` (Jordan et al., 2024) updates the generators' matrices by orthogonal steps of the
    size of Adam's. All other weights, and the codes, are updated by Adam."""
    learning_rate: NotNegative = 1e-3
    """Learning rate of the weights."""
    code_learning_rate: NotNegative = 1e-2
    """Learning rate of the codes, but for the paths of tracks."""
    path_learning_rate: NotNegative = 2e-3
    """Learning rate of the paths of tracks, which are coordinates."""
    second_moment_decay: BelowOne = 0.99
    """β₂ of the weights' Adam; the usual 0.999 adapts slowly to a sudden large gradient."""
    max_gradient_ratio: Positive | None = 1.5
    """Largest norm of the gradients, as a multiple of its running mean; None does not limit it."""
    warmup_steps: Count = 50
    """Steps until the full learning rate."""
    schedule: Literal["constant", "cosine"] = "cosine"
    """After the warm-up: a constant rate, or a cosine down to zero at the end of the run."""
    average_decay: BelowOne = 0.998
    """Decay of the moving average of the weights that is saved; 0 saves the weights themselves."""

    __post_init__ = check_bounds


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
    total_points: Annotated[float, Meta(ge=1, le=1e18)] = 60e6
    """Number of training points of the run, in which the schedule is measured."""
    loss: ReconstructionLoss = "squared"
    """Error of the colors."""
    gaussian_weight: NotNegative = 0.0
    """Weight δ of the Gaussian regularizer (thesis Eq. 3.9); published runs that use it have 1."""
    curriculum: bool = False
    """Train on 1, 10, 100, ... clips before all of them (thesis Eq. 3.4–3.5)."""
    curriculum_threshold: NotNegative = 1e-3
    """Reconstruction error at which a stage of the curriculum ends."""
    frame_encoder: str = "pca"
    """Encoder of frames for a semantic embedding: ``pca`` (principal components of the clips, which
    needs no download), or a folder or hub id of CLIP weights."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Precision of matrix products in a step; weights, codes and encoded coordinates stay float32.
    ``auto``: bfloat16 if the processor multiplies it faster."""
    seed: Seed = 0
    """Seed of weights, codes, clip order and points, at least 0."""

    __post_init__ = check_bounds


def with_keyframes_at_most(config: TrainingConfig, num_frames: int) -> TrainingConfig:
    """The same, with at most one keyframe a frame of the clips: others would never be trained."""
    latent = config.model.latent
    fields = ["num_keyframes", "num_path_keyframes"] if latent.num_tracks else ["num_keyframes"]
    return _with_latent(config, **{name: min(getattr(latent, name), num_frames) for name in fields})


def with_tracks(config: TrainingConfig, num_tracks: int) -> TrainingConfig:
    """The same, with a number of tracks.

    Example:
        >>> with_tracks(TrainingConfig(), 2).model.latent.num_tracks
        2
    """
    return _with_latent(config, num_tracks=num_tracks)


def with_own_content(config: TrainingConfig) -> TrainingConfig:
    """The same, with content of its own for each clip, as in the preset ``fast``.

    Example:
        >>> shared = ModelConfig(latent=LatentConfig(width=1))
        >>> with_own_content(TrainingConfig(model=shared)).model.latent.shares_content
        False
    """
    return _with_latent(config, width=LatentConfig().width, num_keyframes=USUAL_KEYFRAMES)


def _with_latent(config: TrainingConfig, **changes: int) -> TrainingConfig:
    latent = dataclasses.replace(config.model.latent, **changes)
    return dataclasses.replace(config, model=dataclasses.replace(config.model, latent=latent))

"""Presets: named training configurations, each with its source and the score it should reach."""

import dataclasses
from collections.abc import Callable

from videospace.inrv.model.coordinates import CoordinatesConfig
from videospace.inrv.model.hypernetwork import HypernetworkConfig
from videospace.inrv.model.inr import InrConfig
from videospace.inrv.model.inrv_model import ModelConfig
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.positional_encoding import EncodingConfig
from videospace.inrv.training.code_init import CodeInitConfig
from videospace.inrv.training.config import (
    USUAL_KEYFRAMES,
    BatchConfig,
    OptimizerConfig,
    TrainingConfig,
    with_tracks,
)
from videospace.runtime.errors import UserError


def fast() -> TrainingConfig:
    """Preset for real videos on a laptop: trains a few hundred clips of 64×64 px in minutes.

    Should reach 38 dB on the 270 training clips of GRID faces in two minutes on two CPU cores.
    """
    return TrainingConfig(model=ModelConfig(latent=LatentConfig(num_keyframes=USUAL_KEYFRAMES)))


def moving() -> TrainingConfig:
    """Preset for small things that move before a still background: tracks follow them.

    All clips share one background, so that what differs between them has to be in their tracks, and
    moves along when they are interpolated. The number of tracks is one here; ``videospace train``
    counts what moves, and gives each clip content of its own where backgrounds differ. A step sees
    more clips than in ``fast``, half of their points where something is, since a clip has little to
    show.

    Should reach 28 dB on 1,000 clips of Moving-MNIST in four minutes on two CPU cores.
    """
    shared = TrainingConfig(model=ModelConfig(latent=LatentConfig(width=1)))
    return dataclasses.replace(
        with_tracks(shared, 1),
        batch=BatchConfig(num_clips=128, points_per_clip=128, important_fraction=0.5),
        optimizer=OptimizerConfig(code_learning_rate=3e-2, path_learning_rate=5e-3),
    )


def tiny() -> TrainingConfig:
    """Preset for simple videos, such as BouncingBall: trains in less than a minute.

    Should reach 48 dB on its 50 clips, and every interpolation should show one whole ball.
    """
    return dataclasses.replace(
        fast(),
        model=ModelConfig(
            latent=LatentConfig(width=8),
            encoding=EncodingConfig(time_octaves=2, height_octaves=3, width_octaves=3),
            inr=InrConfig(hidden_width=64, num_hidden_layers=3, sine_frequency=10.0),
        ),
        code_init=CodeInitConfig(method="isomap"),
        batch=BatchConfig(num_clips=32, points_per_clip=512, important_fraction=0.5),
        optimizer=OptimizerConfig(
            learning_rate=2e-3,
            code_learning_rate=1e-3,
            second_moment_decay=0.999,
            max_gradient_ratio=None,
            warmup_steps=20,
        ),
        total_points=20e6,
    )


def paper() -> TrainingConfig:
    """INR-V as published: thesis 3.3, appendix A.2 of the paper, and the authors' code.

    A step has the full grid of two clips. Adam has a constant learning rate of 1e-4, and weights
    are not averaged. The objective is the squared error (Eq. 3.2); the authors' code minimizes the
    absolute error (``loss``).

    Departs: the published runs use Video-CLIP or the Gaussian regularizer for large sets; set
    ``model.latent.semantic`` (with a code width of 512) or ``gaussian_weight``.
    """
    return TrainingConfig(
        model=ModelConfig(
            latent=LatentConfig(width=128, normalize=False),
            coordinates=CoordinatesConfig(time="ends", space="ends"),
            encoding=EncodingConfig(time_octaves=10, height_octaves=10, width_octaves=10),
            inr=InrConfig(hidden_width=256, num_hidden_layers=4, activation="relu"),
            hypernetwork=HypernetworkConfig(
                kind="dense", hidden_width=256, num_hidden_layers=3, published_initialization=True
            ),
        ),
        code_init=CodeInitConfig(method="gaussian", deviation=0.01),
        batch=BatchConfig(num_clips=2, points_per_clip=None),
        optimizer=OptimizerConfig(
            learning_rate=1e-4,
            code_learning_rate=1e-4,
            second_moment_decay=0.999,
            max_gradient_ratio=None,
            warmup_steps=0,
            schedule="constant",
            average_decay=0.0,
        ),
        curriculum=True,
        total_points=1e12,
    )


PRESETS: dict[str, Callable[[], TrainingConfig]] = {
    "fast": fast,
    "moving": moving,
    "tiny": tiny,
    "paper": paper,
}


def preset(name: str) -> TrainingConfig:
    """Return the preset with a name.

    Raises:
        UserError: There is no such preset.

    Example:
        >>> preset("tiny").model.latent.width
        8
    """
    if name not in PRESETS:
        raise UserError(f"expected a preset among {', '.join(PRESETS)}, got '{name}'")
    return PRESETS[name]()

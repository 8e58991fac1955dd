"""What the ablations change: a line for each variant."""

import dataclasses
from collections.abc import Callable
from typing import Any

from videospace.inrv.training.config import TrainingConfig
from videospace.inrv.training.presets import fast, tiny

BASES: dict[str, Callable[[], TrainingConfig]] = {
    "grid-faces": fast,
    "bouncing-ball": tiny,
    "moving-mnist": fast,
}
"""What the variants of each data set are variants of."""
OCTAVES = ("time_octaves", "height_octaves", "width_octaves")
VARIANTS: dict[str, dict[str, Any]] = {
    "base": {},
    "muon": {"optimizer.kind": "muon"},
    "code-rate-low": {"optimizer.code_learning_rate": lambda rate: 0.3 * rate},
    "code-rate-high": {"optimizer.code_learning_rate": lambda rate: 3 * rate},
    "weight-rate-low": {"optimizer.learning_rate": lambda rate: 0.5 * rate},
    "weight-rate-high": {"optimizer.learning_rate": lambda rate: 2 * rate},
    "gaussian-codes": {"code_init.method": "gaussian"},
    "component-codes": {"code_init.method": "pca"},
    "hidden-128": {"model.hypernetwork.hidden_width": 128},
    "hidden-512": {"model.hypernetwork.hidden_width": 512},
    "two-layers": {"model.hypernetwork.num_hidden_layers": 2},
    "low-rank": {"model.hypernetwork.kind": "low-rank"},
    "scale-shift": {"model.hypernetwork.kind": "scale-shift"},
    "gelu": {"model.inr.activation": "gelu"},
    "relu": {"model.inr.activation": "relu"},
    "octaves-2": {f"model.encoding.{axis}": 2 for axis in OCTAVES},
    "octaves-6": {f"model.encoding.{axis}": 6 for axis in OCTAVES},
    "important-0": {"batch.important_fraction": 0.0},
    "important-0.25": {"batch.important_fraction": 0.25},
    "important-0.5": {"batch.important_fraction": 0.5},
    "curriculum": {"curriculum": True},
    "gaussian-regularizer": {"gaussian_weight": 1.0},
    "video-clip": {"model.latent.semantic": "video-clip"},
}
"""By name, the fields that change, and to what; a function is given the base's value."""


def with_changes(config: Any, changes: dict[str, Any]) -> Any:
    """A configuration with some fields changed, which are named by their path.

    Example:
        >>> with_changes(tiny(), VARIANTS["weight-rate-high"]).optimizer.learning_rate
        0.004
    """
    for path, value in changes.items():
        name, _, rest = path.partition(".")
        old = getattr(config, name)
        if rest:
            value = with_changes(old, {rest: value})
        config = dataclasses.replace(config, **{name: value(old) if callable(value) else value})
    return config

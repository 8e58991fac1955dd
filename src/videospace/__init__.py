"""Learned, continuous spaces of videos: one point is a whole clip.

Example:
    >>> import videospace
    >>> videospace.presets.tiny().model.latent.width
    8
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from videospace import presets
    from videospace.baselines.table import task_table
    from videospace.clips.clip_store import ClipRecord, ClipStore
    from videospace.clips.prepare import PrepareConfig, prepare
    from videospace.clips.video_output import write_video
    from videospace.inrv import tasks
    from videospace.inrv.context import Context
    from videospace.inrv.encoder_training import EncoderTrainingConfig, train_encoder
    from videospace.inrv.evaluation import evaluate
    from videospace.inrv.inversion import Inversion, InversionConfig, invert
    from videospace.inrv.latent_file import LatentFile, load_latents, save_latents
    from videospace.inrv.space import ClipShape, VideoSpace
    from videospace.inrv.training import TrainingOptions, TrainingReport, train
    from videospace.inrv.training_config import TrainingConfig
    from videospace.metrics.fidelity import fidelity
    from videospace.runtime.errors import UserError

_HOMES = {
    "ClipRecord": "videospace.clips.clip_store",
    "ClipShape": "videospace.inrv.space",
    "ClipStore": "videospace.clips.clip_store",
    "Context": "videospace.inrv.context",
    "EncoderTrainingConfig": "videospace.inrv.encoder_training",
    "Inversion": "videospace.inrv.inversion",
    "InversionConfig": "videospace.inrv.inversion",
    "LatentFile": "videospace.inrv.latent_file",
    "PrepareConfig": "videospace.clips.prepare",
    "TrainingConfig": "videospace.inrv.training_config",
    "TrainingOptions": "videospace.inrv.training",
    "TrainingReport": "videospace.inrv.training",
    "UserError": "videospace.runtime.errors",
    "VideoSpace": "videospace.inrv.space",
    "evaluate": "videospace.inrv.evaluation",
    "fidelity": "videospace.metrics.fidelity",
    "invert": "videospace.inrv.inversion",
    "load_latents": "videospace.inrv.latent_file",
    "prepare": "videospace.clips.prepare",
    "save_latents": "videospace.inrv.latent_file",
    "task_table": "videospace.baselines.table",
    "train": "videospace.inrv.training",
    "train_encoder": "videospace.inrv.encoder_training",
    "write_video": "videospace.clips.video_output",
}

_MODULES = {"presets": "videospace.presets", "tasks": "videospace.inrv.tasks"}

__all__ = [
    "ClipRecord",
    "ClipShape",
    "ClipStore",
    "Context",
    "EncoderTrainingConfig",
    "Inversion",
    "InversionConfig",
    "LatentFile",
    "PrepareConfig",
    "TrainingConfig",
    "TrainingOptions",
    "TrainingReport",
    "UserError",
    "VideoSpace",
    "evaluate",
    "fidelity",
    "invert",
    "load_latents",
    "prepare",
    "presets",
    "save_latents",
    "task_table",
    "tasks",
    "train",
    "train_encoder",
    "write_video",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: decoders and help do without PyTorch."""
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'videospace' has no attribute '{name}'")

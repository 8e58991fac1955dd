"""Learned, continuous spaces of videos: one point is a whole clip.

Example:
    >>> import videospace
    >>> videospace.presets.tiny().model.latent.width
    8
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from videospace.baselines.table import task_table
    from videospace.clips.prepare import PrepareConfig, prepare
    from videospace.clips.store.clip_store import ClipRecord, ClipStore
    from videospace.clips.writing import write_video
    from videospace.inrv.inversion import tasks
    from videospace.inrv.inversion.contexts import Context
    from videospace.inrv.inversion.encoder_training import EncoderTrainingConfig, train_encoder
    from videospace.inrv.inversion.inversion import Inversion, InversionConfig, invert
    from videospace.inrv.space.latent_files import LatentFile, load_latents, save_latents
    from videospace.inrv.space.video_space import ClipShape, VideoSpace
    from videospace.inrv.training import presets
    from videospace.inrv.training.config import TrainingConfig
    from videospace.inrv.training.evaluation import evaluate
    from videospace.inrv.training.loop import TrainingOptions, TrainingReport, train
    from videospace.metrics.fidelity import fidelity
    from videospace.runtime.errors import UserError

_HOMES = {
    "ClipRecord": "videospace.clips.store.clip_store",
    "ClipShape": "videospace.inrv.space.video_space",
    "ClipStore": "videospace.clips.store.clip_store",
    "Context": "videospace.inrv.inversion.contexts",
    "EncoderTrainingConfig": "videospace.inrv.inversion.encoder_training",
    "Inversion": "videospace.inrv.inversion.inversion",
    "InversionConfig": "videospace.inrv.inversion.inversion",
    "LatentFile": "videospace.inrv.space.latent_files",
    "PrepareConfig": "videospace.clips.prepare",
    "TrainingConfig": "videospace.inrv.training.config",
    "TrainingOptions": "videospace.inrv.training.loop",
    "TrainingReport": "videospace.inrv.training.loop",
    "UserError": "videospace.runtime.errors",
    "VideoSpace": "videospace.inrv.space.video_space",
    "evaluate": "videospace.inrv.training.evaluation",
    "fidelity": "videospace.metrics.fidelity",
    "invert": "videospace.inrv.inversion.inversion",
    "load_latents": "videospace.inrv.space.latent_files",
    "prepare": "videospace.clips.prepare",
    "save_latents": "videospace.inrv.space.latent_files",
    "task_table": "videospace.baselines.table",
    "train": "videospace.inrv.training.loop",
    "train_encoder": "videospace.inrv.inversion.encoder_training",
    "write_video": "videospace.clips.writing",
}

_MODULES = {
    "presets": "videospace.inrv.training.presets",
    "tasks": "videospace.inrv.inversion.tasks",
}

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

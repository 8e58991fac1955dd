"""Toy clips, models and trainings: small enough for many of them to run in a second."""

import dataclasses
from pathlib import Path

import numpy as np
import torch

from videospace.clips.store.clip_store import ClipStore
from videospace.clips.store.records import ClipRecord
from videospace.inrv.model.hypernetwork import HypernetworkConfig
from videospace.inrv.model.inr import InrConfig
from videospace.inrv.model.inrv_model import InrvModel, ModelConfig
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.positional_encoding import EncodingConfig
from videospace.inrv.model.video_clip_network import VideoClipConfig
from videospace.inrv.space.video_space import ClipShape, VideoSpace
from videospace.inrv.training.code_init import CodeInitConfig
from videospace.inrv.training.config import BatchConfig, OptimizerConfig, TrainingConfig

TOY_MODEL = ModelConfig(
    latent=LatentConfig(width=6),
    encoding=EncodingConfig(time_octaves=1, height_octaves=1, width_octaves=2),
    inr=InrConfig(hidden_width=8, num_hidden_layers=2, sine_frequency=10.0),
    hypernetwork=HypernetworkConfig(hidden_width=8),
)
SEMANTIC = LatentConfig(
    width=6,
    semantic="video-clip",
    code_width=5,
    map_hidden_width=8,
    video_clip=VideoClipConfig(feature_width=24, hidden_width=4, num_layers=2, dropout=0.5),
)
KEYFRAMES = LatentConfig(width=6, num_keyframes=3)
CONSTANT = LatentConfig(width=4, num_keyframes=3, constant_width=5)
TRACKS = LatentConfig(width=6, num_keyframes=2, num_tracks=2, look_width=4, num_path_keyframes=3)
POINTS_PER_STEP = 3 * 16


def changed_model(**changes: object) -> ModelConfig:
    return dataclasses.replace(TOY_MODEL, **changes)


def toy_config(num_steps: int = 24, **changes: object) -> TrainingConfig:
    """A training of so many steps of 3 clips with 16 points each."""
    config = TrainingConfig(
        model=TOY_MODEL,
        code_init=CodeInitConfig(method="gaussian", deviation=0.1),
        batch=BatchConfig(num_clips=3, points_per_clip=16, important_fraction=0.25),
        optimizer=OptimizerConfig(learning_rate=3e-3, warmup_steps=4, average_decay=0.9),
        total_points=float(num_steps * POINTS_PER_STEP),
    )
    return dataclasses.replace(config, **changes)


def moving_square(number: int, num_frames: int, height: int, width: int) -> np.ndarray:
    """A soft background of its own color, and a bright column that moves to the right."""
    video = np.empty((num_frames, height, width, 3))
    video[...] = 40 + 20 * number + 3 * np.arange(height)[:, None, None]
    video[..., number % 3] += 30
    for time in range(num_frames):
        video[time, :, (time + number) % width] = 230
    return video.clip(0, 255).astype(np.uint8)


def write_toy_store(
    folder: Path,
    num_clips: int = 5,
    size: tuple[int, int, int] = (4, 6, 8),
    holdout: int = 0,
    clips: np.ndarray | None = None,
) -> ClipStore:
    """Clips ``toy-0``, ``toy-1`` and so on; the last ``holdout`` of them are held out."""
    num_frames, height, width = size
    store = ClipStore.create(folder, num_frames=num_frames, height=height, width=width)
    items = []
    for number in range(num_clips):
        split = "holdout" if number >= num_clips - holdout else "train"
        record = ClipRecord(
            id=f"toy-{number}", source="toy", first_frame=number, fps=12.5, split=split
        )
        pixels = moving_square(number, *size) if clips is None else clips[number]
        items.append((record, pixels))
    store.append(items)
    return store


def random_space(
    num_clips: int = 4, model: ModelConfig = TOY_MODEL, size: tuple[int, int, int] = (4, 6, 8)
) -> VideoSpace:
    """An untrained space with latents of its own."""
    torch.manual_seed(1)
    num_frames, height, width = size
    shape = ClipShape(num_frames=num_frames, height=height, width=width, fps=12.5)
    ids = [f"toy-{number}" for number in range(num_clips)]
    latents = torch.randn(num_clips, model.latent.total_width)
    return VideoSpace(InrvModel(model), latents, ids, shape, {"psnr_db": 30.25})


def psnr(video: np.ndarray, truth: np.ndarray) -> float:
    """Of uint8 videos, in dB; two that are the same have 138."""
    error = np.square(video.astype(float) - truth).mean()
    return 10 * np.log10(255**2 / max(error, 1e-9))

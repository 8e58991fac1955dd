"""Augmentation: variations of a clip that do not change its word.

Source: thesis 2.4 (speed, empty frames); Ma et al., "Training strategies for improved lip-reading",
2022 (time masking, mixup); the rest is common practice.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from msgspec import Meta
from torch import Tensor
from torch.nn import functional

from videospace.lipreading.data.batches import (
    ClipBatch,
    Frames,
    InputConfig,
    frame_mask,
    normalized,
    padded,
)
from videospace.runtime.reading.bounds import BelowOne, NotNegative, check_bounds


@dataclasses.dataclass(frozen=True, kw_only=True)
class AugmentationConfig:
    """The largest variations of a clip, each drawn uniformly for every clip. Default: none."""

    speed: BelowOne = 0.0
    """Largest change of speed: 0.2 means between 0.8 and 1.2 times."""
    empty_frames: Annotated[int, Meta(ge=0, le=10_000)] = 0
    """Most empty frames before and after the clip (published: 20)."""
    trim: Annotated[float, Meta(ge=0, le=0.4)] = 0.0
    """Largest fraction of the clip that is cut off at either end."""
    time_mask: Annotated[int, Meta(ge=0, le=10_000)] = 0
    """Most successive frames that are replaced by the clip's mean frame."""
    shift_px: NotNegative = 0.0
    """Largest shift of the mouth, in px of the 88×88 crop, along either axis."""
    zoom: BelowOne = 0.0
    """Largest change of size: 0.1 means between 0.9 and 1.1 times."""
    rotation_degrees: NotNegative = 0.0
    """Largest rotation in either direction."""
    mirror: bool = False
    """Mirror about every second clip."""
    contrast: BelowOne = 0.0
    """Largest change of contrast: 0.3 means between 0.7 and 1.3 times."""
    brightness: NotNegative = 0.0
    """Largest change of brightness, on a scale where black is 0 and white 1."""

    __post_init__ = check_bounds


NO_AUGMENTATION = AugmentationConfig()
PUBLISHED = AugmentationConfig(speed=0.2, empty_frames=20)
"""The ``+aug`` of the thesis, which uses the speeds 0.8 and 1.2 and none between."""
STRONG = AugmentationConfig(
    speed=0.2,
    trim=0.05,
    time_mask=4,
    shift_px=4.0,
    zoom=0.1,
    rotation_degrees=4.0,
    mirror=True,
    contrast=0.2,
    brightness=0.15,
)
"""For pretraining on other speakers."""


def augmented_batch(
    clips: Sequence[Frames],
    input_config: InputConfig,
    augmentation: AugmentationConfig,
    generator: torch.Generator,
    *,
    side_px: int | None = None,
) -> ClipBatch:
    """Vary some clips, and make a batch of them.

    Args:
        clips: Frames at the model's frame rate.
        input_config: The input that the encoder expects.
        augmentation: How far to vary the clips.
        generator: Source of randomness; the same state gives the same batch.
        side_px: Size of the new frames where they are resampled anyway, which saves time later;
            None keeps the size.

    Example:
        >>> clip = torch.randint(0, 256, (10, 88, 88), dtype=torch.uint8)
        >>> fast = AugmentationConfig(empty_frames=3)
        >>> batch = augmented_batch([clip], InputConfig(), fast, torch.Generator().manual_seed(0))
        >>> 10 <= int(batch.lengths[0]) <= 16
        True
    """
    chosen = [frame_choice(len(clip), augmentation, generator) for clip in clips]
    blanks = [choice < 0 for choice in chosen]
    batch = padded(
        [clip[choice.clamp(min=0)] for clip, choice in zip(clips, chosen, strict=True)], blanks
    )
    shown = frame_mask(batch.lengths, batch.frames.shape[1])
    for row, blank in enumerate(blanks):
        shown[row, : len(blank)] &= ~blank
    frames = shift_zoom_rotate(batch.frames, augmentation, generator, side_px)
    frames = change_contrast(frames, augmentation, generator)
    frames = time_masked(frames, shown, augmentation.time_mask, generator)
    return normalized(ClipBatch(frames, batch.lengths), shown, input_config)


def frame_choice(
    num_frames: int, config: AugmentationConfig, generator: torch.Generator
) -> Int[Tensor, " new_time"]:
    """Choose the frames of the new clip: speed, trim and empty frames.

    Args:
        num_frames: Frames of the clip.
        config: How far to vary it.
        generator: Source of randomness.

    Returns:
        Indices of frames; -1 stands for an empty frame.
    """
    speed = 1 + config.speed * _uniform(generator)
    before, after = (config.trim * torch.rand(2, generator=generator)).tolist()
    kept = num_frames * (1 - before - after)
    num_new = max(1, round(kept / speed))
    times = num_frames * before + (torch.arange(num_new) + 0.5) / num_new * kept
    choice = times.long().clamp(max=num_frames - 1)
    empty = torch.randint(0, config.empty_frames + 1, (2,), generator=generator).tolist()
    return functional.pad(choice, (empty[0], empty[1]), value=-1)


def shift_zoom_rotate(
    frames: Float[Tensor, "clip time height width"],
    config: AugmentationConfig,
    generator: torch.Generator,
    side_px: int | None = None,
) -> Float[Tensor, "clip time new_height new_width"]:
    """Shift, zoom, rotate and mirror all frames of a clip alike; edges are repeated.

    At half the size, without rotation and zoom, each new pixel is the mean of 2×2 pixels.
    """
    if not (config.shift_px or config.zoom or config.rotation_degrees or config.mirror):
        return frames
    num_clips, num_frames, _, side = frames.shape
    new_side = side_px or side
    chance = torch.rand(num_clips, 5, generator=generator).unbind(1)
    across, down, size, turn = (2 * draw - 1 for draw in chance[:4])
    scale = 1 / (1 + config.zoom * size)
    angle = math.radians(config.rotation_degrees) * turn
    flip = 1 - 2.0 * ((chance[4] < 0.5) & torch.tensor(config.mirror))
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    shift = 2 * config.shift_px / side
    rows = torch.stack([cosine * flip, -sine, shift * across, sine * flip, cosine, shift * down], 1)
    grid = functional.affine_grid(
        rows.view(num_clips, 2, 3), [num_clips, num_frames, new_side, new_side], align_corners=False
    )
    return functional.grid_sample(frames, grid, padding_mode="border", align_corners=False)


def change_contrast(
    frames: Float[Tensor, "clip time height width"],
    config: AugmentationConfig,
    generator: torch.Generator,
) -> Float[Tensor, "clip time height width"]:
    """Change contrast around mid-gray and brightness of all frames of a clip alike."""
    if not (config.contrast or config.brightness):
        return frames
    chance = 2 * torch.rand(2, len(frames), 1, 1, 1, generator=generator) - 1
    gain, offset = 1 + config.contrast * chance[0], config.brightness * chance[1]
    return torch.addcmul(0.5 + offset - 0.5 * gain, frames, gain).clamp_(0, 1)


def time_masked(
    frames: Float[Tensor, "clip time height width"],
    shown: Bool[Tensor, "clip time"],
    longest: int,
    generator: torch.Generator,
) -> Float[Tensor, "clip time height width"]:
    """Replace 0 to ``longest`` successive frames, at most a third of a clip, by its mean frame."""
    if not longest:
        return frames
    num_shown = shown.sum(1)
    fraction = shown / num_shown.clamp(min=1)[:, None]
    mean = torch.einsum("cthw,ct->chw", frames, fraction)[:, None]
    length_chance, start_chance = torch.rand(2, len(frames), generator=generator)
    most = (num_shown // 3).clamp(max=longest)
    length = (length_chance * (most + 1)).long()
    position = shown.cumsum(1) - 1
    start = (start_chance * (num_shown - length + 1)).long()
    hidden = (position >= start[:, None]) & (position < (start + length)[:, None]) & shown
    return torch.where(hidden[:, :, None, None], mean, frames)


def mixed_up(
    batch: ClipBatch, alpha: float, generator: torch.Generator
) -> tuple[ClipBatch, Int[Tensor, " clip"], float]:
    """Blend every clip with another one of the batch (mixup).

    Args:
        batch: The clips.
        alpha: Parameter of the Beta distribution of the blend, above 0 (published: 0.4).
        generator: Source of randomness.

    Returns:
        The blended clips, as long as the longer of both; the row that each was blended with; the
        fraction λ ≥ 0.5 of the clip itself. The loss is λ·loss(own word) + (1-λ)·loss(other word).

    Source: Zhang et al., "mixup: Beyond empirical risk minimization", 2018, Eq. 1.
    """
    partner = torch.randperm(len(batch.lengths), generator=generator)
    seed = int(torch.randint(0, 2**31, (1,), generator=generator))
    fraction = float(np.random.default_rng(seed).beta(alpha, alpha))
    fraction = max(fraction, 1 - fraction)
    frames = fraction * batch.frames + (1 - fraction) * batch.frames[partner]
    lengths = torch.maximum(batch.lengths, batch.lengths[partner])
    return ClipBatch(frames, lengths), partner, fraction


def _uniform(generator: torch.Generator) -> float:
    """Draw a number uniformly from [-1, 1)."""
    return 2 * float(torch.rand(1, generator=generator)) - 1

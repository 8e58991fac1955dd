"""Variations of a clip that leave its word the same.

Source: thesis 2.4 (speed, empty frames); Ma et al., "Training strategies for improved lip-reading",
2022 (time masking, mixup); the rest is customary.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
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
from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class AugmentationConfig:
    """How far a clip may be varied; every clip draws its own values evenly. Default: not at all."""

    speed: float = 0.0
    """Largest change of speed: 0.2 means between 0.8 and 1.2 times."""
    empty_frames: int = 0
    """Most frames that show nothing put before and after the clip (published: 20)."""
    trim: float = 0.0
    """Largest share of the clip that is cut off at either end."""
    time_mask: int = 0
    """Most frames in a row that the clip's mean frame takes the place of."""
    shift_px: float = 0.0
    """Largest shift of the mouth, in px of the 88×88 crop, along either axis."""
    zoom: float = 0.0
    """Largest change of size: 0.1 means between 0.9 and 1.1 times."""
    rotation_degrees: float = 0.0
    """Largest rotation either way."""
    mirror: bool = False
    """Show every second clip in the mirror."""
    contrast: float = 0.0
    """Largest change of contrast: 0.3 means between 0.7 and 1.3 times."""
    brightness: float = 0.0
    """Largest change of brightness, on a scale where black is 0 and white 1."""

    def __post_init__(self) -> None:
        for name in ("speed", "zoom", "contrast"):
            if not 0 <= getattr(self, name) < 1:
                raise UserError(f"expected {name} in [0, 1), got {getattr(self, name)}")
        if not 0 <= self.trim <= 0.4:
            raise UserError(f"expected trim in [0, 0.4], got {self.trim}")
        for name in ("empty_frames", "time_mask", "shift_px", "rotation_degrees", "brightness"):
            if not 0 <= getattr(self, name) < math.inf:
                raise UserError(f"expected {name} of at least 0, got {getattr(self, name)}")


NO_AUGMENTATION = AugmentationConfig()
PUBLISHED = AugmentationConfig(speed=0.2, empty_frames=20)
"""What ``+aug`` means in the thesis; it uses the speeds 0.8 and 1.2, not those between."""
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
    """The batch of some clips, each varied in its own way.

    Args:
        clips: At the model's frame rate.
        input_config: What the encoder expects.
        augmentation: How far to vary them.
        generator: Where chance comes from; the same state gives the same batch.
        side_px: Size in which frames are wanted, for where they are resampled anyway; None keeps
            theirs. Everything after costs so much less.

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
    frames = moved(batch.frames, augmentation, generator, side_px)
    frames = relit(frames, augmentation, generator)
    frames = time_masked(frames, shown, augmentation.time_mask, generator)
    return normalized(ClipBatch(frames, batch.lengths), shown, input_config)


def frame_choice(
    num_frames: int, config: AugmentationConfig, generator: torch.Generator
) -> Int[Tensor, " new_time"]:
    """Which frames to show one after the other: speed, trim and empty frames.

    Args:
        num_frames: Of the clip.
        config: How far to vary it.
        generator: Where chance comes from.

    Returns:
        Indices of frames; -1 stands for one that shows nothing.
    """
    speed = 1 + config.speed * _even(generator)
    before, after = (config.trim * torch.rand(2, generator=generator)).tolist()
    kept = num_frames * (1 - before - after)
    num_new = max(1, round(kept / speed))
    moments = num_frames * before + (torch.arange(num_new) + 0.5) / num_new * kept
    choice = moments.long().clamp(max=num_frames - 1)
    empty = torch.randint(0, config.empty_frames + 1, (2,), generator=generator).tolist()
    return functional.pad(choice, (empty[0], empty[1]), value=-1)


def moved(
    frames: Float[Tensor, "clip time height width"],
    config: AugmentationConfig,
    generator: torch.Generator,
    side_px: int | None = None,
) -> Float[Tensor, "clip time new_height new_width"]:
    """Shift, zoom, rotate and mirror, alike in all frames of a clip; edges are repeated.

    Half the size is the mean of 2×2 pixels, where nothing is turned or zoomed.
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


def relit(
    frames: Float[Tensor, "clip time height width"],
    config: AugmentationConfig,
    generator: torch.Generator,
) -> Float[Tensor, "clip time height width"]:
    """Change contrast around mid-gray and brightness, alike in all frames of a clip."""
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
    """Put the clip's mean frame in place of 0 to ``longest`` frames, at most a third of a clip."""
    if not longest:
        return frames
    num_shown = shown.sum(1)
    share = shown / num_shown.clamp(min=1)[:, None]
    mean = torch.einsum("cthw,ct->chw", frames, share)[:, None]
    length_chance, start_chance = torch.rand(2, len(frames), generator=generator)
    most = (num_shown // 3).clamp(max=longest)
    length = (length_chance * (most + 1)).long()
    place = shown.cumsum(1) - 1
    start = (start_chance * (num_shown - length + 1)).long()
    hidden = (place >= start[:, None]) & (place < (start + length)[:, None]) & shown
    return torch.where(hidden[:, :, None, None], mean, frames)


def mixed_up(
    batch: ClipBatch, alpha: float, generator: torch.Generator
) -> tuple[ClipBatch, Int[Tensor, " clip"], float]:
    """Blend every clip with another one of the batch (mixup).

    Args:
        batch: The clips.
        alpha: Parameter of the Beta distribution of the blend, above 0 (published: 0.4).
        generator: Where chance comes from.

    Returns:
        The blended clips, as long as the longer of both; the row each was blended with; the share
        λ ≥ 0.5 of the clip itself. The loss is λ·loss(own word) + (1-λ)·loss(other word).

    Source: Zhang et al., "mixup: Beyond empirical risk minimization", 2018, Eq. 1.
    """
    partner = torch.randperm(len(batch.lengths), generator=generator)
    seed = int(torch.randint(0, 2**31, (1,), generator=generator))
    share = float(np.random.default_rng(seed).beta(alpha, alpha))
    share = max(share, 1 - share)
    frames = share * batch.frames + (1 - share) * batch.frames[partner]
    lengths = torch.maximum(batch.lengths, batch.lengths[partner])
    return ClipBatch(frames, lengths), partner, share


def _even(generator: torch.Generator) -> float:
    """A number drawn evenly from [-1, 1)."""
    return 2 * float(torch.rand(1, generator=generator)) - 1

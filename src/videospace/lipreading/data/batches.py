"""Padded batches of mouth clips, the input of an encoder."""

import dataclasses
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import torch
from jaxtyping import Bool, Float, Int, UInt8
from msgspec import Meta
from torch import Tensor, arange

from videospace.lipreading.mouth.mouth_clip import MODEL_FPS, MouthClip
from videospace.runtime.errors import UserError
from videospace.runtime.reading.bounds import check_bounds

Frames = UInt8[Tensor, "_ height width"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class InputConfig:
    """The input of an encoder."""

    fps: Annotated[float, Meta(gt=0, le=240)] = MODEL_FPS
    """Frames per second."""
    subtract_mean: bool = False
    """Subtract the clip's mean frame from each frame, which leaves the movement without the
    face."""

    __post_init__ = check_bounds


class ClipBatch(NamedTuple):
    """Clips padded at the end to the same number of frames."""

    frames: Float[Tensor, "clip time height width"]
    """Gray levels in [-1, 1]; zero in the padding and in empty frames."""
    lengths: Int[Tensor, " clip"]
    """Frames of each clip, without the padding."""


def model_frames(clip: MouthClip, config: InputConfig) -> Frames:
    """Take the frames of a clip at the model's frame rate.

    Raises:
        UserError: The clip is longer than 12 seconds.

    Example:
        >>> import numpy as np
        >>> clip = MouthClip(frames=np.zeros((30, 88, 88), np.uint8), fps=15.0)
        >>> len(model_frames(clip, InputConfig()))
        50
    """
    clip.require_one_word()
    return torch.tensor(clip.at_fps(config.fps).frames)


def padded(clips: Sequence[Frames], blank: Sequence[Bool[Tensor, " _"]] = ()) -> ClipBatch:
    """Stack clips of different lengths, with gray levels in [0, 1] that are not normalized yet.

    Args:
        clips: At least one clip.
        blank: For each clip, which of its frames are empty and become zero; by default none.
    """
    lengths = torch.tensor([len(clip) for clip in clips])
    stacked = torch.nn.utils.rnn.pad_sequence(list(clips), batch_first=True)
    frames = stacked.float().div_(255)
    for index, hidden in enumerate(blank):
        frames[index, : len(hidden)][hidden] = 0.0
    return ClipBatch(frames, lengths)


def normalized(
    batch: ClipBatch, shown: Bool[Tensor, "clip time"], config: InputConfig
) -> ClipBatch:
    """Normalize gray levels in [0, 1] as the encoder expects them.

    Args:
        batch: A batch from :func:`padded`.
        shown: True for the frames that are neither empty nor padding; the others become zero.
        config: The input that the encoder expects.
    """
    inside = shown[:, :, None, None]
    if config.subtract_mean:
        num_shown = shown.sum(1).clamp(min=1)[:, None, None, None]
        mean = batch.frames.where(inside, 0.0).sum(1, keepdim=True) / num_shown
        frames = batch.frames - mean
    else:
        frames = batch.frames.mul(2).sub_(1)
    return ClipBatch(frames.mul_(inside), batch.lengths)


def clip_batch(clips: Sequence[MouthClip], config: InputConfig) -> ClipBatch:
    """Make a batch of some clips without augmentation.

    Raises:
        UserError: A clip is longer than 12 seconds.

    Example:
        >>> import numpy as np
        >>> clip = MouthClip(frames=np.full((4, 88, 88), 255, np.uint8), fps=25.0)
        >>> clip_batch([clip], InputConfig()).frames.mean().item()
        1.0
    """
    batch = padded([model_frames(clip, config) for clip in clips])
    return normalized(batch, frame_mask(batch.lengths, batch.frames.shape[1]), config)


def frame_mask(lengths: Int[Tensor, " clip"], num_frames: int) -> Bool[Tensor, "clip time"]:
    """Mask that is True where a frame belongs to its clip, and False in the padding.

    Raises:
        UserError: A length below 1 or above `num_frames`.

    Example:
        >>> import torch
        >>> frame_mask(torch.tensor([1, 3]), 3).tolist()
        [[True, False, False], [True, True, True]]
    """
    shortest, longest = int(lengths.min()), int(lengths.max())
    if shortest < 1 or longest > num_frames:
        raise UserError(
            f"expected lengths of 1 to {num_frames} frames, got {shortest} to {longest}"
        )
    return arange(num_frames, device=lengths.device) < lengths[:, None]

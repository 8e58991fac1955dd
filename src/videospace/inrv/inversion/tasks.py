"""The tasks: each builds a context from a video, which inversion then completes.

Source: thesis 3.5.3 and the authors' code; the defaults are the published contexts, scaled to the
size of the video.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from jaxtyping import Bool, UInt8

from videospace.clips.decoding.geometry import crop_and_resize
from videospace.inrv.inversion.contexts import Context
from videospace.runtime.errors import UserError

Video = UInt8[np.ndarray, "time height width 3"]
CompletionTask = Literal["inpaint", "predict", "interpolate", "sparse"]
"""The tasks in which some pixels are hidden."""
Task = Literal["invert", CompletionTask, "upscale"]


def everything(video: Video) -> Context:
    """Inversion: all pixels are observed."""
    return Context(video=video, observed=np.ones(video.shape[:3], bool))


def inpainting(
    video: Video, hidden: Bool[np.ndarray, "#time height width"] | None = None
) -> Context:
    """Inpainting: a region is hidden in every frame.

    Args:
        video: The clip; hidden pixels may have any value.
        hidden: One mask for all frames or one for each; None hides the lower half (published).

    Raises:
        UserError: The mask has another size, or hides everything.

    Example:
        >>> inpainting(np.zeros((5, 8, 8, 3), np.uint8)).observed_fraction
        0.5
    """
    time, height, width = video.shape[:3]
    hidden = lower_half((height, width)) if hidden is None else hidden
    if hidden.shape[0] not in (1, time) or hidden.shape[1:] != (height, width):
        raise UserError(
            f"expected a mask of 1 or {time} frames of {height}x{width} px, "
            f"got {hidden.shape[0]} of {hidden.shape[1]}x{hidden.shape[2]}"
        )
    return everything(video).without(np.broadcast_to(hidden, video.shape[:3]))


def lower_half(size: tuple[int, int]) -> Bool[np.ndarray, "time=1 height width"]:
    """The published mask of :func:`inpainting`: the lower half is hidden, without a middle row.

    Args:
        size: Height and width of the frames in px.
    """
    hidden = np.zeros((1, *size), bool)
    hidden[:, (size[0] + 1) // 2 :] = True
    return hidden


def rectangle(
    size: tuple[int, int], top: int, left: int, height: int, width: int
) -> Bool[np.ndarray, "time=1 height width"]:
    """A mask for :func:`inpainting` that hides a rectangle.

    Args:
        size: Height and width of the frames in px.
        top: First hidden row.
        left: First hidden column.
        height: Hidden rows.
        width: Hidden columns.

    Raises:
        UserError: The rectangle is empty or leaves the frame.

    Example:
        >>> int(rectangle((4, 4), 0, 0, 2, 4).sum())
        8
    """
    if min(top, left) < 0 or min(height, width) < 1:
        raise UserError(f"expected a rectangle with pixels, got {top},{left},{height},{width}")
    if top + height > size[0] or left + width > size[1]:
        raise UserError(
            f"the rectangle {top},{left},{height},{width} leaves the frame of "
            f"{size[0]}x{size[1]} px"
        )
    hidden = np.zeros((1, *size), bool)
    hidden[:, top : top + height, left : left + width] = True
    return hidden


def published_beginning(num_frames: int) -> int:
    """Number of frames that :func:`prediction` observes: the published 4 of 25, in proportion."""
    return max(1, round(num_frames * 4 / 25))


def prediction(video: Video, num_observed: int | None = None) -> Context:
    """Prediction: the first frames are observed.

    Args:
        video: The clip.
        num_observed: Number of observed frames; None takes the published fraction.

    Raises:
        UserError: Fewer than 1, or more than there are.
    """
    time = len(video)
    num_observed = published_beginning(time) if num_observed is None else num_observed
    if not 1 <= num_observed <= time:
        raise UserError(f"expected 1 to {time} observed frames, got {num_observed}")
    return frame_interpolation(video, range(num_observed))


def frame_interpolation(video: Video, frames: Sequence[int] = (0, -1)) -> Context:
    """Frame interpolation: some frames are observed completely.

    Args:
        video: The clip.
        frames: The observed frames, counted from 0; negative numbers count from the end. The
            default is the first and the last (published).

    Raises:
        UserError: The clip does not have one of the frames, or there are none.
    """
    time = len(video)
    bad = [frame for frame in frames if not -time <= frame < time]
    if bad or not len(frames):
        listed = ", ".join(map(str, bad)) or "none"
        raise UserError(f"expected observed frames between {-time} and {time - 1}, got {listed}")
    observed = np.zeros(video.shape[:3], bool)
    observed[list(frames)] = True
    return Context(video=video, observed=observed)


def sparse(video: Video, fraction: float = 0.25, seed: int = 0) -> Context:
    """Sparse inpainting: a random fraction of all pixels is observed.

    Args:
        video: The clip.
        fraction: In (0, 1]; the default is a quarter (published). At least one pixel is observed.
        seed: The same seed observes the same pixels.

    Raises:
        UserError: The fraction is not in (0, 1].
    """
    if not 0 < fraction <= 1:
        raise UserError(f"expected a fraction of pixels in (0, 1], got {fraction}")
    num_pixels = int(np.prod(video.shape[:3]))
    chosen = np.random.default_rng(seed).permutation(num_pixels)
    observed = np.zeros(num_pixels, bool)
    observed[chosen[: max(1, round(fraction * num_pixels))]] = True
    return Context(video=video, observed=observed.reshape(video.shape[:3]))


def superresolution(video: Video) -> Context:
    """Superresolution: all pixels are observed, of a clip that is coarser than those of a space."""
    return everything(video)


def downsample(
    video: Video, factor: int = 4
) -> UInt8[np.ndarray, "time coarse_height coarse_width 3"]:
    """Reduce the resolution of a video with a box filter, as input of :func:`superresolution`.

    Args:
        video: The clip.
        factor: Sides become this many times shorter, rounded, and at least 1 px.

    Raises:
        UserError: A factor below 1.

    Example:
        >>> downsample(np.zeros((2, 64, 48, 3), np.uint8)).shape
        (2, 16, 12, 3)
    """
    if factor < 1:
        raise UserError(f"expected a factor of at least 1, got {factor}")
    height, width = video.shape[1:3]
    size = max(1, round(height / factor)), max(1, round(width / factor))
    return np.stack([crop_and_resize(frame, size, (0, 0, height, width)) for frame in video])


PUBLISHED_TASKS: dict[Task, Callable[[Video], Context]] = {
    "invert": everything,
    "inpaint": inpainting,
    "predict": prediction,
    "interpolate": frame_interpolation,
    "sparse": sparse,
    "upscale": lambda video: superresolution(downsample(video)),
}
"""Builds the published context of each task from the whole clip, which stays the ground truth."""

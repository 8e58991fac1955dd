"""Helpers of the baselines: pixel weights, box filter, rounding, and checks of sizes."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Float32, UInt8
from PIL import Image

from videospace.inrv.inversion.contexts import Context
from videospace.runtime.errors import UserError

Size = tuple[int, int]
"""Height and width in px."""
Baseline = Callable[[Context, Size], UInt8[np.ndarray, "time height width 3"]]
"""A baseline: a function of a context and of the height and width in px to return.

It returns the completed video, uint8 RGB, and uses the observed pixels of the context only.
"""


def pixel_weights(context: Context) -> Float32[np.ndarray, "time height width"]:
    """The weight of each pixel of a context, at least 0, and 0 if it is not observed."""
    if context.weight is None:
        return context.observed.astype(np.float32)
    return np.where(context.observed, context.weight, 0).astype(np.float32)


def box_means(
    frames: Float[np.ndarray, "time height width *rest"], size: Size
) -> Float[np.ndarray, "time coarse_height coarse_width *rest"]:
    """Reduce frames by a box filter: each pixel is the mean of the pixels that it covers.

    This is Pillow's box filter, which also resizes clips, without its rounding.

    Args:
        frames: Frames in any unit.
        size: Height and width, at most those of the frames.

    Example:
        >>> box_means(np.arange(4.0).reshape(1, 1, 4, 1), (1, 2)).ravel()
        array([0.5, 2.5])
    """
    for axis, num_boxes in zip((1, 2), size, strict=True):
        before, length, after = np.split(frames.shape, [axis, axis + 1])
        if num_boxes != length:
            lines = frames.reshape(before.prod(), *length, after.prod())
            frames = (_boxes(int(length[0]), num_boxes) @ lines).reshape(*before, num_boxes, *after)
    return frames


def _boxes(length: int, num_boxes: int) -> Float32[np.ndarray, "box pixel"]:
    """The weight of each pixel in each box, computed by Pillow, so that edges agree with it."""
    pixels = Image.fromarray(np.eye(length, dtype=np.float32))
    return np.array(pixels.resize((num_boxes, length), Image.Resampling.BOX)).T


def as_pixels(values: Float[np.ndarray, "*shape"]) -> UInt8[np.ndarray, "*shape"]:
    """Round gray levels to whole ones in [0, 255]."""
    return np.rint(values).clip(0, 255).astype(np.uint8)


def require_own_size(context: Context, size: Size) -> None:
    """Check that the size to return is the context's.

    Raises:
        UserError: The sizes differ.
    """
    if context.video.shape[1:3] != size:
        raise UserError(
            f"expected a context of {_text(size)}, the size to return, "
            f"got {_text(context.video.shape[1:3])}: bring it to that size first"
        )


def require_clips(clips: UInt8[np.ndarray, "clip time height width 3"]) -> None:
    """Check that there are training clips with pixels.

    Raises:
        UserError: There are none.
    """
    if not clips.size:
        raise UserError(f"expected at least one training clip with pixels, got {clips.shape}")


def require_clip_size(clip_shape: tuple[int, ...], context: Context, size: Size) -> None:
    """Check that a context can be compared with training clips.

    Args:
        clip_shape: Shape of a training clip: frames, height, width and 3.
        context: A context with as many frames, and at most as fine.
        size: Height and width to return, which must be those of the training clips.

    Raises:
        UserError: The sizes do not match.
    """
    num_frames, clip_size = clip_shape[0], clip_shape[1:3]
    if len(context.video) != num_frames:
        raise UserError(
            f"expected a context of {num_frames} frames, as the training clips have, "
            f"got {len(context.video)}"
        )
    if size != clip_size:
        raise UserError(
            f"expected a size to return of {_text(clip_size)}, the size of the training clips, "
            f"got {_text(size)}"
        )
    height, width = context.video.shape[1:3]
    if height > clip_size[0] or width > clip_size[1]:
        raise UserError(
            f"expected a context of at most {_text(clip_size)}, as fine as the training clips, "
            f"got {_text((height, width))}"
        )


def _text(size: tuple[int, ...]) -> str:
    return f"{size[0]}x{size[1]} px"

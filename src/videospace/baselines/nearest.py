"""The training clip that is nearest to the observed pixels."""

import numpy as np
from jaxtyping import UInt8

from videospace.baselines.pixels import (
    Size,
    box_means,
    pixel_weights,
    require_clip_size,
    require_clips,
)
from videospace.inrv.inversion.contexts import Context


def nearest_clip(
    clips: UInt8[np.ndarray, "clip time height width 3"], context: Context, size: Size
) -> UInt8[np.ndarray, "time clip_height clip_width 3"]:
    """Return the training clip with the smallest squared error on the observed pixels, unchanged.

    Args:
        clips: The training clips; ``functools.partial(nearest_clip, clips)`` is a baseline.
        context: A context with the number of frames of the clips. If it is coarser, the clips are
            box-filtered.
        size: Height and width to return in px, which must be those of the clips.

    Raises:
        UserError: There is no clip, or the sizes do not match.

    Example:
        >>> from videospace.inrv.inversion.tasks import prediction
        >>> clips = np.uint8([10, 20, 30]).repeat(12).reshape(3, 4, 1, 1, 3)
        >>> int(nearest_clip(clips, prediction(clips[1] + 4), (1, 1)).max())
        20
    """
    require_clips(clips)
    require_clip_size(clips.shape[1:], context, size)
    weight = pixel_weights(context)[..., None]
    frames = np.flatnonzero(weight.any(axis=(1, 2, 3)))
    weight, target = weight[frames], context.video[frames].astype(np.float32)

    def squared_error(row: int) -> float:
        clip = box_means(clips[row, frames].astype(np.float32), target.shape[1:3])
        return float((weight * (clip - target) ** 2).sum())

    return clips[min(range(len(clips)), key=squared_error)].copy()

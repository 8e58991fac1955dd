"""Baselines without motion: the mean frame, and the last frame repeated."""

import numpy as np
from jaxtyping import Float64, UInt8

from videospace.baselines.pixels import Size, as_pixels, pixel_weights, require_own_size
from videospace.inrv.inversion.contexts import Context


def mean_frame(context: Context, size: Size) -> UInt8[np.ndarray, "time height width 3"]:
    """Repeat the mean of the observed colors of each pixel in every frame.

    A pixel that is never observed has the mean of all observed colors.

    Args:
        context: The observed pixels.
        size: Height and width to return in px, which must be those of the context.

    Raises:
        UserError: The context has another size.

    Example:
        >>> video = np.uint8([10, 20, 90]).repeat(3).reshape(3, 1, 1, 3)
        >>> late = np.array([False, False, True]).reshape(3, 1, 1)
        >>> context = Context(video=video, observed=~late)
        >>> mean_frame(context, (1, 1))[:, 0, 0, 0]
        array([15, 15, 15], dtype=uint8)
    """
    require_own_size(context, size)
    weight = pixel_weights(context).astype(np.float64)
    total = np.einsum("thw,thwc->hwc", weight, context.video)
    counts = weight.sum(axis=0)[..., None]
    frame = np.broadcast_to(_mean_color(context), total.shape).copy()
    np.divide(total, counts, out=frame, where=counts > 0)
    return as_pixels(frame)[None].repeat(len(context.video), axis=0)


def last_frame(context: Context, size: Size) -> UInt8[np.ndarray, "time height width 3"]:
    """Hold the last observed color of each pixel until it is observed again.

    Before a pixel is first observed, it has the color of that first observation. A pixel that is
    never observed has the mean of all observed colors. For prediction, this repeats the last
    observed frame.

    Args:
        context: The observed pixels.
        size: Height and width to return in px, which must be those of the context.

    Raises:
        UserError: The context has another size.

    Example:
        >>> video = np.uint8([10, 20, 90]).repeat(3).reshape(3, 1, 1, 3)
        >>> late = np.array([False, False, True]).reshape(3, 1, 1)
        >>> context = Context(video=video, observed=~late)
        >>> last_frame(context, (1, 1))[:, 0, 0, 0]
        array([10, 20, 20], dtype=uint8)
    """
    require_own_size(context, size)
    observed = context.observed
    times = np.where(observed, np.arange(len(observed))[:, None, None], -1)
    latest = np.maximum.accumulate(times, axis=0)
    shown = np.where(latest < 0, observed.argmax(axis=0), latest)
    video = np.take_along_axis(context.video, shown[..., None], axis=0)
    video[:, ~observed.any(axis=0)] = as_pixels(_mean_color(context))
    return video


def oracle_mean_frame(
    video: UInt8[np.ndarray, "time height width 3"],
) -> UInt8[np.ndarray, "time height width 3"]:
    """Repeat the mean frame of the true clip: the best completion without motion.

    This is an oracle and not a baseline, since it uses the whole clip.

    Args:
        video: The true clip.

    Example:
        >>> video = np.uint8([10, 20, 90]).repeat(3).reshape(3, 1, 1, 3)
        >>> oracle_mean_frame(video)[:, 0, 0, 0]
        array([40, 40, 40], dtype=uint8)
    """
    return as_pixels(video.mean(axis=0))[None].repeat(len(video), axis=0)


def _mean_color(context: Context) -> Float64[np.ndarray, "3"]:
    weight = pixel_weights(context)
    return np.average(context.video[weight > 0], axis=0, weights=weight[weight > 0])

"""Frame interpolation between observed frames, by cross-fade or by optical flow."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float32, Int, Shaped, UInt8

from videospace.baselines.opencv import import_opencv
from videospace.baselines.pixels import Size, as_pixels, require_own_size
from videospace.inrv.inversion.contexts import Context
from videospace.runtime.errors import UserError

Frame = Shaped[np.ndarray, "height width 3"]
Interpolation = Callable[[float], Frame]
"""Returns the frame at a fraction in (0, 1) of the way from one frame to another."""
SMALLEST_SIDE_PX = 32


def cross_fade(context: Context, size: Size) -> UInt8[np.ndarray, "time height width 3"]:
    """Fade linearly from each observed frame to the next.

    Before the first and after the last observed frame, the nearest one is repeated.

    Args:
        context: A context whose frames are observed completely or not at all.
        size: Height and width to return in px, which must be those of the context.

    Raises:
        UserError: A frame is observed in part, or the context has another size.

    Example:
        >>> from videospace.inrv.inversion.tasks import frame_interpolation
        >>> video = np.uint8([10, 0, 30]).repeat(3).reshape(3, 1, 1, 3)
        >>> cross_fade(frame_interpolation(video), (1, 1))[:, 0, 0, 0]
        array([10, 20, 30], dtype=uint8)
    """

    def interpolation(first: Frame, last: Frame) -> Interpolation:
        return lambda fraction: _mixed(first, last, fraction)

    return _filled(context, size, interpolation)


def optical_flow(context: Context, size: Size) -> UInt8[np.ndarray, "time height width 3"]:
    """Warp both observed neighbors along the optical flow, and fade from one to the other.

    Before the first and after the last observed frame, the nearest one is repeated.

    Args:
        context: A context whose frames are observed completely or not at all.
        size: Height and width to return in px, which must be those of the context.

    Raises:
        UserError: A frame is observed in part, the context has another size, or OpenCV is missing.

    Source:
        Kroeger et al. (2016), "Fast optical flow using dense inverse search", for the flow;
        Jiang et al. (2018), "Super SloMo", Eq. 4, for the flow from between the frames.
    """
    cv2 = import_opencv()

    def interpolation(first: Frame, last: Frame) -> Interpolation:
        forward, backward = _flow(cv2, first, last), _flow(cv2, last, first)

        def at(fraction: float) -> Frame:
            rest = 1 - fraction
            to_first = fraction * (fraction * backward - rest * forward)
            to_last = rest * (rest * forward - fraction * backward)
            return _mixed(_warped(cv2, first, to_first), _warped(cv2, last, to_last), fraction)

        return at

    return _filled(context, size, interpolation)


def _filled(
    context: Context, size: Size, interpolation: Callable[[Frame, Frame], Interpolation]
) -> UInt8[np.ndarray, "time height width 3"]:
    require_own_size(context, size)
    video, observed = context.video, _observed_frames(context)
    filled = np.empty_like(video)
    filled[: observed[0]] = video[observed[0]]
    filled[observed] = video[observed]
    filled[observed[-1] :] = video[observed[-1]]
    for first, last in pairwise(observed.tolist()):
        if last - first > 1:
            at = interpolation(video[first], video[last])
            for time in range(first + 1, last):
                filled[time] = as_pixels(at((time - first) / (last - first)))
    return filled


def _observed_frames(context: Context) -> Int[np.ndarray, " observed"]:
    fractions = context.observed.mean(axis=(1, 2))
    partial = np.flatnonzero((fractions > 0) & (fractions < 1))
    if len(partial):
        raise UserError(
            "expected frames that are observed completely or not at all, but "
            f"{fractions[partial[0]]:.1%} of frame {partial[0]} is observed: inpaint it first"
        )
    return np.flatnonzero(fractions)


def _mixed(first: Frame, last: Frame, fraction: float) -> Float32[np.ndarray, "height width 3"]:
    return (1 - fraction) * first.astype(np.float32) + fraction * last.astype(np.float32)


def _flow(cv2: Any, source: Frame, target: Frame) -> Float32[np.ndarray, "height width xy=2"]:
    """Optical flow in px: the displacement of each pixel from the source to the target."""
    height, width = source.shape[:2]
    side = max(height, width, SMALLEST_SIDE_PX)
    # Pad to squares, because OpenCV refuses small frames and crashes on narrow ones.
    border = ((0, side - height), (0, side - width))
    squares = (
        np.pad(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), border, mode="edge")
        for frame in (source, target)
    )
    estimator = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return estimator.calc(*squares, None)[:height, :width]


def _warped(
    cv2: Any, frame: Frame, flow: Float32[np.ndarray, "height width xy=2"]
) -> Float32[np.ndarray, "height width 3"]:
    """Sample the frame at each pixel's position plus the flow."""
    rows, columns = np.indices(frame.shape[:2], np.float32)
    return cv2.remap(
        frame.astype(np.float32),
        columns + flow[..., 0],
        rows + flow[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )

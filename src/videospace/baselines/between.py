"""Frame interpolation: what lies between two seen frames, by cross-fade or by optical flow."""

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
Passage = Callable[[float], Frame]
"""The frame that lies a share in (0, 1) of the way from one frame to another."""
SMALLEST_SIDE_PX = 32


def cross_fade(context: Context, size: Size) -> UInt8[np.ndarray, "time height width 3"]:
    """Fade from each seen frame to the next; outside of the seen ones, repeat the nearest.

    Args:
        context: Frames that are seen whole, or not at all.
        size: Height and width to return in px, those of the context.

    Raises:
        UserError: A frame is seen in part, or the context has another size.

    Example:
        >>> from videospace.inrv.inversion.tasks import frame_interpolation
        >>> video = np.uint8([10, 0, 30]).repeat(3).reshape(3, 1, 1, 3)
        >>> cross_fade(frame_interpolation(video), (1, 1))[:, 0, 0, 0]
        array([10, 20, 30], dtype=uint8)
    """

    def passage(first: Frame, last: Frame) -> Passage:
        return lambda share: _mixed(first, last, share)

    return _filled(context, size, passage)


def optical_flow(context: Context, size: Size) -> UInt8[np.ndarray, "time height width 3"]:
    """Move the pixels of both neighbors along the optical flow, and fade from one to the other.

    Outside of the seen frames the nearest one is repeated.

    Args:
        context: Frames that are seen whole, or not at all.
        size: Height and width to return in px, those of the context.

    Raises:
        UserError: A frame is seen in part, the context has another size, or OpenCV is missing.

    Source:
        Kroeger et al. (2016), "Fast optical flow using dense inverse search", for the flow;
        Jiang et al. (2018), "Super SloMo", Eq. 4, for the flow from between the frames.
    """
    cv2 = import_opencv()

    def passage(first: Frame, last: Frame) -> Passage:
        forward, backward = _flow(cv2, first, last), _flow(cv2, last, first)

        def at(share: float) -> Frame:
            to_first = share * (share * backward - (1 - share) * forward)
            to_last = (1 - share) * ((1 - share) * forward - share * backward)
            return _mixed(_warped(cv2, first, to_first), _warped(cv2, last, to_last), share)

        return at

    return _filled(context, size, passage)


def _filled(
    context: Context, size: Size, passage: Callable[[Frame, Frame], Passage]
) -> UInt8[np.ndarray, "time height width 3"]:
    require_own_size(context, size)
    video, seen = context.video, _seen_frames(context)
    filled = np.empty_like(video)
    filled[: seen[0]] = video[seen[0]]
    filled[seen] = video[seen]
    filled[seen[-1] :] = video[seen[-1]]
    for first, last in pairwise(seen.tolist()):
        if last - first > 1:
            at = passage(video[first], video[last])
            for time in range(first + 1, last):
                filled[time] = as_pixels(at((time - first) / (last - first)))
    return filled


def _seen_frames(context: Context) -> Int[np.ndarray, " seen"]:
    shares = context.observed.mean(axis=(1, 2))
    in_part = np.flatnonzero((shares > 0) & (shares < 1))
    if len(in_part):
        raise UserError(
            "expected frames that are seen whole or not at all, "
            f"got frame {in_part[0]} seen to {shares[in_part[0]]:.1%}: inpaint it first"
        )
    return np.flatnonzero(shares)


def _mixed(first: Frame, last: Frame, share: float) -> Float32[np.ndarray, "height width 3"]:
    return (1 - share) * first.astype(np.float32) + share * last.astype(np.float32)


def _flow(cv2: Any, source: Frame, target: Frame) -> Float32[np.ndarray, "height width xy=2"]:
    """Where each pixel of the source lies in the target, less where it is, in px."""
    height, width = source.shape[:2]
    side = max(height, width, SMALLEST_SIDE_PX)
    # Squares, because OpenCV refuses small frames and crashes on narrow ones.
    border = ((0, side - height), (0, side - width))
    squares = (
        np.pad(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), border, mode="edge")
        for frame in (source, target)
    )
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return search.calc(*squares, None)[:height, :width]


def _warped(
    cv2: Any, frame: Frame, flow: Float32[np.ndarray, "height width xy=2"]
) -> Float32[np.ndarray, "height width 3"]:
    """At each pixel, what the frame shows where the flow from it points."""
    rows, columns = np.indices(frame.shape[:2], np.float32)
    return cv2.remap(
        frame.astype(np.float32),
        columns + flow[..., 0],
        rows + flow[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )

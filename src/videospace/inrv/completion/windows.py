"""Long videos: overlapping windows of a clip's length, completed separately and cross-faded.

Videos are streams. The memory does not grow with their length: it holds the windows that are
completed together, the frames of the next one, and sums of the frames that a later window covers.
"""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8

from videospace.runtime.errors import UserError


class Window(NamedTuple):
    """Consecutive frames of a longer video."""

    start: int
    """Number of the first frame in the video."""
    frames: UInt8[np.ndarray, "time height width channel"]
    """As many frames as a clip has."""
    num_real: int
    """Number of frames that the video has; the rest are padding, copies of its last frame."""


Complete = Callable[[list[Window]], Sequence[UInt8[np.ndarray, "time height width 3"]]]
"""Completes windows: returns one video for each, all of one height and width."""


def cross_faded(
    frames: Iterable[UInt8[np.ndarray, "height width channel"]],
    length: int,
    overlap: int,
    complete: Complete,
    windows_at_once: int = 1,
) -> Iterator[UInt8[np.ndarray, "completed_height completed_width 3"]]:
    """Complete a video of any length in windows, and cross-fade them.

    A frame that several windows cover is their weighted mean. The weight of a window rises linearly
    over its first ``overlap`` frames and falls linearly over its last ones. The weights of a frame
    are divided by their sum.

    Args:
        frames: The video, as a separate array for each frame. Three channels are RGB; further
            channels, such as a mask, are passed on to ``complete``.
        length: Frames of a window.
        overlap: Frames that a window shares with the next, from 0 to ``length`` - 1; the last two
            may share more.
        complete: Completes windows from :func:`cut_windows`. It returns as many frames for each, at
            any height and width.
        windows_at_once: Most windows in a call of ``complete``.

    Returns:
        As many completed frames as the video has, read and completed lazily.

    Raises:
        UserError: An argument is out of range, there is no frame, frames differ in size, or the
            completed windows have other shapes than expected.

    Example:
        >>> video = np.full((7, 4, 6, 3), 80, np.uint8)
        >>> completed = cross_faded(
        ...     video, length=5, overlap=3, complete=lambda windows: [
        ...         window.frames + np.uint8(10 * window.start) for window in windows
        ...     ]
        ... )
        >>> [int(frame[0, 0, 0]) for frame in completed]
        [80, 80, 85, 90, 95, 100, 100]
    """
    if windows_at_once < 1:
        raise UserError(f"expected at least 1 window at once, got {windows_at_once}")
    windows = cut_windows(frames, length, overlap)
    weights = [min(index + 1, overlap + 1, length - index) for index in range(length)]
    return _blended(_completed(windows, complete, windows_at_once), weights)


def cut_windows(
    frames: Iterable[UInt8[np.ndarray, "height width channel"]], length: int, overlap: int
) -> Iterator[Window]:
    """Cut a stream of frames into windows that overlap and together cover it.

    The last window is moved back so that it ends at the last frame. A stream shorter than a window
    is padded with copies of its last frame.

    Args:
        frames: uint8, of one size.
        length: Frames of a window.
        overlap: Frames that a window shares with the next, from 0 to ``length`` - 1.

    Returns:
        The windows in order, each as soon as its last frame is read.

    Raises:
        UserError: The length is below 1 or the overlap out of range; while reading: there is no
            frame, or frames differ in size.

    Example:
        >>> stream = (np.full((2, 2, 3), value, np.uint8) for value in range(6))
        >>> for window in cut_windows(stream, length=3, overlap=1):
        ...     print(window.start, window.frames[:, 0, 0, 0].tolist(), window.num_real)
        0 [0, 1, 2] 3
        2 [2, 3, 4] 3
        3 [3, 4, 5] 3
    """
    if length < 1:
        raise UserError(f"expected windows of at least 1 frame, got {length}")
    if not 0 <= overlap < length:
        raise UserError(
            f"expected windows of {length} frames to overlap by 0 to {length - 1}, got {overlap}"
        )
    return _cut(frames, length, length - overlap)


def _cut(frames: Iterable[np.ndarray], length: int, step: int) -> Iterator[Window]:
    recent: deque[np.ndarray] = deque(maxlen=length)
    num_frames, next_end = 0, length
    for frame in frames:
        _require_fit(frame, recent, num_frames)
        recent.append(frame)
        num_frames += 1
        if num_frames == next_end:
            yield Window(num_frames - length, np.stack(recent), length)
            next_end += step
    if not recent:
        raise UserError("expected a video of at least 1 frame, got none")
    if num_frames < length:
        repeated = [recent[-1]] * (length - num_frames)
        yield Window(0, np.stack([*recent, *repeated]), num_frames)
    elif num_frames > next_end - step:
        yield Window(num_frames - length, np.stack(recent), length)


def _require_fit(frame: np.ndarray, earlier: Sequence[np.ndarray], number: int) -> None:
    if frame.ndim != 3 or frame.dtype != np.uint8 or not frame.size:
        raise UserError(
            "expected frames as uint8 (height, width, channel), "
            f"but frame {number} is {frame.dtype} {frame.shape}"
        )
    if earlier and frame.shape != earlier[-1].shape:
        raise UserError(
            f"expected frames of one size, but frame {number} is {frame.shape} "
            f"after {earlier[-1].shape} (height, width, channel)"
        )


def _completed(
    windows: Iterator[Window], complete: Complete, windows_at_once: int
) -> Iterator[tuple[Window, np.ndarray]]:
    """Yield each window with its completed frames."""
    size = None
    while batch := list(itertools.islice(windows, windows_at_once)):
        videos = complete(batch)
        if len(videos) != len(batch):
            raise UserError(f"expected {len(batch)} completed windows, got {len(videos)}")
        size = size or videos[0].shape[1:3]
        expected = (len(batch[0].frames), *size, 3)
        shapes = {(str(video.dtype), video.shape) for video in videos}
        if shapes != {("uint8", expected)}:
            listed = " and ".join(f"{dtype} {shape}" for dtype, shape in sorted(shapes))
            raise UserError(f"expected every completed window as uint8 {expected}, got {listed}")
        yield from zip(batch, videos, strict=True)
        del batch, videos


def _blended(
    completed: Iterator[tuple[Window, np.ndarray]], weights: Sequence[int]
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Weighted means in integer arithmetic, so that equal windows are returned unchanged."""
    sums: deque[tuple[np.ndarray, int]] = deque()
    first = 0
    for window, video in completed:
        for _ in range(window.start - first):  # no later window covers these
            yield _mean(*sums.popleft())
        first = window.start
        for index, weight in enumerate(weights[: window.num_real]):
            weighted = video[index].astype(np.uint32) * weight
            if index < len(sums):
                total, total_weight = sums[index]
                sums[index] = total + weighted, total_weight + weight
            else:
                sums.append((weighted, weight))
        del window, video  # free the memory before the next windows are completed
    while sums:
        yield _mean(*sums.popleft())


def _mean(total: np.ndarray, weight: int) -> np.ndarray:
    return ((total + weight // 2) // weight).astype(np.uint8)

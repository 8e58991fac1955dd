"""Long videos: overlapping windows of a clip's length, worked on apart and cross-faded.

A video is a stream here. Whatever its length, no more is held than the windows that are worked on
together, the frames of the next one, and the sums of the frames that a later window may reach.
"""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8

from videospace.runtime.errors import UserError


class Window(NamedTuple):
    """Some frames of a longer video that follow each other."""

    start: int
    """Number of the first frame in the video."""
    frames: UInt8[np.ndarray, "time height width channel"]
    """As many frames as a clip has."""
    num_real: int
    """How many of them the video has; the rest repeat its last frame, and were never seen."""


Complete = Callable[[list[Window]], Sequence[UInt8[np.ndarray, "time height width 3"]]]
"""What is done to windows: gives a completed one for each, all of one height and width."""


def cross_faded(
    frames: Iterable[UInt8[np.ndarray, "height width channel"]],
    length: int,
    overlap: int,
    complete: Complete,
    windows_at_once: int = 1,
) -> Iterator[UInt8[np.ndarray, "completed_height completed_width 3"]]:
    """Work on a video of any length in windows, and fade each over into the next.

    Where windows overlap, a frame is their weighted mean. The weight of a window rises linearly
    over its first ``overlap`` frames and falls likewise over its last, and the weights of all
    windows that cover a frame are divided by their sum.

    Args:
        frames: The video, each frame an array of its own. Three channels are RGB; more may travel
            along for ``complete``, such as a mask.
        length: Frames of a window.
        overlap: Frames that a window shares with the next, from 0 to ``length`` - 1; the last two
            may share more.
        complete: Works on windows; see :func:`cut_windows` for what it is given. What it returns
            has as many frames, at any height and width.
        windows_at_once: Most windows that ``complete`` is given together.

    Returns:
        The completed frames, as many as came, read and completed only as they are asked for.

    Raises:
        UserError: An argument out of range, no frame, frames that do not fit together, or
            completed windows that do not fit the windows.

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
    is filled up by its last frame repeated.

    Args:
        frames: uint8, of one size.
        length: Frames of a window.
        overlap: Frames that a window shares with the next, from 0 to ``length`` - 1.

    Returns:
        The windows in their order, each as soon as its last frame is there.

    Raises:
        UserError: A length below 1, an overlap out of range; while reading: no frame, or frames
            that do not fit together.

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
    """Each window with its completed frames."""
    size = None
    while batch := list(itertools.islice(windows, windows_at_once)):
        videos = complete(batch)
        if len(videos) != len(batch):
            raise UserError(f"expected {len(batch)} completed windows, got {len(videos)}")
        size = size or videos[0].shape[1:3]
        expected = (len(batch[0].frames), *size, 3)
        came = {(str(video.dtype), video.shape) for video in videos}
        if came != {("uint8", expected)}:
            listed = " and ".join(f"{dtype} {shape}" for dtype, shape in sorted(came))
            raise UserError(f"expected every completed window as uint8 {expected}, got {listed}")
        yield from zip(batch, videos, strict=True)
        del batch, videos


def _blended(
    completed: Iterator[tuple[Window, np.ndarray]], weights: Sequence[int]
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Weighted means, in whole numbers, so that windows that agree come back unchanged."""
    sums: deque[tuple[np.ndarray, int]] = deque()
    first = 0
    for window, video in completed:
        for _ in range(window.start - first):  # no later window reaches back to these
            yield _mean(*sums.popleft())
        first = window.start
        for index, weight in enumerate(weights[: window.num_real]):
            weighted = video[index].astype(np.uint32) * weight
            if index < len(sums):
                total, total_weight = sums[index]
                sums[index] = total + weighted, total_weight + weight
            else:
                sums.append((weighted, weight))
        del window, video  # before the next ones need their room
    while sums:
        yield _mean(*sums.popleft())


def _mean(total: np.ndarray, weight: int) -> np.ndarray:
    return ((total + weight // 2) // weight).astype(np.uint8)

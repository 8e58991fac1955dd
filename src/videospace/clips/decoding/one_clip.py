"""Reading part of a video: its frames from a given one on, or one clip of a fixed length."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from videospace.clips.decoding.streams import ReadReport, TimedFrame
from videospace.clips.decoding.video_input import read_timed_frames
from videospace.runtime.errors import UserError

Frame = UInt8[np.ndarray, "height width 3"]


def frames_of(
    path: Path | str,
    size: tuple[int, int],
    *,
    crop: str = "center",
    first: int = 0,
    report: ReadReport | None = None,
) -> Iterator[Frame]:
    """Decode the frames of a video from a given one on.

    Args:
        path: A video file or a folder of images.
        size: Height and width in px.
        crop: The region to use, as in ``prepare``.
        first: Number of the first frame.
        report: Filled in with what is wrong with the video.

    Yields:
        RGB frames of that size.

    Raises:
        UnreadableVideo: The file is no video.
        UserError: The video ends before the first frame, or the crop leaves the picture.
    """
    for frame in _from(read_timed_frames(path, size=size, crop=crop, report=report), path, first):
        yield frame.pixels


def _from(frames: Iterator[TimedFrame], path: Path | str, first: int) -> Iterator[TimedFrame]:
    if first < 0:
        raise UserError(f"expected the first frame at 0 or later, got {first}")
    frames = itertools.islice(frames, first, None)
    try:
        yield next(frames)
    except StopIteration:
        raise UserError(f"'{path}' ends before frame {first}") from None
    yield from frames


def _until_gap(frames: Iterator[TimedFrame], num_frames: int) -> Iterator[TimedFrame]:
    """So many frames, or fewer where others are missing between them."""
    for number, frame in enumerate(itertools.islice(frames, num_frames)):
        if number and frame.follows_gap:
            return
        yield frame


def read_one_clip(
    path: Path | str,
    num_frames: int,
    size: tuple[int, int],
    *,
    crop: str = "center",
    first: int = 0,
    report: ReadReport | None = None,
) -> tuple[UInt8[np.ndarray, "time height width 3"], int]:
    """Read one clip of a video; where it ends too early, its last frame is repeated.

    A clip ends at a gap, too.

    Args:
        path: A video file or a folder of images.
        num_frames: Frames of the clip.
        size: Height and width in px.
        crop: The region to use, as in ``prepare``.
        first: Number of the clip's first frame.
        report: Filled in with what is wrong with the video.

    Returns:
        The clip, in [0, 255], and how many of its frames are not repeated.

    Raises:
        UnreadableVideo: The file is no video.
        UserError: The video ends before the first frame, or the crop leaves the picture.
    """
    timed = read_timed_frames(path, size=size, crop=crop, report=report)
    frames = [frame.pixels for frame in _until_gap(_from(timed, path, first), num_frames)]
    video = np.stack(frames)
    return np.pad(video, [(0, num_frames - len(video))] + [(0, 0)] * 3, mode="edge"), len(video)

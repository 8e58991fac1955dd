"""Reading part of a video: its frames from a given one on, or one clip of a fixed length."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from videospace.clips.decoding.video_input import read_frames
from videospace.runtime.errors import UserError

Frame = UInt8[np.ndarray, "height width 3"]


def frames_of(
    path: Path | str, size: tuple[int, int], *, crop: str = "center", first: int = 0
) -> Iterator[Frame]:
    """Decode the frames of a video from a given one on.

    Args:
        path: A video file or a folder of images.
        size: Height and width in px.
        crop: The region to use, as in ``prepare``.
        first: Number of the first frame.

    Yields:
        RGB frames of that size.

    Raises:
        UnreadableVideo: The file is no video.
        UserError: The video ends before the first frame, or the crop leaves the picture.
    """
    if first < 0:
        raise UserError(f"expected the first frame at 0 or later, got {first}")
    frames = itertools.islice(read_frames(path, size=size, crop=crop), first, None)
    try:
        yield next(frames)
    except StopIteration:
        raise UserError(f"'{path}' ends before frame {first}") from None
    yield from frames


def read_one_clip(
    path: Path | str,
    num_frames: int,
    size: tuple[int, int],
    *,
    crop: str = "center",
    first: int = 0,
) -> tuple[UInt8[np.ndarray, "time height width 3"], int]:
    """Read one clip of a video; if the video ends too early, its last frame is repeated.

    Args:
        path: A video file or a folder of images.
        num_frames: Frames of the clip.
        size: Height and width in px.
        crop: The region to use, as in ``prepare``.
        first: Number of the clip's first frame.

    Returns:
        The clip, in [0, 255], and how many of its frames are not repeated.

    Raises:
        UnreadableVideo: The file is no video.
        UserError: The video ends before the first frame, or the crop leaves the picture.
    """
    frames = itertools.islice(frames_of(path, size, crop=crop, first=first), num_frames)
    video = np.stack(list(frames))
    return np.pad(video, [(0, num_frames - len(video))] + [(0, 0)] * 3, mode="edge"), len(video)

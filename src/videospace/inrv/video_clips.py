"""Videos as clips of a space: the right size, the right length."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from videospace.clips.video_input import read_frames
from videospace.inrv.space import VideoSpace
from videospace.runtime.errors import UserError

Frame = UInt8[np.ndarray, "height width 3"]


def frame_size(path: Path | str) -> tuple[int, int]:
    """Height and width of a video's frames in px.

    Raises:
        UnreadableVideo: It is no video.
    """
    height, width, _ = next(read_frames(path)).shape
    return height, width


def frames_of(
    path: Path | str, size: tuple[int, int], *, crop: str = "centre", first: int = 0
) -> Iterator[Frame]:
    """Decode a video at a size, from a frame on.

    Raises:
        UnreadableVideo: It is no video.
        UserError: The video ends before that frame, or the crop leaves the picture.
    """
    if first < 0:
        raise UserError(f"expected the first frame at 0 or later, came {first}")
    frames = itertools.islice(read_frames(path, size=size, crop=crop), first, None)
    try:
        yield next(frames)
    except StopIteration:
        raise UserError(f"'{path}' ends before frame {first}") from None
    yield from frames


def read_clip(
    space: VideoSpace,
    path: Path | str,
    *,
    size: tuple[int, int] | None = None,
    crop: str = "centre",
    first: int = 0,
) -> tuple[UInt8[np.ndarray, "time height width 3"], int]:
    """One clip of a video, as long as those of a space.

    Args:
        space: Says how large and how long a clip is.
        path: A video file or a folder of images.
        size: Height and width in px; None: the space's.
        crop: The part to take, as in ``prepare``.
        first: The clip's first frame.

    Returns:
        The clip, and how many of its frames the video had; the rest repeat the last one.

    Raises:
        UnreadableVideo: It is no video.
        UserError: The video ends before that frame, or the crop leaves the picture.
    """
    size = size or (space.clip.height, space.clip.width)
    frames = itertools.islice(frames_of(path, size, crop=crop, first=first), space.clip.num_frames)
    video = np.stack(list(frames))
    num_missing = space.clip.num_frames - len(video)
    return np.pad(video, [(0, num_missing)] + [(0, 0)] * 3, mode="edge"), len(video)

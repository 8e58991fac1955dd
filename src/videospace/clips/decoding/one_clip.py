"""One clip of a video: the right size, the right length."""

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
    """Decode a video at a size, from a frame on.

    Raises:
        UnreadableVideo: It is no video.
        UserError: The video ends before that frame, or the crop leaves the picture.
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
    """So many frames of a video; its last one is repeated where it is shorter.

    Args:
        path: A video file or a folder of images.
        num_frames: How many.
        size: Height and width in px.
        crop: The part to take, as in ``prepare``.
        first: The clip's first frame.

    Returns:
        The clip, in [0, 255], and how many of its frames the video had.

    Raises:
        UnreadableVideo: It is no video.
        UserError: The video ends before that frame, or the crop leaves the picture.
    """
    frames = itertools.islice(frames_of(path, size, crop=crop, first=first), num_frames)
    video = np.stack(list(frames))
    return np.pad(video, [(0, num_frames - len(video))] + [(0, 0)] * 3, mode="edge"), len(video)

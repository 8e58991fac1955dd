"""Videos as clips of a space: the right size, the right length."""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from videospace.clips.decoding.one_clip import read_one_clip
from videospace.clips.decoding.video_input import read_frames
from videospace.inrv.space.video_space import VideoSpace


def frame_size(path: Path | str) -> tuple[int, int]:
    """Height and width of a video's frames in px.

    Raises:
        UnreadableVideo: It is no video.
    """
    height, width, _ = next(read_frames(path)).shape
    return height, width


def read_clip(
    space: VideoSpace,
    path: Path | str,
    *,
    size: tuple[int, int] | None = None,
    crop: str = "center",
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
    return read_one_clip(path, space.clip.num_frames, size, crop=crop, first=first)

"""Cutting one source into clips."""

import dataclasses
import math
import os
from collections import deque
from collections.abc import Iterator

import numpy as np
from jaxtyping import UInt8

from videospace.clips.decoding.video_input import probe, read_frames
from videospace.clips.prepare_config import PrepareConfig
from videospace.runtime.errors import UnreadableVideo, UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class DecodedClip:
    """A clip that is not in the store yet."""

    first_frame: int
    """Number of its first frame among the decoded frames of the source."""
    fps: float
    """Frames per second of the clip."""
    pixels: UInt8[np.ndarray, "time height width 3"]
    """RGB in [0, 255]."""
    num_expected: int
    """Estimated number of clips of the source."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SourceEnd:
    """Marks the end of a source, after its last clip."""

    reason: str | None = None
    """Why the source gave no clip; None if it gave some."""


def cut_clips(
    frames: Iterator[np.ndarray], num_frames: int, stride: int
) -> Iterator[tuple[int, UInt8[np.ndarray, "time height width 3"]]]:
    """Cut a stream of frames into clips.

    Args:
        frames: The frames.
        num_frames: Frames of a clip.
        stride: Frames between the starts of two clips.

    Yields:
        The number of each clip's first frame in the stream, and the clip.

    Example:
        >>> stream = (np.full((1, 1, 3), value, np.uint8) for value in range(5))
        >>> [(first, clip[:, 0, 0, 0].tolist()) for first, clip in cut_clips(stream, 2, 2)]
        [(0, [0, 1]), (2, [2, 3])]
    """
    window: deque[np.ndarray] = deque(maxlen=num_frames)
    for number, frame in enumerate(frames):
        window.append(frame)
        first = number - num_frames + 1
        if first >= 0 and first % stride == 0:
            yield first, np.stack(window)


def decode_source(
    source: str, config: PrepareConfig, num_threads: int
) -> Iterator[DecodedClip | SourceEnd]:
    """Decode one source.

    Yields:
        Its clips, then a `SourceEnd`; errors of the source become the reason of the latter.
    """
    num_clips = 0
    reason = None
    try:
        for clip in _clips(source, config, num_threads):
            num_clips += 1
            yield clip
    except UnreadableVideo as error:
        reason = error.reason
    except (UserError, OSError) as error:
        reason = str(error)
    yield SourceEnd(reason=None if num_clips else reason)


def _clips(source: str, config: PrepareConfig, num_threads: int) -> Iterator[DecodedClip]:
    info = probe(source)
    fps = config.frame_folder_fps if os.path.isdir(source) else info.fps
    num_used = math.ceil(info.num_frames / config.every)
    num_expected = max(1, (num_used - config.num_frames) // config.frames_apart + 1)
    limit = config.max_clips_per_source or float("inf")
    num_frames = num_clips = 0

    def counted() -> Iterator[np.ndarray]:
        nonlocal num_frames
        for frame in read_frames(
            source,
            every=config.every,
            size=config.height_width,
            crop=config.crop,
            num_threads=num_threads,
        ):
            num_frames += 1
            yield frame

    for first, pixels in cut_clips(counted(), config.num_frames, config.frames_apart):
        yield DecodedClip(
            first_frame=first * config.every,
            fps=fps / config.every,
            pixels=pixels,
            num_expected=int(min(num_expected, limit)),
        )
        num_clips += 1
        if num_clips >= limit:
            return
    if not num_clips:
        used = f" (one in {config.every} used)" if config.every > 1 else ""
        raise UnreadableVideo(
            source, f"too short: {num_frames} frames{used}, a clip has {config.num_frames}"
        )

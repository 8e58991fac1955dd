"""Cutting one source into clips."""

import dataclasses
import math
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import UInt8

from videospace.clips.decoding.streams import ReadReport
from videospace.clips.decoding.video_input import VideoInfo, probe, read_timed_frames
from videospace.clips.prepare_config import PrepareConfig
from videospace.runtime.errors import UnreadableVideo, UserError

SAME_RATE = 0.02
"""Frame rates that differ by less than this fraction count as one."""


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
    note: str = ""
    """What is wrong with a source that gave clips all the same; empty where nothing is."""
    own_fps: float | None = None
    """Frames per second of a video; None for a folder of images, which has no rate."""
    is_resampled: bool = False
    """Whether the video was brought to another rate, or to a steady one."""


def cut_clips(
    frames: Iterable[tuple[np.ndarray, bool]], num_frames: int, stride: int
) -> Iterator[tuple[int, UInt8[np.ndarray, "time height width 3"]]]:
    """Cut a stream of frames into clips, none of which bridges a gap.

    Args:
        frames: Frames, each with whether others are missing before it.
        num_frames: Frames of a clip.
        stride: Frames between the starts of two clips; counted anew after a gap.

    Yields:
        The number of each clip's first frame in the stream, and the clip.

    Example:
        >>> stream = ((np.full((1, 1, 3), value, np.uint8), value == 3) for value in range(6))
        >>> [(first, clip[:, 0, 0, 0].tolist()) for first, clip in cut_clips(stream, 2, 2)]
        [(0, [0, 1]), (3, [3, 4])]
    """
    window: deque[np.ndarray] = deque(maxlen=num_frames)
    start = 0
    for number, (frame, follows_gap) in enumerate(frames):
        if follows_gap:
            window.clear()
            start = number
        window.append(frame)
        first = number - num_frames + 1
        if first >= start and (first - start) % stride == 0:
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
    report = ReadReport()
    info, is_resampled = None, False
    try:
        info = probe(source)
        is_resampled = _is_resampled(source, info, config)
        for clip in _clips(source, info, config, num_threads, report):
            num_clips += 1
            yield clip
    except UnreadableVideo as error:
        reason = error.reason
    except (UserError, OSError) as error:
        reason = str(error)
    note = report.describe()
    if num_clips:
        own_fps = info.fps if info and not os.path.isdir(source) else None
        yield SourceEnd(note=note, own_fps=own_fps, is_resampled=is_resampled)
    else:
        yield SourceEnd(reason="; ".join(filter(None, [reason, note])))


def _is_resampled(source: str, info: VideoInfo, config: PrepareConfig) -> bool:
    """Whether a video has another rate than the one that is wanted, or none that is steady."""
    if config.fps is None or os.path.isdir(source):
        return False
    return abs(info.fps / config.fps - 1) > SAME_RATE or not info.is_steady


def _clips(
    source: str, info: VideoInfo, config: PrepareConfig, num_threads: int, report: ReadReport
) -> Iterator[DecodedClip]:
    own_fps = config.frame_folder_fps if os.path.isdir(source) else info.fps
    rate = config.fps if _is_resampled(source, info, config) else None
    fps = rate or own_fps
    num_used = math.ceil(info.num_frames * fps / own_fps / config.every)
    num_expected = max(1, (num_used - config.num_frames) // config.frames_apart + 1)
    limit = config.max_clips_per_source or sys.maxsize
    num_frames = num_clips = 0

    def counted() -> Iterator[tuple[np.ndarray, bool]]:
        nonlocal num_frames
        for frame in read_timed_frames(
            source,
            every=config.every,
            fps=rate,
            size=config.height_width,
            crop=config.crop,
            num_threads=num_threads,
            report=report,
            usual_fps=info.fps,
        ):
            num_frames += 1
            yield frame.pixels, frame.follows_gap

    for first, pixels in cut_clips(counted(), config.num_frames, config.frames_apart):
        yield DecodedClip(
            first_frame=first * config.every,
            fps=fps / config.every,
            pixels=pixels,
            num_expected=min(num_expected, limit),
        )
        num_clips += 1
        if num_clips >= limit:
            return
    if not num_clips:
        taken = f" (one in {config.every} used)" if config.every > 1 else ""
        raise UnreadableVideo(
            source, f"too short: {num_frames} frames{taken}, a clip has {config.num_frames}"
        )

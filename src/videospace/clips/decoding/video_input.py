"""Reading: the frames of a video file or of a folder of images, one at a time."""

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from videospace.clips.decoding.frame_folder import (
    image_paths,
    is_animation,
    num_twins,
    read_animation,
    read_images,
)
from videospace.clips.decoding.geometry import crop_and_resize, parse_crop
from videospace.clips.decoding.streams import (
    DEFAULT_FPS,
    MAX_PROBED_PACKETS,
    Clock,
    ReadReport,
    TimedFrame,
    decode_stream,
    frame_rate,
    is_steady,
    open_video,
    packet_times,
    shown_stream,
)

TOLERANCE = 0.25
"""A frame that is late by this fraction of a frame's time still counts as on time."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class VideoInfo:
    """What a video tells about itself before it is decoded."""

    fps: float
    """Frames per second, from the usual distance of shown frames; 25 where nothing says it, as for
    a folder of images."""
    num_frames: int
    """Frames that are shown, as far as one can tell before decoding."""
    is_steady: bool = True
    """Whether nearly all frames come at this rate."""


def probe(path: Path | str) -> VideoInfo:
    """Read the frame rate and the number of frames of a video.

    Args:
        path: A video file or a folder of images.

    Raises:
        UnreadableVideo: The file is missing, or no video.
    """
    if os.path.isdir(path):
        return VideoInfo(fps=DEFAULT_FPS, num_frames=len(image_paths(path)))
    if os.path.isfile(path) and is_animation(path):
        times = [time for pixels, time in read_animation(path) if pixels is not None]
        fps = frame_rate([times], None)
        return VideoInfo(fps=fps, num_frames=len(times), is_steady=is_steady([times], fps))
    with open_video(path) as container:
        stream = shown_stream(container, path)
        runs = packet_times(container, stream)
        fps = frame_rate(runs, stream.average_rate or stream.guessed_rate)
        num_frames = sum(map(len, runs))
        if num_frames >= MAX_PROBED_PACKETS // 2:
            seconds = (container.duration or 0) / 1_000_000
            num_frames = max(num_frames, stream.frames or round(seconds * fps))
        return VideoInfo(fps=fps, num_frames=num_frames, is_steady=is_steady(runs, fps))


def frame_size(path: Path | str) -> tuple[int, int]:
    """Height and width of a video's frames in px.

    Raises:
        UnreadableVideo: The file is not a video.
    """
    height, width, _ = next(read_frames(path)).shape
    return height, width


def read_timed_frames(
    path: Path | str,
    *,
    every: int = 1,
    fps: float | None = None,
    size: tuple[int, int] | None = None,
    crop: str = "center",
    num_threads: int = 1,
    report: ReadReport | None = None,
    usual_fps: float | None = None,
) -> Iterator[TimedFrame]:
    """Decode a video frame by frame; it is never in memory as a whole.

    Frames look as a player shows them: turned and mirrored as the file says, with square pixels,
    deinterlaced, HDR brought to SDR, transparency over white. What is damaged is left out; decoding
    goes on behind it.

    Args:
        path: A video file, or a folder of images, which are read in the order of their names.
        every: Take every n-th frame, beginning with the first.
        fps: Bring the video to this rate: at each of its times stands the frame shown then. None
            takes the frames as they are, however they are spaced.
        size: Height and width in px; None leaves the frames as they are.
        crop: With a size, the part to take: ``"center"``, the largest centered region of the
            target's aspect, or ``"top,left,height,width"`` in px of the video as shown.
        num_threads: Threads that convert pixels; decoding itself takes one.
        report: Filled in with what is wrong with the video.
        usual_fps: The rate that :func:`probe` has found, if it was asked already.

    Yields:
        Frames with their times, and whether others are missing before them.

    Raises:
        UnreadableVideo: The file is missing, no video, or has not one frame that can be decoded.
        UserError: The crop leaves the frame.
    """
    region = parse_crop(crop)
    report = ReadReport() if report is None else report
    taken = every if fps is None else 1
    if os.path.isdir(path):
        frames = _folder_frames(path, taken, report)
    elif os.path.isfile(path) and is_animation(path):
        frames = every_nth(_animation_frames(path, usual_fps or probe(path).fps, report), taken)
    else:
        frames = decode_stream(
            path,
            every=taken,
            num_threads=num_threads,
            report=report,
            usual_fps=usual_fps or probe(path).fps,
        )
    for frame in frames if fps is None else every_nth(at_rate(frames, fps), every):
        if size is None:
            yield frame
        else:
            yield frame._replace(pixels=crop_and_resize(frame.pixels, size, region))


def read_frames(
    path: Path | str,
    *,
    every: int = 1,
    size: tuple[int, int] | None = None,
    crop: str = "center",
    num_threads: int = 1,
    report: ReadReport | None = None,
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """The frames of a video without their times; see :func:`read_timed_frames`.

    Example:
        >>> next(read_frames("a.mp4"))
        Traceback (most recent call last):
        ...
        videospace.runtime.errors.UnreadableVideo: cannot read a.mp4: no such file or folder
    """
    frames = read_timed_frames(
        path, every=every, size=size, crop=crop, num_threads=num_threads, report=report
    )
    for frame in frames:
        yield frame.pixels


def _folder_frames(path: Path | str, every: int, report: ReadReport) -> Iterator[TimedFrame]:
    if twins := num_twins(path):
        report.notes.append(f"{twins} images are other formats of the same frames, and left out")
    follows_gap = False
    for number, pixels in enumerate(read_images(path, every)):
        time = number * every / DEFAULT_FPS
        if pixels is None:
            report.num_lost += 1
            if not follows_gap:
                report.times_seconds.append(time)
            follows_gap = True
        else:
            yield TimedFrame(pixels, time, follows_gap and number > 0)
            follows_gap = False


def _animation_frames(
    path: Path | str, usual_fps: float, report: ReadReport
) -> Iterator[TimedFrame]:
    clock = Clock(usual_fps, report)
    for pixels, time in read_animation(path):
        if pixels is None:
            report.num_lost += 1
            report.times_seconds.append(time)
        else:
            yield TimedFrame(pixels, *clock.advance(time, 0))


def every_nth(frames: Iterator[TimedFrame], every: int) -> Iterator[TimedFrame]:
    """Take every n-th frame, beginning with the first; a gap before one left out is kept."""
    follows_gap = False
    for number, frame in enumerate(frames):
        follows_gap |= frame.follows_gap
        if number % every == 0:
            yield frame._replace(follows_gap=follows_gap)
            follows_gap = False


def at_rate(frames: Iterator[TimedFrame], fps: float) -> Iterator[TimedFrame]:
    """Bring frames to a constant rate: at each time stands the frame that is shown then.

    After a gap the times begin again with the next frame, so that nothing is shown in the gap.

    Example:
        >>> blank = np.zeros((1, 1, 3), np.uint8)
        >>> frames = (TimedFrame(blank + n, n / 10, False) for n in range(5))
        >>> [int(frame.pixels[0, 0, 0]) for frame in at_rate(frames, 5.0)]
        [0, 2, 4]
    """
    shown: TimedFrame | None = None
    start, count = 0.0, 0
    for frame in frames:
        if shown is None or frame.follows_gap:
            if shown is not None and start + (count - TOLERANCE) / fps <= shown.time_seconds:
                yield shown._replace(time_seconds=start + count / fps)
            start, count, shown = frame.time_seconds, 0, frame
            continue
        while start + (count + TOLERANCE) / fps < frame.time_seconds:
            yield shown._replace(time_seconds=start + count / fps)
            shown = shown._replace(follows_gap=False)
            count += 1
        shown = frame._replace(follows_gap=shown.follows_gap)
    if shown is not None and start + (count - TOLERANCE) / fps <= shown.time_seconds:
        yield shown._replace(time_seconds=start + count / fps)

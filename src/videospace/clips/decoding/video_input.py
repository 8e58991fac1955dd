"""Decoding the frames of a video file or of a folder of images, one at a time."""

import contextlib
import dataclasses
import itertools
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from av.stream import Disposition
from av.video.reformatter import VideoReformatter
from jaxtyping import UInt8

from videospace.clips.decoding.frame_folder import image_paths, over_white, read_images
from videospace.clips.decoding.geometry import crop_and_resize, parse_crop
from videospace.runtime.errors import UnreadableVideo

DEFAULT_FPS = 25.0
_MAX_PACKETS = 3000
_DECODERS_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class VideoInfo:
    """What is known of a source before it is decoded."""

    fps: float
    """Average frames per second; 25 if the source has no rate, as a folder of images."""
    num_frames: int
    """Expected number of frames; a damaged file gives fewer."""


def probe(path: Path | str) -> VideoInfo:
    """Read the frame rate and the length of a source, without decoding it.

    Args:
        path: A video file or a folder of images.

    Raises:
        UnreadableVideo: The source does not exist or is no video.
    """
    if os.path.isdir(path):
        return VideoInfo(fps=DEFAULT_FPS, num_frames=len(image_paths(path)))
    with _open_video(path) as container:
        stream = _video_stream(container, path)
        seconds = (container.duration or 0) / 1_000_000
        times_seconds = _packet_times(container, stream)
        fps = _average_rate(stream.average_rate or stream.guessed_rate, times_seconds)
        if len(times_seconds) < _MAX_PACKETS:
            return VideoInfo(fps=fps, num_frames=len(times_seconds))
        return VideoInfo(fps=fps, num_frames=stream.frames or round(seconds * fps))


def frame_size(path: Path | str) -> tuple[int, int]:
    """Height and width of a video's frames in px.

    Raises:
        UnreadableVideo: The file is not a video.
    """
    height, width, _ = next(read_frames(path)).shape
    return height, width


def read_frames(
    path: Path | str,
    *,
    every: int = 1,
    size: tuple[int, int] | None = None,
    crop: str = "center",
    num_threads: int = 1,
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Decode a source frame by frame, without holding all of it in memory.

    Frames are yielded as they are stored: if their spacing in time varies, none is repeated or
    dropped, and pixels that are not square are not stretched. Rotation and mirroring in the file's
    metadata are applied, transparency is blended with white, and gray is repeated over the
    channels. A damaged file gives the frames before the damage.

    Args:
        path: A video file, or a folder of images, which are read in the order of their names.
        every: Yield every n-th frame, beginning with the first.
        size: Height and width in px; None leaves the frames as they are.
        crop: With a size, the region to use: ``"center"``, the largest centered region with the
            target's aspect ratio, or ``"top,left,height,width"`` in px of the source.
        num_threads: Threads of the decoder.

    Yields:
        uint8 RGB frames.

    Raises:
        UnreadableVideo: The source does not exist, is no video, or no frame can be decoded.
        UserError: The crop leaves the frame.

    Example:
        >>> next(read_frames("a.mp4"))
        Traceback (most recent call last):
        ...
        videospace.runtime.errors.UnreadableVideo: cannot read a.mp4: no such file or folder
    """
    region = parse_crop(crop)
    is_folder = os.path.isdir(path)
    frames = read_images(path, every) if is_folder else _decode(path, every, num_threads)
    for frame in frames:
        yield frame if size is None else crop_and_resize(frame, size, region)


def _open_video(path: Path | str) -> Any:
    if not os.path.exists(path):
        raise UnreadableVideo(path, "no such file or folder")
    if not os.path.getsize(path):
        raise UnreadableVideo(path, "the file is empty")
    try:
        # An absolute path cannot be mistaken for a protocol, as "a:b.mp4" would be.
        return av.open(os.path.abspath(path), metadata_errors="ignore")
    except PermissionError as error:
        raise UnreadableVideo(path, "no permission") from error
    except (FFmpegError, OSError) as error:
        raise UnreadableVideo(path, "not a video, or cut off before its index") from error


def _video_stream(container: Any, path: Path | str) -> Any:
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    raise UnreadableVideo(path, "has no video stream")


def _packet_times(container: Any, stream: Any) -> list[float]:
    """Presentation times in seconds of the first packets, without decoding them."""
    times = []
    with contextlib.suppress(FFmpegError, OSError):
        for packet in itertools.islice(container.demux(stream), _MAX_PACKETS):
            if packet.size:
                times.append(math.nan if packet.pts is None else packet.pts * packet.time_base)
    return [float(time) for time in times]


def _average_rate(header_fps: Any, times_seconds: list[float]) -> float:
    """The rate in the header, unless the times of the frames contradict it."""
    seconds = max(times_seconds, default=0) - min(times_seconds, default=0)
    is_measured = seconds > 0 and not any(map(math.isnan, times_seconds))
    measured = (len(times_seconds) - 1) / seconds if is_measured else DEFAULT_FPS
    if header_fps and (not is_measured or abs(measured / header_fps - 1) < 0.02):
        return float(header_fps)
    return measured


def _decode(path: Path | str, every: int, num_threads: int) -> Iterator[np.ndarray]:
    with _open_video(path) as container:
        stream = _video_stream(container, path)
        # One converter for all frames: each converter starts threads of its own.
        converter = VideoReformatter()
        count, matrix = 0, None
        for frame in _decoded_frames(container, stream, num_threads):
            if not count:
                # Only from the first frame: reading the side data of a frame creates a reference
                # cycle, which keeps the frame in memory.
                matrix = frame.side_data.get("DISPLAYMATRIX")
            if count % every == 0:
                yield _upright(_to_rgb(frame, converter), matrix)
            count += 1
        if not count:
            raise UnreadableVideo(path, "no frame can be decoded")


def _decoded_frames(container: Any, stream: Any, num_threads: int) -> Iterator[av.VideoFrame]:
    """Decode frames up to the first damage; broken packets before the first frame are skipped."""
    decoder: Any = stream.codec_context
    if stream.metadata.get("alpha_mode") == "1" and decoder.name in _DECODERS_WITH_ALPHA:
        decoder = av.CodecContext.create(_DECODERS_WITH_ALPHA[decoder.name], "r")
    decoder.thread_count = num_threads
    decoder.thread_type = "AUTO"
    started = False
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
            if not packet.size and packet.dts is not None:
                continue  # a dropped frame of an AVI, which the decoder would take for the end
            if packet.is_corrupt and started:
                return
            frames = decoder.decode(packet)
        except StopIteration:
            return
        except (FFmpegError, OSError):
            if started:
                return
            continue
        for frame in frames:
            if frame.is_corrupt:
                return
            started = True
            yield frame


def _to_rgb(frame: av.VideoFrame, converter: VideoReformatter) -> np.ndarray:
    has_alpha = frame.format.has_palette or any(part.is_alpha for part in frame.format.components)
    if not has_alpha:
        return converter.reformat(frame, format="rgb24").to_ndarray()
    return over_white(converter.reformat(frame, format="rgba").to_ndarray())


def _upright(pixels: np.ndarray, side_data: Any) -> np.ndarray:
    """Apply the display matrix: (x, y) goes to (a x + c y, b x + d y)."""
    if side_data is None:
        return pixels
    a, b, _, c, d = np.frombuffer(bytes(side_data), np.int32)[:5].tolist()
    if abs(b) > abs(a):
        pixels, horizontal, vertical = pixels.swapaxes(0, 1), c, b
    else:
        horizontal, vertical = a, d
    pixels = pixels[:, ::-1] if horizontal < 0 else pixels
    pixels = pixels[::-1] if vertical < 0 else pixels
    return np.ascontiguousarray(pixels)

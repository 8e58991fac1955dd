"""The video stream of a file: which one is shown, when its frames are, and decoding past damage."""

import contextlib
import dataclasses
import itertools
import math
import os
import statistics
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, cast

import av
import numpy as np
from av.error import FFmpegError
from av.stream import Disposition
from jaxtyping import UInt8

from videospace.clips.decoding.color import ShownPixels, upright
from videospace.runtime.errors import UnreadableVideo
from videospace.runtime.messages import Message

DEFAULT_FPS = 25.0
MAX_PROBED_PACKETS = 3000
"""Packets at the beginning of a file that tell its rate."""

MAX_DEMUX_ERRORS = 100
"""Errors of the container in a row after which nothing more is expected of it."""

MAX_DISTRUSTED = 300
"""Frames after damage that are dropped where no key frame follows: by then most codecs with
gradual refresh have replaced every pixel."""

STALL_FRAMES, STALL_SECONDS = 5.0, 0.5
"""A pause between frames is a stall when it is longer than both: so many usual distances, and so
many seconds."""

LONGEST_DAMAGE_SECONDS = 60.0
"""What is missing at damage is counted by time up to here; beyond, the clock itself has jumped."""

SAFE_FORMATS = {
    "format_whitelist": ",".join(
        sorted(
            av.formats_available
            - {"hls", "concat", "dash", "webm_dash_manifest", "imf", "lavfi"}
            - {"sdp", "rtp", "rtsp", "sap"}
        )
    )
}
"""The option of FFmpeg for files of unknown origin: no playlists, which open other files, and
nothing that opens a connection."""

_STILLS = ("image2", "tty")
_DECODERS_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
_FRAME_ERRORS = (FFmpegError, OSError, IndexError)
"""PyAV raises an IndexError where damage brings up streams that were not announced."""


class TimedFrame(NamedTuple):
    """A frame as it is shown."""

    pixels: UInt8[np.ndarray, "height width 3"]
    """RGB."""
    time_seconds: float
    """When it is shown; it never falls."""
    follows_gap: bool
    """Whether frames are missing before it, by damage or by a stall of the recording."""


@dataclasses.dataclass
class ReadReport:
    """What is wrong with a video; it is filled in while the frames are read."""

    num_lost: int = 0
    """Frames that could not be decoded, or were dropped because they are garbled."""
    times_seconds: list[float] = dataclasses.field(default_factory=list)
    """When each run of lost frames begins."""
    num_stalls: int = 0
    """Pauses of the recording."""
    notes: list[str] = dataclasses.field(default_factory=list)
    """Other sentences that the user should read."""

    def describe(self) -> str:
        """What is wrong in one line, empty where nothing is.

        Example:
            >>> ReadReport(num_lost=3, times_seconds=[61.25]).describe()
            'damaged: 3 frames are lost, at 1:01.2'
        """
        notes = list(self.notes)
        if self.num_lost:
            times = ", ".join(map(_minutes, self.times_seconds[:5]))
            times += ", ..." if len(self.times_seconds) > 5 else ""
            lost = Message(
                "damaged: {count} frames are lost, at {times}", count=self.num_lost, times=times
            )
            if self.num_lost == 1:
                lost = Message("damaged: 1 frame is lost, at {times}", times=times)
            notes.insert(0, lost)
        return notes[0] if len(notes) == 1 else "; ".join(notes)


def _minutes(seconds: float) -> str:
    tenths = int(10 * seconds)
    return f"{tenths // 600}:{tenths % 600 // 10:02d}.{tenths % 10}"


def open_video(path: Path | str) -> Any:
    """Open a file with FFmpeg.

    Raises:
        UnreadableVideo: There is none, or it is no video.
    """
    if not os.path.exists(path):
        raise UnreadableVideo(path, Message("no such file or folder"))
    if not os.path.getsize(path):
        raise UnreadableVideo(path, Message("the file is empty"))
    try:
        # An absolute path cannot be mistaken for a protocol, as "a:b.mp4" would be.
        return av.open(os.path.abspath(path), metadata_errors="ignore", options=SAFE_FORMATS)
    except PermissionError as error:
        raise UnreadableVideo(path, Message("no permission")) from error
    except _FRAME_ERRORS as error:
        raise UnreadableVideo(path, Message("not a video, or cut off before its index")) from error


def is_video_content(path: Path | str) -> bool:
    """Whether a file of any name is a video that moves: not a single picture, and not text."""
    try:
        with open_video(path) as container:
            is_picture = container.format.name.endswith("_pipe") or container.format.name in _STILLS
            return not is_picture and bool(shown_stream(container, path))
    except UnreadableVideo:
        return False


def shown_stream(container: Any, path: Path | str) -> Any:
    """The stream that a player shows: a default one, of these the largest; never a cover.

    Raises:
        UnreadableVideo: The file has no video.
    """
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        raise UnreadableVideo(path, Message("has no video stream"))
    streams = [stream for stream in streams if stream.codec_context]
    if not streams:
        raise UnreadableVideo(path, Message("no decoder is there for its video"))
    default = [s for s in streams if s.disposition & Disposition.default]
    return max(default or streams, key=lambda s: s.width * s.height)


def packet_times(container: Any, stream: Any) -> list[list[float]]:
    """When the first frames are shown, in seconds, without decoding them.

    Returns:
        Times in the order of their packets, in one list for each run of the clock: where a file was
        joined of several, the clock may begin again. Frames that an edit list or the codec hides
        are left out; a frame without a time is NaN.
    """
    runs: list[list[float]] = [[]]
    last_decoded = -math.inf
    hides_frames = stream.codec_context.name in ("vp8", "libvpx")
    with contextlib.suppress(*_FRAME_ERRORS):
        for packet in itertools.islice(container.demux(stream), MAX_PROBED_PACKETS):
            if not packet.size or packet.is_discard:
                continue
            if hides_frames and not bytes(packet)[0] & 0x10:
                continue
            time = math.nan if packet.pts is None else float(packet.pts * packet.time_base)
            decoded = time if packet.dts is None else float(packet.dts * packet.time_base)
            if decoded < last_decoded:
                runs.append([])
            last_decoded = decoded if decoded == decoded else last_decoded
            runs[-1].append(time)
    return runs


def frame_rate(runs: list[list[float]], header_fps: Fraction | None) -> float:
    """Frames per second, from the usual distance of frames.

    Args:
        runs: Times in seconds of frames, in one list for each run of the clock.
        header_fps: What the file says; taken where the frames agree with it within 2 %, or have no
            times.

    Returns:
        The rate; 25 where nothing is known.

    Example:
        >>> stalled = [0.0, 3.0, 3.033, 3.067, 3.1, 3.133]
        >>> round(frame_rate([stalled], Fraction(25)), 1)
        30.1
    """
    distances = [
        after - before
        for run in runs
        for before, after in itertools.pairwise(sorted(t for t in run if t == t))
    ]
    if not any(distances):
        return float(header_fps) if header_fps else DEFAULT_FPS
    usual = statistics.median(distance for distance in distances if distance)
    regular = [distance for distance in distances if distance < 1.5 * usual]
    measured = len(regular) / sum(regular)
    if header_fps and abs(measured / header_fps - 1) < 0.02:
        return float(header_fps)
    return measured


def is_steady(runs: list[list[float]], fps: float) -> bool:
    """Whether nine of ten distances of frames are those of a rate, within a quarter."""
    distances = [
        after - before
        for run in runs
        for before, after in itertools.pairwise(sorted(t for t in run if t == t))
    ]
    regular = [distance for distance in distances if abs(distance * fps - 1) < 0.25]
    return len(regular) >= 0.9 * len(distances)


def decode_stream(
    path: Path | str,
    *,
    every: int = 1,
    num_threads: int = 1,
    report: ReadReport | None = None,
    usual_fps: float,
) -> Iterator[TimedFrame]:
    """Decode the shown stream of a file to its end, past whatever is damaged.

    After damage, frames are dropped until one that needs no others, since what lies between is
    garbled. Neither the frames nor the report depend on the number of threads.

    Args:
        path: The file.
        every: Yield every n-th frame, beginning with the first.
        num_threads: Threads that convert pixels. Decoding itself takes one: several hide damage,
            and more or less by chance.
        report: Filled in with what is wrong.
        usual_fps: Frames per second where the recording does not stall.

    Raises:
        UnreadableVideo: The file cannot be opened, or not one frame can be decoded.
    """
    report = ReadReport() if report is None else report
    try:
        yield from _decode(path, every, num_threads, report, usual_fps)
    except FFmpegError as error:
        raise UnreadableVideo(
            path, Message("cannot be decoded ({error})", error=error.strerror)
        ) from error


def _decode(
    path: Path | str, every: int, num_threads: int, report: ReadReport, usual_fps: float
) -> Iterator[TimedFrame]:
    with open_video(path) as container:
        stream = shown_stream(container, path)
        clock = Clock(usual_fps, report)
        converter = ShownPixels(stream.sample_aspect_ratio, num_threads)
        matrix, count, follows_gap = None, 0, False

        def shown(
            converted: Iterator[tuple[np.ndarray, tuple[bool, float, bool]]],
        ) -> Iterator[TimedFrame]:
            for pixels, (is_wanted, time, follows_gap) in converted:
                if is_wanted:
                    yield TimedFrame(upright(pixels, matrix), time, follows_gap)

        for frame, num_lost in _trusted_frames(container, stream, report):
            if not count:
                # Of the first frame alone: whoever asks a frame for side data makes a circle of
                # references, which keeps the frame in memory for long.
                matrix = frame.side_data.get("DISPLAYMATRIX")
            is_wanted, count = count % every == 0, count + 1
            time, follows_stall = clock.advance(_time_of(frame.pts, stream), num_lost)
            follows_gap |= bool(num_lost) or follows_stall
            if is_wanted or converter.needs_every(frame):
                yield from shown(converter.push(frame, (is_wanted, time, follows_gap)))
            follows_gap &= not is_wanted
        yield from shown(converter.flush())
        if not count:
            raise UnreadableVideo(path, Message("no frame can be decoded"))


class Clock:
    """Gives frames times that never fall, and finds the stalls of a recording."""

    def __init__(self, usual_fps: float, report: ReadReport):
        self._usual_seconds = 1 / usual_fps
        self._report = report
        self._last: float | None = None
        self._offset = 0.0

    def advance(self, time: float | None, num_lost: int) -> tuple[float, bool]:
        """The time of the next frame in seconds, and whether the recording stalled before it.

        Args:
            time: When the frame is shown, as the file says.
            num_lost: How many damaged frames were counted before it; their time may tell of more.
        """
        if self._last is None:
            self._last = 0.0 if time is None else time
            return self._last, False
        now = self._last + self._usual_seconds if time is None else time + self._offset
        if now < self._last:  # the clock has begun again
            self._offset += self._last + self._usual_seconds - now
            now = self._last + self._usual_seconds
        distance, self._last = now - self._last, now
        if num_lost:
            missing = round(min(distance, LONGEST_DAMAGE_SECONDS) / self._usual_seconds) - 1
            self._report.num_lost += max(0, missing - num_lost)
            return now, False
        is_stall = distance > max(STALL_FRAMES * self._usual_seconds, STALL_SECONDS)
        self._report.num_stalls += is_stall
        return now, is_stall


def _time_of(pts: int | None, stream: Any) -> float | None:
    """Seconds; the frames that a decoder held back to the end do not know their time base."""
    return None if pts is None else float(pts * stream.time_base)


def _trusted_frames(
    container: Any, stream: Any, report: ReadReport
) -> Iterator[tuple[av.VideoFrame, int]]:
    """Frames that are whole, each with how many damaged ones come right before it.

    What cannot be decoded before the first frame is passed over: a recording may begin anywhere.
    """
    started, num_lost, num_distrusted = False, 0, 0
    for found in _frames_or_losses(container, stream):
        frame = found if isinstance(found, av.VideoFrame) else None
        if frame is None or frame.is_corrupt:
            if not started:
                continue
            if not num_lost:
                time = cast(float, found) if frame is None else _time_of(frame.pts, stream)
                start = _time_of(stream.start_time, stream) or 0.0
                report.times_seconds.append(max(0.0, (time or 0.0) - start))
            num_distrusted = 0
        else:
            num_distrusted += 1
            is_garbled = num_lost and not frame.key_frame and num_distrusted <= MAX_DISTRUSTED
            if not is_garbled:
                started = True
                yield frame, num_lost
                num_lost = 0
                continue
        num_lost += 1
        report.num_lost += 1


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    yield from container.demux(stream)


def _frames_or_losses(container: Any, stream: Any) -> Iterator[av.VideoFrame | float]:
    """Decoded frames, and for each packet that cannot be decoded its time in seconds."""
    decoder: Any = stream.codec_context
    if stream.metadata.get("alpha_mode") == "1" and decoder.name in _DECODERS_WITH_ALPHA:
        decoder = av.CodecContext.create(_DECODERS_WITH_ALPHA[decoder.name], "r")
    decoder.thread_count = 1
    packets = _packets(container, stream)
    num_errors, time = 0, 0.0
    while num_errors < MAX_DEMUX_ERRORS:
        try:
            packet = next(packets)
        except StopIteration:
            break
        except _FRAME_ERRORS:
            num_errors += 1
            if num_errors == 1:
                yield time
            continue
        num_errors = 0
        if not packet.size:
            if packet.dts is not None:
                continue  # a dropped frame of an AVI; the decoder would take it for the end
            break
        if packet.pts is not None or packet.dts is not None:
            time = float((packet.dts if packet.pts is None else packet.pts) * packet.time_base)
        try:
            frames = decoder.decode(packet)
        except _FRAME_ERRORS:
            yield time
            continue
        yield from frames
    with contextlib.suppress(*_FRAME_ERRORS):
        yield from decoder.decode(None)

"""Reads uploaded recordings in a sandbox: the mouth, the clip, or the mouths of a still."""

import contextlib
import functools
import io
import math
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from videospace.clips.decoding.one_clip import read_one_clip
from videospace.clips.decoding.streams import ReadReport
from videospace.clips.decoding.video_input import probe
from videospace.lipreading.mouth.detectors import Finder, detector_named
from videospace.lipreading.mouth.mouth_clip import MOUTH_SIZE, MouthClip
from videospace.lipreading.mouth.pose import MouthPose
from videospace.lipreading.mouth.reading import read_mouth
from videospace.runtime.errors import BusyError, UnreadableVideo, UserError
from videospace.runtime.messages import Message, message_of
from videospace.studio.server.uploads.look_ahead import Follower, RememberingDetector
from videospace.studio.server.uploads.sandbox import Answer, Sandbox

MAX_SECONDS = 15.0
"""Time limit for one recording; a word takes less than a second."""
MAX_STILL_SECONDS = 2.0
MAX_STILL_PX = 1024
"""Limit of the longer side of a still; the page sends half of it."""
MEMORY_BYTES = 2**30
MAX_RECORDINGS = 24
"""Recordings that are read or wait, about ten seconds' work. Further ones are refused as busy."""

MouthRecording = tuple[MouthClip, tuple[str, ...]]
"""A clip, and the problems that the quality report found."""

THE_VIDEO = Message("the video")


class PaddedClip(NamedTuple):
    """The beginning of a video, at the size and length of a space's clips."""

    frames: UInt8[np.ndarray, "time height width 3"]
    """In [0, 255]."""
    num_real: int
    """Frames of the video; the frames after them repeat the last one."""
    fps: float
    problem: str = ""
    """What is wrong with the video, such as lost frames; empty where nothing is."""


class RecordingReader:
    """Reads uploaded recordings and stills.

    Example:
        >>> with RecordingReader() as reader:
        ...     reader.read(b"no video", "dlib")
        Traceback (most recent call last):
        ...
        videospace.runtime.errors.UserError: expected a video as WebM or MP4, got something else
    """

    def __init__(self) -> None:
        self._slots = threading.BoundedSemaphore(MAX_RECORDINGS)
        self._sandbox = Sandbox(memory_bytes=MEMORY_BYTES, prepare=_warm_up)

    def __enter__(self) -> "RecordingReader":
        return self

    def __exit__(self, *_: object) -> None:
        self._sandbox.close()

    def read(self, content: bytes, finder: Finder) -> MouthRecording:
        """Find and track the mouth in a recording.

        Args:
            content: A WebM or MP4 file.
            finder: How to find the mouth.

        Raises:
            UserError: It is another kind of file, damaged, too long or too large, or shows no face.
            BusyError: Too many other recordings are waiting.
        """
        found, values = self._call(content, _read, finder)
        shape = (found["num_frames"], MOUTH_SIZE, MOUTH_SIZE)
        num_pixels = math.prod(shape)
        points = np.frombuffer(values, np.float32, offset=num_pixels)
        clip = MouthClip(
            frames=np.frombuffer(values, np.uint8, num_pixels).reshape(shape),
            fps=found["fps"],
            landmarks=points.reshape(shape[0], -1, 2) if len(points) else None,
        )
        return clip, tuple(map(Message.from_json, found["problems"]))

    def look_ahead(self, upload: str, content: bytes, finder: Finder) -> None:
        """Search faces in what has arrived of a recording, so that :meth:`read` has less to do.

        Nothing happens while another recording is read: it has priority.

        Args:
            upload: Key of the recording.
            content: The beginning of a WebM or MP4 file.
            finder: How to find the mouth.
        """
        with contextlib.suppress(UserError):  # what is wrong with it is reported at its end
            self._sandbox.call(
                _look_ahead,
                *(upload, content, _suffix(content), finder),
                seconds=MAX_SECONDS,
                wait_seconds=0.0,
            )

    def read_clip(self, content: bytes, num_frames: int, size: tuple[int, int]) -> PaddedClip:
        """Read the first frames of a video, cropped in the middle and resized.

        Args:
            content: A WebM or MP4 file.
            num_frames: How many frames to read.
            size: Height and width of the result in px.

        Raises:
            UserError: It is another kind of file, damaged, or too large.
            BusyError: Too many other recordings are waiting.
        """
        found, frames = self._call(content, _read_clip, num_frames, size)
        video = np.frombuffer(frames, np.uint8).reshape(num_frames, *size, 3)
        return PaddedClip(
            video, found["num_real"], found["fps"], Message.from_json(found["problem"])
        )

    def _call(self, content: bytes, function: Callable[..., Answer], *arguments: Any) -> Answer:
        suffix = _suffix(content)
        if not self._slots.acquire(blocking=False):
            raise BusyError(
                Message("the studio is busy with other recordings: try again in a moment")
            )
        try:
            return self._call_with_file(content, suffix, function, *arguments)
        finally:
            self._slots.release()

    def _call_with_file(
        self, content: bytes, suffix: str, function: Callable[..., Answer], *arguments: Any
    ) -> Answer:
        with tempfile.NamedTemporaryFile(suffix=suffix) as file:
            file.write(content)
            file.flush()
            try:
                return self._sandbox.call(
                    function, Path(file.name), *arguments, seconds=MAX_SECONDS
                )
            except UserError as error:  # do not show paths of this machine to a page
                said = Message.changed(message_of(error), functools.partial(_unnamed, file.name))
                raise type(error)(said) from error

    def find_mouths(self, still: bytes, finder: Finder) -> list[MouthPose]:
        """Find the mouths in a still, unless a recording is being read: recordings have priority.

        Args:
            still: A JPEG picture.
            finder: How to find the mouth.

        Returns:
            A pose for each face, in px of the still, the largest face first.

        Raises:
            UserError: It is another kind of file, damaged, or larger than 1024 px.
            BusyError: A recording is being read.
        """
        found, _ = self._sandbox.call(
            _find_mouths, still, finder, seconds=MAX_STILL_SECONDS, wait_seconds=0.0
        )
        return [MouthPose(*pose) for pose in found["mouths"]]


def _unnamed(path: str, text: str) -> str:
    """A text without the path of the video."""
    if text in (path, f"'{path}'"):
        return THE_VIDEO
    return text.replace(f"'{path}'", THE_VIDEO).replace(path, THE_VIDEO)


def _suffix(content: bytes) -> str:
    """The file suffix by the first bytes of a video.

    FFmpeg would open playlists, too, and through them other files of this machine.
    """
    if content.startswith(b"\x1a\x45\xdf\xa3"):
        return ".webm"
    if content[4:8] == b"ftyp":
        return ".mp4"
    raise UserError(Message("expected a video as WebM or MP4, got something else"))


@functools.cache
def _detector(finder: Finder) -> RememberingDetector:
    return RememberingDetector(detector_named(finder))


@functools.cache
def _follower() -> Follower:
    return Follower()


def _warm_up() -> None:
    """Load the detector's libraries before the first recording."""
    try:
        _detector("dlib")(np.zeros((96, 96, 3), np.uint8))
    except UserError:  # not installed: the first recording that needs it reports it
        _detector.cache_clear()


def _read(path: Path, finder: Finder) -> Answer:
    try:
        clip, report = read_mouth(path, _detector(finder))
    except UnreadableVideo as error:
        raise UserError(
            Message("the recording cannot be read ({reason}): record it again", reason=error.reason)
        ) from error
    problems = [Message.json_of(problem) for problem in report.problems]
    found = {"fps": clip.fps, "num_frames": len(clip.frames), "problems": problems}
    points = b"" if clip.landmarks is None else clip.landmarks.tobytes()
    return found, clip.frames.tobytes() + points


def _look_ahead(upload: str, content: bytes, suffix: str, finder: Finder) -> Answer:
    return {"num_searched": _follower().search(upload, content, suffix, _detector(finder))}, b""


def _find_mouths(still: bytes, finder: Finder) -> Answer:
    try:
        with Image.open(io.BytesIO(still), formats=["JPEG"]) as picture:
            if max(picture.size) > MAX_STILL_PX:
                raise UserError(
                    Message(
                        "expected a still of at most {most} px, got {width}x{height}",
                        most=MAX_STILL_PX,
                        width=picture.width,
                        height=picture.height,
                    )
                )
            frame = np.array(picture.convert("RGB"))
    except OSError as error:
        raise UserError(Message("expected a JPEG picture, got something else")) from error
    return {"mouths": _detector(finder)(frame)}, b""


def _read_clip(path: Path, num_frames: int, size: tuple[int, int]) -> Answer:
    report = ReadReport()
    try:
        frames, num_real = read_one_clip(path, num_frames, size, report=report)
        fps = probe(path).fps
    except UnreadableVideo as error:
        raise UserError(
            Message("the video cannot be read ({reason}): choose another one", reason=error.reason)
        ) from error
    problem = Message.json_of(report.describe())
    found = {"fps": fps, "num_real": num_real, "problem": problem}
    return found, frames.tobytes()

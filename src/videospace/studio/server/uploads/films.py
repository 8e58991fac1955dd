"""From an uploaded film to the mouth or the clip it shows, read in a process of its own."""

import functools
import io
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from videospace.clips.decoding.one_clip import read_one_clip
from videospace.clips.decoding.video_input import probe
from videospace.lipreading.mouth.detection import FaceDetector
from videospace.lipreading.mouth.detectors import Finder, detector_named
from videospace.lipreading.mouth.mouth_clip import MOUTH_SIZE, MouthClip
from videospace.lipreading.mouth.pose import MouthPose
from videospace.lipreading.mouth.reading import read_mouth
from videospace.runtime.errors import BusyError, UserError
from videospace.studio.server.uploads.sandbox import Answer, ConfinedProcess

MOST_SECONDS = 15.0
"""For reading one film; a word takes less than one."""
MOST_STILL_SECONDS = 2.0
MOST_STILL_PX = 1024
"""Longer side of a still; the page sends half of it."""
MEMORY_BYTES = 2**30
MOST_FILMS = 24
"""That are read or wait for it, about ten seconds' worth; who comes then is asked to come again."""

Mouth = tuple[MouthClip, tuple[str, ...]]
"""A clip, and what the quality report says against it."""


class FilmedClip(NamedTuple):
    """The beginning of a film, at the size and length of a space's clips."""

    frames: UInt8[np.ndarray, "time height width 3"]
    """In [0, 255]."""
    num_real: int
    """How many of them the film had; the rest repeat the last one."""
    fps: float
    """Of the film."""


class FilmReader:
    """Reads films that come from outside.

    Example:
        >>> with FilmReader() as reader:
        ...     reader.read(b"no film", "dlib")
        Traceback (most recent call last):
        ...
        videospace.runtime.errors.UserError: expected a film as WebM or MP4, got something else
    """

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(MOST_FILMS)
        self._process = ConfinedProcess(memory_bytes=MEMORY_BYTES, prepare=_warm_up)

    def __enter__(self) -> "FilmReader":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.close()

    def read(self, content: bytes, finder: Finder) -> Mouth:
        """Find the mouth in a film and follow it.

        Args:
            content: A WebM or MP4 file.
            finder: What finds the mouth.

        Raises:
            UserError: It is no such film, damaged, too long or too large, or shows no face.
            BusyError: Too many others wait.
        """
        found, frames = self._call(content, _read, finder)
        pixels = np.frombuffer(frames, np.uint8).reshape(-1, MOUTH_SIZE, MOUTH_SIZE)
        return MouthClip(frames=pixels, fps=found["fps"]), tuple(found["problems"])

    def read_clip(self, content: bytes, num_frames: int, size: tuple[int, int]) -> FilmedClip:
        """Take the first frames of a film, of which the middle is cut out at another size.

        Args:
            content: A WebM or MP4 file.
            num_frames: How many.
            size: Height and width in px.

        Raises:
            UserError: It is no such film, damaged, or too large.
            BusyError: Too many others wait.
        """
        found, frames = self._call(content, _read_clip, num_frames, size)
        video = np.frombuffer(frames, np.uint8).reshape(num_frames, *size, 3)
        return FilmedClip(video, found["num_real"], found["fps"])

    def _call(self, content: bytes, function: Callable[..., Answer], *arguments: Any) -> Answer:
        suffix = _suffix(content)
        if not self._places.acquire(blocking=False):
            raise BusyError("many recordings are being looked at: try again in a moment")
        try:
            return self._call_with_file(content, suffix, function, *arguments)
        finally:
            self._places.release()

    def _call_with_file(
        self, content: bytes, suffix: str, function: Callable[..., Answer], *arguments: Any
    ) -> Answer:
        with tempfile.NamedTemporaryFile(suffix=suffix) as file:
            file.write(content)
            file.flush()
            try:
                return self._process.call(
                    function, Path(file.name), *arguments, seconds=MOST_SECONDS
                )
            except UserError as error:  # nobody is to read of a file that is not theirs
                told = str(error).replace(f"'{file.name}'", "the film")
                raise type(error)(told.replace(file.name, "the film")) from error

    def find_mouths(self, still: bytes, finder: Finder) -> list[MouthPose]:
        """Find the mouths in a still, unless a film is being read: films come first.

        Args:
            still: A JPEG picture.
            finder: What finds the mouth.

        Returns:
            One pose for each face, the largest face first, in px of the still.

        Raises:
            UserError: It is no such picture, damaged, or larger than 1024 px.
            BusyError: A film is being read.
        """
        found, _ = self._process.call(
            _find_mouths, still, finder, seconds=MOST_STILL_SECONDS, patience_seconds=0.0
        )
        return [MouthPose(*pose) for pose in found["mouths"]]


def _suffix(content: bytes) -> str:
    """What a film is by its first bytes, whatever it is said to be.

    FFmpeg would open playlists too, and with them other files of this machine.
    """
    if content.startswith(b"\x1a\x45\xdf\xa3"):
        return ".webm"
    if content[4:8] == b"ftyp":
        return ".mp4"
    raise UserError("expected a film as WebM or MP4, got something else")


@functools.cache
def _detector(finder: Finder) -> FaceDetector:
    return detector_named(finder)


def _warm_up() -> None:
    """Open the detector's libraries before the first film comes."""
    try:
        _detector("dlib")(np.zeros((96, 96, 3), np.uint8))
    except UserError:  # not installed; who needs it is told so
        _detector.cache_clear()


def _read(path: Path, finder: Finder) -> Answer:
    clip, report = read_mouth(path, _detector(finder))
    return {"fps": clip.fps, "problems": report.problems}, clip.frames.tobytes()


def _find_mouths(still: bytes, finder: Finder) -> Answer:
    try:
        with Image.open(io.BytesIO(still), formats=["JPEG"]) as picture:
            if max(picture.size) > MOST_STILL_PX:
                raise UserError(
                    f"expected a still of at most {MOST_STILL_PX} px, "
                    f"got {picture.width}x{picture.height}"
                )
            frame = np.array(picture.convert("RGB"))
    except OSError as error:
        raise UserError("expected a JPEG picture, got something else") from error
    return {"mouths": _detector(finder)(frame)}, b""


def _read_clip(path: Path, num_frames: int, size: tuple[int, int]) -> Answer:
    frames, num_real = read_one_clip(path, num_frames, size)
    return {"fps": probe(path).fps, "num_real": num_real}, frames.tobytes()

"""From an uploaded film to the mouth it shows, read in a process of its own."""

import functools
import io
import tempfile
import threading
from pathlib import Path

import numpy as np
from PIL import Image

from videospace.lipreading.mouth.detection import FaceDetector
from videospace.lipreading.mouth.detectors import Finder, detector_named
from videospace.lipreading.mouth.pose import MouthPose
from videospace.lipreading.mouth.reading import read_mouth
from videospace.lipreading.mouth_clip import MOUTH_SIZE, MouthClip
from videospace.runtime.errors import BusyError, UserError
from videospace.studio.confined import Answer, ConfinedProcess

MOST_SECONDS = 15.0
"""For reading one film; a word takes less than one."""
MOST_STILL_SECONDS = 2.0
MOST_STILL_PX = 1024
"""Longer side of a still; the page sends half of it."""
MEMORY_BYTES = 2**30
MOST_FILMS = 8
"""That are read or wait for it, about three seconds' worth; who comes then is asked to wait."""

Mouth = tuple[MouthClip, tuple[str, ...]]
"""A clip, and what the quality report says against it."""


class FilmReader:
    """Reads films that come from outside.

    Example:
        >>> with FilmReader() as reader:
        ...     reader.read(b"no film", "dlib")
        Traceback (most recent call last):
        ...
        videospace.runtime.errors.UserError: expected a film as WebM or MP4, came something else
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
        suffix = _suffix(content)
        if not self._places.acquire(blocking=False):
            raise BusyError("many recordings are being looked at: try again in a moment")
        try:
            found, frames = self._read(content, suffix, finder)
        finally:
            self._places.release()
        pixels = np.frombuffer(frames, np.uint8).reshape(-1, MOUTH_SIZE, MOUTH_SIZE)
        return MouthClip(frames=pixels, fps=found["fps"]), tuple(found["problems"])

    def _read(self, content: bytes, suffix: str, finder: Finder) -> Answer:
        with tempfile.NamedTemporaryFile(suffix=suffix) as file:
            file.write(content)
            file.flush()
            try:
                return self._process.call(_read, Path(file.name), finder, seconds=MOST_SECONDS)
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
    raise UserError("expected a film as WebM or MP4, came something else")


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
                    f"came {picture.width}x{picture.height}"
                )
            frame = np.array(picture.convert("RGB"))
    except OSError as error:
        raise UserError("expected a JPEG picture, came something else") from error
    return {"mouths": _detector(finder)(frame)}, b""

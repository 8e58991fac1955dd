"""Arguments that the lipreading commands share, and the reading of recordings."""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from videospace.lipreading.adaptation.strategies import STRATEGIES
from videospace.lipreading.mouth.detectors import FaceDetector, FixedBox, detector_named
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.mouth.reading import NoFaceError, read_crops, read_mouth
from videospace.runtime.errors import UserError

ProfileFolder = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="PROFILE")]
"""Folder of a profile."""

Recordings = Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="CLIP...")]
"""Videos of a face, or crops of a mouth as folders or zips of images."""

Faces = Literal["dlib", "mediapipe", "middle", "crops"]
"""Detector that finds the face. ``middle``: nothing is detected, the mouth is in the middle of the
picture; ``crops``: recordings show only the mouth."""


_strategies = tyro.conf.arg(metavar="{" + ",".join(sorted(STRATEGIES)) + "}")
Strategy = Annotated[str, _strategies]
"""Name of a strategy. ``checked_strategy`` refuses others, with an error that lists the names."""
OptionalStrategy = Annotated[str | None, _strategies]
"""Name of a strategy, or None for that of the profile."""


def choose_detector(faces: Faces, box: str | None) -> FaceDetector | None:
    """The detector of the mouth; None where recordings show only the mouth."""
    if box is not None:
        try:
            return FixedBox(box)
        except UserError as error:
            raise UserError(
                f"expected --box center or top,left,height,width in px, got '{box}'"
            ) from error
    if faces == "crops":
        return None
    return detector_named(faces)


def read_word(path: Path, detector: FaceDetector | None) -> tuple[MouthClip, list[str]]:
    """Read a recording of one word as a mouth clip, with the problems of its quality.

    Raises:
        UserError: As with :func:`read_recording`, or it is too long to be a word.
    """
    clip, problems = read_recording(path, detector)
    try:
        clip.require_one_word()
    except UserError as error:
        raise UserError(f"'{path}': {error}") from error
    return clip, problems


def read_recording(path: Path, detector: FaceDetector | None) -> tuple[MouthClip, list[str]]:
    """Read a recording as a mouth clip, with the problems of its quality.

    Raises:
        UserError: The recording cannot be read, shows no face, or is a zip although a face is to
            be found.
    """
    if detector is None:
        return read_crops(path), []
    if path.suffix.lower() == ".zip":
        raise UserError(
            f"expected a video to find a face in, got the zip '{path}': add --faces crops where "
            "its images show only the mouth"
        )
    try:
        clip, report = read_mouth(path, detector)
    except NoFaceError as error:
        raise UserError(
            f"{error}. If it shows only the mouth, add --faces crops, or give the position of the "
            "mouth with --box"
        ) from error
    return clip, report.problems

"""What the commands of lipreading have in common: profiles, and recordings."""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from videospace.lipreading.mouth.detectors import FaceDetector, FixedBox, detector_named
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.mouth.reading import read_crops, read_mouth
from videospace.runtime.errors import UserError

ProfileFolder = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="PROFILE")]
"""Folder of a profile."""

Recordings = Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="CLIP...")]
"""Videos of a face, or ready-made crops of a mouth: folders or zips of images."""

Faces = Literal["dlib", "mediapipe", "middle", "crops"]
"""What finds the face. ``middle``: nothing does, the mouth is in the middle of the picture;
``crops``: recordings show nothing but the mouth."""


def choose_detector(faces: Faces, box: str | None) -> FaceDetector | None:
    """What finds the mouth; None where recordings show nothing else."""
    if box is not None:
        return FixedBox(box)
    if faces == "crops":
        return None
    return detector_named(faces)


def read_word(path: Path, detector: FaceDetector | None) -> tuple[MouthClip, list[str]]:
    """A recording of one word as a clip of the mouth, and what is not good about it.

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
    """A recording as a clip of the mouth, and what is not good about it.

    Raises:
        UserError: It cannot be read, shows no face, or is a zip that a face is looked for in.
    """
    if detector is None:
        return read_crops(path), []
    if path.suffix.lower() == ".zip":
        raise UserError(
            f"expected a film to find a face in, got the zip '{path}': add --faces crops where "
            "its images show nothing but the mouth"
        )
    clip, report = read_mouth(path, detector)
    return clip, report.problems

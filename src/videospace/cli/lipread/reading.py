"""What the commands of lipreading have in common: profiles, and recordings."""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from videospace.lipreading.mouth.detection import FaceDetector, FixedBox
from videospace.lipreading.mouth.dlib_detector import DlibDetector
from videospace.lipreading.mouth.mediapipe_detector import MediapipeDetector
from videospace.lipreading.mouth.reading import read_crops, read_mouth
from videospace.lipreading.mouth_clip import MouthClip

ProfileFolder = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="PROFILE")]
"""Folder of a profile."""

Recordings = Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="CLIP...")]
"""Videos of a face, or ready-made crops of a mouth: folders or zips of images."""

Faces = Literal["dlib", "mediapipe", "crops"]


def detector_named(faces: Faces, box: str | None) -> FaceDetector | None:
    """What finds the mouth; None where recordings show nothing else."""
    if box is not None:
        return FixedBox(box)
    if faces == "crops":
        return None
    return DlibDetector() if faces == "dlib" else MediapipeDetector()


def read_recording(path: Path, detector: FaceDetector | None) -> tuple[MouthClip, list[str]]:
    """A recording as a clip of the mouth, and what is not good about it."""
    if detector is None or path.suffix.lower() == ".zip":
        return read_crops(path), []
    clip, report = read_mouth(path, detector)
    return clip, report.problems

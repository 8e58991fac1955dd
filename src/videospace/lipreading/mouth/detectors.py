"""The ways to find a mouth in a picture, by name."""

from typing import Literal

from videospace.lipreading.mouth.detection import FaceDetector, FixedBox
from videospace.lipreading.mouth.dlib_detector import DlibDetector
from videospace.lipreading.mouth.mediapipe_detector import MediapipeDetector

Finder = Literal["dlib", "mediapipe", "middle"]
"""``middle`` looks for nothing: the camera stands so that the mouth is in the middle, for faces
that a detector does not know."""

MIDDLE_FRACTION = 0.5
"""Side of the square in the middle over the shorter side of the picture."""


def detector_named(finder: Finder) -> FaceDetector:
    """A detector by its name.

    Example:
        >>> import numpy as np
        >>> detector_named("middle")(np.zeros((480, 640, 3), np.uint8))
        [MouthPose(x_px=320.0, y_px=240.0, side_px=240.0, angle=0.0)]
    """
    if finder == "middle":
        return FixedBox(fraction=MIDDLE_FRACTION)
    return DlibDetector() if finder == "dlib" else MediapipeDetector()

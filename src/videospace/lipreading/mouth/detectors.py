"""Interface and registry of face detectors, and the `middle` detector, which needs no library.

Detectors that find the landmarks of a face are in :mod:`videospace.lipreading.mouth.dlib_detector`
and :mod:`videospace.lipreading.mouth.mediapipe_detector`.
"""

from typing import Literal, Protocol, final, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from videospace.clips.decoding.geometry import parse_crop
from videospace.lipreading.mouth.dlib_detector import DlibDetector
from videospace.lipreading.mouth.mediapipe_detector import MediapipeDetector
from videospace.lipreading.mouth.pose import MouthPose
from videospace.runtime.errors import UserError

Finder = Literal["dlib", "mediapipe", "middle"]
"""Names of detectors. ``middle`` detects nothing: it takes the middle of the picture, for faces
that no detector finds, with the camera placed accordingly."""

MIDDLE_FRACTION = 0.5
"""Side of the square in the middle over the shorter side of the picture."""


@runtime_checkable
class FaceDetector(Protocol):
    """Finds the faces in a frame and returns where their mouths are."""

    def __call__(self, frame: UInt8[np.ndarray, "height width 3"], /) -> list[MouthPose]:
        """Find every face.

        Args:
            frame: RGB, upright.

        Returns:
            One pose for each face, the largest face first; empty where there is no face.
        """
        ...


@final
class FixedBox:
    """Returns the same box for every frame, for recordings that show nothing but a mouth.

    Args:
        box: ``"top,left,height,width"`` in px; the crop is the square around it. None takes the
            square in the middle of the frame.
        fraction: Side of the square in the middle over the shorter side of the frame, in (0, 1].

    Raises:
        UserError: The box cannot be parsed, or the fraction is out of range. When called: the box
            leaves the frame.

    Example:
        >>> FixedBox("10,20,40,60")(np.zeros((90, 120, 3), np.uint8))
        [MouthPose(x_px=50.0, y_px=30.0, side_px=60.0, angle=0.0)]
    """

    def __init__(self, box: str | None = None, *, fraction: float = 1.0) -> None:
        if not 0 < fraction <= 1:
            raise UserError(f"expected a fraction of the frame in (0, 1], got {fraction}")
        self._fraction = fraction
        self._region = None if box is None else parse_crop(box)

    def __call__(self, frame: UInt8[np.ndarray, "height width 3"], /) -> list[MouthPose]:
        """Return the box, whatever the frame shows."""
        frame_height, frame_width = frame.shape[:2]
        if self._region is None:
            side = self._fraction * min(frame_height, frame_width)
            return [MouthPose(frame_width / 2, frame_height / 2, side, 0.0)]
        top, left, height, width = self._region
        if top + height > frame_height or left + width > frame_width:
            raise UserError(
                f"expected the box of the mouth inside the frame of {frame_height}x{frame_width} "
                f"px, got {top},{left},{height},{width}"
            )
        return [MouthPose(left + width / 2, top + height / 2, float(max(height, width)), 0.0)]


def detector_named(finder: Finder) -> FaceDetector:
    """Make a detector by its name.

    Example:
        >>> detector_named("middle")(np.zeros((480, 640, 3), np.uint8))
        [MouthPose(x_px=320.0, y_px=240.0, side_px=240.0, angle=0.0)]
    """
    if finder == "middle":
        return FixedBox(fraction=MIDDLE_FRACTION)
    return DlibDetector() if finder == "dlib" else MediapipeDetector()

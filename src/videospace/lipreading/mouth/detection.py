"""Finding mouths: what a face detector is, and the one that needs no library.

Detectors that find the landmarks of a face are in :mod:`videospace.lipreading.mouth.dlib_detector`
and :mod:`videospace.lipreading.mouth.mediapipe_detector`.
"""

from typing import Protocol, final, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from videospace.clips.decoding.geometry import parse_crop
from videospace.lipreading.mouth.pose import MouthPose
from videospace.runtime.errors import UserError


@runtime_checkable
class FaceDetector(Protocol):
    """Finds the faces of one frame and says where their mouths are."""

    def __call__(self, frame: UInt8[np.ndarray, "height width 3"], /) -> list[MouthPose]:
        """Find every face.

        Args:
            frame: RGB, upright.

        Returns:
            One pose for each face, the largest face first; none where there is no face.
        """
        ...


@final
class FixedBox:
    """No detector at all: the mouth stays in one box, as in a film that shows nothing else.

    Args:
        box: ``"top,left,height,width"`` in px; the crop is the square around it. None takes the
            square in the middle of the frame.
        fraction: Side of that square over the shorter side of the frame, in (0, 1].

    Raises:
        UserError: The box is written otherwise, or, when it is used, leaves the frame; or there is
            no such fraction.

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
        """The box, whatever the frame shows."""
        frame_height, frame_width = frame.shape[:2]
        if self._region is None:
            side = self._fraction * min(frame_height, frame_width)
            return [MouthPose(frame_width / 2, frame_height / 2, side, 0.0)]
        top, left, height, width = self._region
        if top + height > frame_height or left + width > frame_width:
            raise UserError(
                f"the box {top},{left},{height},{width} of the mouth leaves the frame of "
                f"{frame_height}x{frame_width} px"
            )
        return [MouthPose(left + width / 2, top + height / 2, float(max(height, width)), 0.0)]

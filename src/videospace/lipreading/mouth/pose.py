"""The position of the mouth in a frame."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

SIDE_IN_FACE_SIZES = 0.75
"""Side of a crop over the size of the face. Lips at rest are about four fifths as wide as the crop,
as in the crops of MIRACL. With 1.2, as for the published encoders, nose and chin outweigh the lips:
templates on GRID then recognize 2 words in a hundred instead of 9."""


class MouthPose(NamedTuple):
    """The square of a frame that shows a mouth with a little around the lips."""

    x_px: float
    """Center of the lips, from the left edge of the frame."""
    y_px: float
    """Center of the lips, from the top edge of the frame."""
    side_px: float
    """Side of the square."""
    angle: float
    """Clockwise rotation of the head in the picture, in radians."""


def pose_from_landmarks(
    eyes: Float[np.ndarray, "eye=2 xy=2"], lips: Float[np.ndarray, "point xy=2"]
) -> MouthPose:
    """Place the mouth's square by the landmarks of a face.

    The square is aligned with the eyes and as large as the size of the face requires. That size is
    the distance between the eyes or, where it is longer, from the eyes to the mouth: turning the
    head shortens the first, nodding the second.

    Args:
        eyes: Centers of the eyes in px; the one further left in an upright picture first.
        lips: Points distributed evenly over the lips, in px.

    Example:
        >>> eyes, lips = np.array([[40.0, 50], [80, 50]]), np.array([[50.0, 100], [70, 100]])
        >>> pose_from_landmarks(eyes, lips)
        MouthPose(x_px=60.0, y_px=100.0, side_px=37.5, angle=0.0)
    """
    mouth = lips.mean(axis=0)
    between_eyes = eyes[1] - eyes[0]
    eyes_to_mouth = mouth - eyes.mean(axis=0)
    face_size = max(np.linalg.norm(between_eyes), np.linalg.norm(eyes_to_mouth))
    return MouthPose(
        x_px=float(mouth[0]),
        y_px=float(mouth[1]),
        side_px=float(SIDE_IN_FACE_SIZES * face_size),
        angle=float(np.arctan2(between_eyes[1], between_eyes[0])),
    )

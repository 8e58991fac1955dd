"""Importing OpenCV, which is an optional dependency."""

from typing import Any

from videospace.runtime.errors import UserError


def import_opencv() -> Any:
    """Import the module ``cv2``.

    Raises:
        UserError: It is not installed; the message names the extra.
    """
    try:
        import cv2
    except ImportError as error:
        raise UserError(
            "optical flow and inpainting need the 'baselines' extra, which is not installed: "
            'pip install "videospace[baselines]"'
        ) from error
    return cv2

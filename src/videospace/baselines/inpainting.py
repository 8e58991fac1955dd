"""Inpainting of single frames by OpenCV, from the border of the hidden region inwards."""

import numpy as np
from jaxtyping import UInt8

from videospace.baselines.opencv import import_opencv
from videospace.baselines.pixels import Size, as_pixels, require_own_size
from videospace.inrv.inversion.contexts import Context

RADIUS_PX = 3
"""Radius of the observed neighborhood of a hidden pixel, as in OpenCV's examples."""


def telea(context: Context, size: Size) -> UInt8[np.ndarray, "time height width 3"]:
    """Inpaint each frame by fast marching; frames without observed pixels repeat the nearest one.

    Args:
        context: The observed pixels.
        size: Height and width to return in px, which must be those of the context.

    Raises:
        UserError: The context has another size, or OpenCV is missing.

    Source:
        Telea (2004), "An image inpainting technique based on the fast marching method".
    """
    return _painted(context, size, "INPAINT_TELEA")


def navier_stokes(context: Context, size: Size) -> UInt8[np.ndarray, "time height width 3"]:
    """Inpaint each frame by fluid dynamics; frames without observed pixels repeat the nearest.

    Args:
        context: The observed pixels.
        size: Height and width to return in px, which must be those of the context.

    Raises:
        UserError: The context has another size, or OpenCV is missing.

    Source:
        Bertalmio, Bertozzi and Sapiro (2001), "Navier-Stokes, fluid dynamics, and image and video
        inpainting".
    """
    return _painted(context, size, "INPAINT_NS")


def _painted(context: Context, size: Size, method: str) -> UInt8[np.ndarray, "time height width 3"]:
    cv2 = import_opencv()
    require_own_size(context, size)
    frames = np.flatnonzero(context.observed.any(axis=(1, 2)))
    painted = np.zeros_like(context.video)
    for time in frames:
        observed = context.observed[time]
        for color in range(3):
            # 16 bits, because OpenCV's Telea rounds up twice, which adds up to many 8-bit levels.
            color_16_bit = (
                np.where(observed, context.video[time, ..., color], 0).astype(np.uint16) * 257
            )
            filled = cv2.inpaint(
                color_16_bit, (~observed).astype(np.uint8), RADIUS_PX, getattr(cv2, method)
            )
            painted[time, ..., color] = as_pixels(filled / 257)
    nearest = frames[np.abs(frames - np.arange(len(painted))[:, None]).argmin(axis=1)]
    return painted[nearest]

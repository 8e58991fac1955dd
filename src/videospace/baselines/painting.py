"""Inpainting of each frame by itself, from the borders of what is hidden inwards."""

import numpy as np
from jaxtyping import UInt8

from videospace.baselines.opencv import import_opencv
from videospace.baselines.pixels import Size, as_pixels, require_own_size
from videospace.inrv.inversion.contexts import Context

RADIUS_PX = 3
"""How far around a hidden pixel the known ones count: the value of OpenCV's examples."""


def telea(context: Context, size: Size) -> UInt8[np.ndarray, "time height width 3"]:
    """Paint what is hidden by fast marching; a frame without anything seen takes the nearest.

    Args:
        context: What is known.
        size: Height and width to return in px, those of the context.

    Raises:
        UserError: The context has another size, or OpenCV is missing.

    Source:
        Telea (2004), "An image inpainting technique based on the fast marching method".
    """
    return _painted(context, size, "INPAINT_TELEA")


def navier_stokes(context: Context, size: Size) -> UInt8[np.ndarray, "time height width 3"]:
    """Paint what is hidden as a fluid flows; a frame without anything seen takes the nearest.

    Args:
        context: What is known.
        size: Height and width to return in px, those of the context.

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
    seen = np.flatnonzero(context.observed.any(axis=(1, 2)))
    painted = np.zeros_like(context.video)
    for time in seen:
        observed = context.observed[time]
        for color in range(3):
            # In 16 bits: Telea's in OpenCV rounds up twice, which adds up to many levels of 8 bits.
            known = np.where(observed, context.video[time, ..., color], 0).astype(np.uint16) * 257
            whole = cv2.inpaint(
                known, (~observed).astype(np.uint8), RADIUS_PX, getattr(cv2, method)
            )
            painted[time, ..., color] = as_pixels(whole / 257)
    nearest = seen[np.abs(seen - np.arange(len(painted))[:, None]).argmin(axis=1)]
    return painted[nearest]

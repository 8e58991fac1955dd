"""Superresolution of single frames by bicubic and Lanczos filters."""

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from videospace.baselines.pixels import Size
from videospace.inrv.inversion.contexts import Context
from videospace.runtime.errors import UserError


def bicubic(context: Context, size: Size) -> UInt8[np.ndarray, "time height width 3"]:
    """Interpolate each frame by cubic splines (Keys' kernel with a = -1/2, as Pillow has it).

    Args:
        context: A coarse clip whose pixels are all observed.
        size: Height and width to return in px.

    Raises:
        UserError: A pixel is hidden, or the size is below 1.

    Example:
        >>> from videospace.inrv.inversion.tasks import superresolution
        >>> bicubic(superresolution(np.full((2, 4, 4, 3), 9, np.uint8)), (16, 16)).shape
        (2, 16, 16, 3)
    """
    return _resized(context, size, Image.Resampling.BICUBIC)


def lanczos(context: Context, size: Size) -> UInt8[np.ndarray, "time height width 3"]:
    """Interpolate each frame by a windowed sinc of three lobes.

    Args:
        context: A coarse clip whose pixels are all observed.
        size: Height and width to return in px.

    Raises:
        UserError: A pixel is hidden, or the size is below 1.

    Example:
        >>> from videospace.inrv.inversion.tasks import superresolution
        >>> lanczos(superresolution(np.full((2, 4, 4, 3), 9, np.uint8)), (16, 16)).shape
        (2, 16, 16, 3)
    """
    return _resized(context, size, Image.Resampling.LANCZOS)


def _resized(
    context: Context, size: Size, resampling: Image.Resampling
) -> UInt8[np.ndarray, "time height width 3"]:
    if not context.observed.all():
        raise UserError(
            "expected a context that is observed completely, got one of which "
            f"{context.observed_fraction:.1%} is observed: complete it at its own size first"
        )
    height, width = size
    if min(size) < 1:
        raise UserError(f"expected a size of at least 1x1 px, got {height}x{width}")
    images = (Image.fromarray(frame) for frame in context.video)
    return np.stack([np.array(image.resize((width, height), resampling)) for image in images])

"""Opening an image of unknown origin."""

import io
from pathlib import Path

from PIL import Image

from videospace.runtime.errors import UserError

FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "GIF", "TIFF", "PPM")
"""Formats that are read. Others may start programs: Pillow gives EPS to Ghostscript."""
MAX_IMAGE_PX = 50_000_000
"""Most pixels of an image; of 8K video, a frame has 33 million."""
IMAGE_ERRORS = (
    *(OSError, SyntaxError, ValueError),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)
"""What opening or decoding an image may raise."""


def open_image(file: Path | str | io.BytesIO) -> Image.Image:
    """Open an image, which is decoded only when its pixels are needed.

    Args:
        file: A path, or bytes in memory; the content decides about the format.

    Raises:
        OSError: There is no such file, or it is no image of a known format.
        UserError: It has more than 50 million pixels.

    Example:
        >>> stored = io.BytesIO()
        >>> Image.new("L", (96, 54)).save(stored, "png")
        >>> open_image(stored).size
        (96, 54)
    """
    image = Image.open(file, formats=FORMATS)
    if image.width * image.height > MAX_IMAGE_PX:
        image.close()
        raise UserError(
            f"expected an image of at most {MAX_IMAGE_PX // 10**6} million pixels, "
            f"got {image.width}x{image.height}"
        )
    return image

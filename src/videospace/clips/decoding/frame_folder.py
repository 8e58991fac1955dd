"""A folder of images as a video."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from natsort import natsort_keygen, ns
from PIL import Image, ImageOps

from videospace.runtime.errors import UnreadableVideo

IMAGE_SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".bmp", ".webp"))
_SEPARATING_MINUS = re.compile(r"(?<=[^\W_])-(?=\d)")
_NATURAL = natsort_keygen(alg=ns.INT | ns.SIGNED | ns.PATH)
_IMAGE_ERRORS = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)


def image_paths(folder: Path | str) -> list[Path]:
    """The images of a folder in natural order; hidden files are left out.

    Raises:
        UnreadableVideo: The folder has no images.
    """
    paths = [p for p in Path(folder).iterdir() if p.suffix.lower() in IMAGE_SUFFIXES]
    paths = sorted(path for path in paths if not path.name.startswith("."))  # for 1 and 01
    if not paths:
        raise UnreadableVideo(folder, "the folder has no frames")
    return sorted(paths, key=lambda path: natural_order(path.name))


def natural_order(name: str) -> tuple:
    """A key for sorting names in which numbers count as numbers.

    A minus counts as a sign unless it follows a letter or a digit, as in ``frame-2``.

    Example:
        >>> sorted(["f10.png", "f9.png", "f-11.png"], key=natural_order)
        ['f9.png', 'f10.png', 'f-11.png']
        >>> sorted(["f_1.png", "f_-1.png", "f_-2.png"], key=natural_order)
        ['f_-2.png', 'f_-1.png', 'f_1.png']
    """
    return _NATURAL(_SEPARATING_MINUS.sub("~", name))


def read_images(folder: Path | str, every: int) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Read every n-th image of a folder, upright; a broken image ends the video.

    Args:
        folder: The folder.
        every: Read every n-th image, beginning with the first.

    Yields:
        RGB images.

    Raises:
        UnreadableVideo: There is no image, or the first is broken.
    """
    for number, path in enumerate(image_paths(folder)[::every]):
        try:
            with Image.open(path) as image:
                frame = _image_to_rgb(ImageOps.exif_transpose(image))
        except _IMAGE_ERRORS as error:
            if number:
                return
            raise UnreadableVideo(folder, f"the frame {path.name} cannot be decoded") from error
        yield frame


def _image_to_rgb(image: Image.Image) -> np.ndarray:
    if image.mode.startswith("I"):  # 16 bits a pixel
        gray = (np.asarray(image).astype(np.int64).clip(0, 65535) // 257).astype(np.uint8)
        return np.repeat(gray[..., None], 3, axis=2)
    if image.mode.endswith("A") or "transparency" in image.info:
        return over_white(np.asarray(image.convert("RGBA")))
    return np.asarray(image.convert("RGB"))


def over_white(
    pixels: UInt8[np.ndarray, "height width 4"],
) -> UInt8[np.ndarray, "height width 3"]:
    """Blend RGBA pixels with a white background.

    Example:
        >>> over_white(np.uint8([[[0, 0, 255, 51]]])).tolist()
        [[[204, 204, 255]]]
    """
    alpha = pixels[..., 3:].astype(np.uint16)
    return ((pixels[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)

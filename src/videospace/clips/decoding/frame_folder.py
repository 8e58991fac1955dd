"""A folder of images as a video."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from natsort import natsort_keygen, ns
from PIL import Image, ImageOps, ImageSequence

from videospace.clips.decoding.image_file import IMAGE_ERRORS, open_image
from videospace.runtime.errors import UnreadableVideo

_BEST_FIRST = (".png", ".bmp", ".webp", ".jpg", ".jpeg")
IMAGE_SUFFIXES = frozenset(_BEST_FIRST)
_SEPARATING_MINUS = re.compile(r"(?<=[^\W_])-(?=\d)")
_NATURAL = natsort_keygen(alg=ns.INT | ns.SIGNED | ns.PATH)


def image_paths(folder: Path | str) -> list[Path]:
    """The images of a folder in natural order; hidden files are left out.

    Where a frame is there in several formats, the one without losses is taken.

    Raises:
        UnreadableVideo: The folder has no images.
    """
    best: dict[str, Path] = {}
    for path in sorted(_images(folder), key=_format_rank):
        best.setdefault(path.stem, path)
    if not best:
        raise UnreadableVideo(folder, "the folder has no frames")
    paths = sorted(best.values())  # for names that differ in zeros, such as 1 and 01
    return sorted(paths, key=lambda path: natural_order(path.name))


def num_twins(folder: Path | str) -> int:
    """How many images of a folder are left out, since the same frame is there in another format."""
    return len(_images(folder)) - len(image_paths(folder))


def _images(folder: Path | str) -> list[Path]:
    paths = [path for path in Path(folder).iterdir() if path.suffix.lower() in IMAGE_SUFFIXES]
    return [path for path in paths if not path.name.startswith(".")]


def _format_rank(path: Path) -> tuple[int, str]:
    """Formats without losses come first."""
    return _BEST_FIRST.index(path.suffix.lower()), path.name


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


def read_images(
    folder: Path | str, every: int
) -> Iterator[UInt8[np.ndarray, "height width 3"] | None]:
    """Read every n-th image of a folder, upright.

    Args:
        folder: The folder.
        every: Read every n-th image, beginning with the first.

    Yields:
        RGB images; None in place of a broken one.

    Raises:
        UnreadableVideo: The folder has no images, or all of them are broken.
    """
    num_read, first_broken = 0, ""
    for path in image_paths(folder)[::every]:
        try:
            with open_image(path) as image:
                frame = _image_to_rgb(ImageOps.exif_transpose(image))
        except IMAGE_ERRORS:
            first_broken = first_broken or path.name
            yield None
            continue
        num_read += 1
        yield frame
    if not num_read:
        raise UnreadableVideo(folder, f"the frame {first_broken} cannot be decoded")


def is_animation(path: Path | str) -> bool:
    """Whether a PNG or WebP file holds several frames; False for all others."""
    try:
        with open(path, "rb") as file:
            start = file.read(4096)
    except OSError:  # which whoever opens it as a video says better
        return False
    if start.startswith(b"\x89PNG"):
        return b"acTL" in start
    return start[:4] == b"RIFF" and start[8:16] == b"WEBPVP8X" and bool(start[20] & 2)


def read_animation(
    path: Path | str,
) -> Iterator[tuple[UInt8[np.ndarray, "height width 3"] | None, float]]:
    """The frames of an animated image as RGB, each with the time in seconds at which it is shown.

    Raises:
        UnreadableVideo: Not one frame can be decoded.
    """
    time, count = 0.0, 0
    try:
        with open_image(path) as image:
            for frame in ImageSequence.Iterator(image):
                yield _image_to_rgb(frame), time
                count += 1
                time += (frame.info.get("duration") or 40) / 1000
    except IMAGE_ERRORS as error:
        if not count:
            raise UnreadableVideo(path, "no frame can be decoded") from error
        yield None, time


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

"""Cropping and resizing frames."""

import re

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from videospace.runtime.errors import UserError

Region = tuple[int, int, int, int]
"""Top, left, height and width in pixels."""


def parse_size(text: str) -> tuple[int, int]:
    """Read height and width from ``"64"`` or ``"48x64"``.

    Raises:
        UserError: The text has another form, or a side is 0.

    Example:
        >>> parse_size("64"), parse_size("48x64")
        ((64, 64), (48, 64))
    """
    match = re.fullmatch(r"\s*(\d+)\s*(?:[xX×]\s*(\d+)\s*)?", text)
    height, width = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if height < 1 or width < 1:
        raise UserError(f"expected a size such as 64 or 48x64 (height x width), got '{text}'")
    return height, width


def parse_crop(text: str) -> Region | None:
    """Read a crop region from ``"top,left,height,width"``; ``"center"`` gives None.

    Raises:
        UserError: The text has another form, or the region is empty.

    Example:
        >>> parse_crop("70,70,200,100"), parse_crop("center")
        ((70, 70, 200, 100), None)
    """
    if text == "center":
        return None
    parts = [part.strip() for part in text.split(",")]
    if len(parts) == 4 and all(re.fullmatch(r"\d+", part) for part in parts):
        top, left, height, width = map(int, parts)
        if height and width:
            return top, left, height, width
    raise UserError(f"expected a crop of 'center' or top,left,height,width in px, got '{text}'")


def center_region(height: int, width: int, target_height: int, target_width: int) -> Region:
    """The largest centered region of a frame that has the target's aspect ratio.

    Example:
        >>> center_region(288, 360, 64, 64)
        (0, 36, 288, 288)
    """
    region_height = min(height, max(1, round(width * target_height / target_width)))
    region_width = min(width, max(1, round(height * target_width / target_height)))
    return (height - region_height) // 2, (width - region_width) // 2, region_height, region_width


def crop_and_resize(
    frame: UInt8[np.ndarray, "height width 3"],
    size: tuple[int, int],
    crop: Region | None = None,
) -> UInt8[np.ndarray, "target_height target_width 3"]:
    """Crop a region of a frame and resize it.

    A side that shrinks is averaged (box filter), a side that grows is interpolated (bicubic).

    Args:
        frame: RGB, in [0, 255].
        size: Target height and width in px.
        crop: Region of the frame; None means the largest centered region with the target's aspect
            ratio.

    Raises:
        UserError: The region leaves the frame.

    Example:
        >>> halves = np.repeat(np.uint8([0, 100])[None, :, None], 3, axis=2)
        >>> crop_and_resize(halves, (1, 1), (0, 0, 1, 2)).tolist()
        [[[50, 50, 50]]]
    """
    height, width = frame.shape[:2]
    target_height, target_width = size
    region = crop or center_region(height, width, target_height, target_width)
    top, left, region_height, region_width = region
    if top + region_height > height or left + region_width > width:
        crop_text = ",".join(map(str, region))
        raise UserError(f"the crop {crop_text} leaves the frame of {height}x{width} px")
    image = Image.fromarray(frame[top : top + region_height, left : left + region_width])
    image = image.resize((target_width, region_height), _filter(region_width, target_width))
    image = image.resize((target_width, target_height), _filter(region_height, target_height))
    return np.array(image)


def _filter(length: int, target_length: int) -> Image.Resampling:
    shrinks = target_length <= length
    return Image.Resampling.BOX if shrinks else Image.Resampling.BICUBIC

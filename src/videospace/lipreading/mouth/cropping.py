"""Crops of a mouth: upright, centered, gray, 88×88 px."""

import math

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from videospace.lipreading.mouth.mouth_clip import MOUTH_SIZE
from videospace.lipreading.mouth.pose import MouthPose


def crop_mouth(
    frame: UInt8[np.ndarray, "height width 3"], pose: MouthPose
) -> UInt8[np.ndarray, "88 88"]:
    """Rotate, scale and crop a frame so that the mouth is upright in the middle.

    Pixels outside the frame repeat its edge.

    Args:
        frame: uint8 RGB.
        pose: The square to cut out.

    Returns:
        Gray levels.

    Example:
        >>> frame = np.zeros((100, 100, 3), np.uint8)
        >>> frame[40:60, 40:60] = 200  # a square of 20 px becomes one of 44 px
        >>> crop = crop_mouth(frame, MouthPose(50.0, 50.0, 40.0, 0.0))
        >>> (crop > 100).sum(axis=0).max()
        np.int64(44)
    """
    # A rotated square fits into one that is √2 times as large.
    reach = math.ceil(pose.side_px / math.sqrt(2)) + 2
    left, top = math.floor(pose.x_px) - reach, math.floor(pose.y_px) - reach
    surroundings = _to_gray(_patch(frame, top, left, 2 * reach))
    shrink = max(1, round(pose.side_px / MOUTH_SIZE))
    scale = pose.side_px / MOUTH_SIZE / shrink
    across, down = scale * math.cos(pose.angle), scale * math.sin(pose.angle)
    x, y = (pose.x_px - left) / shrink, (pose.y_px - top) / shrink
    half = MOUTH_SIZE / 2
    crop = surroundings.reduce(shrink).transform(
        (MOUTH_SIZE, MOUTH_SIZE),
        Image.Transform.AFFINE,
        (across, -down, x - half * (across - down), down, across, y - half * (down + across)),
        Image.Resampling.BILINEAR,
    )
    return np.array(crop)


def fit_crop(image: Image.Image) -> UInt8[np.ndarray, "88 88"]:
    """Resize a ready-made crop of a mouth to 88×88 px without changing its proportions.

    The image is placed in the middle, and its edge is repeated in what is left.

    Args:
        image: Any size and mode.

    Example:
        >>> fit_crop(Image.new("L", (96, 54), 7)).shape
        (88, 88)
    """
    gray = image.convert("L")
    scale = MOUTH_SIZE / max(gray.size)
    width, height = (max(1, round(side * scale)) for side in gray.size)
    if gray.size != (width, height):
        gray = gray.resize((width, height), Image.Resampling.BILINEAR)
    above, before = (MOUTH_SIZE - height) // 2, (MOUTH_SIZE - width) // 2
    return _patch(np.asarray(gray), -above, -before, MOUTH_SIZE)


def _patch(pixels: np.ndarray, top: int, left: int, side: int) -> np.ndarray:
    """Take a square of a picture; beyond the picture its edge is repeated."""
    height, width = pixels.shape[:2]
    rows = np.arange(top, top + side).clip(0, height - 1)
    columns = np.arange(left, left + side).clip(0, width - 1)
    return pixels[rows[:, None], columns]


def _to_gray(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(pixels).convert("L")

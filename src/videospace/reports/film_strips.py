"""Arranging frames: film strips for pages that play them, and videos in a grid."""

import io

import numpy as np
from einops import rearrange, repeat
from jaxtyping import UInt8
from PIL import Image


def film_strip(frames: UInt8[np.ndarray, "time height width 3"]) -> bytes:
    """A PNG file of all frames, one below the other, which a page can play without a player.

    Args:
        frames: The clip, in [0, 255].

    Example:
        >>> strip = film_strip(np.zeros((4, 6, 8, 3), np.uint8))
        >>> Image.open(io.BytesIO(strip)).size
        (8, 24)
    """
    file = io.BytesIO()
    # The fastest compression, because the page requests it while the user drags.
    Image.fromarray(frames.reshape(-1, *frames.shape[2:])).save(file, "png", compress_level=1)
    return file.getvalue()


Video = UInt8[np.ndarray, "time height width 3"]

LargerVideo = UInt8[np.ndarray, "time high wide 3"]

_GAP_PX = 4

_GAP_RGB = (208, 212, 222)


def enlarge(video: Video, times: int) -> LargerVideo:
    """Repeat every pixel as a square, so that players do not smooth it.

    Example:
        >>> enlarge(np.zeros((1, 2, 3, 3), np.uint8), 4).shape
        (1, 8, 12, 3)
    """
    return repeat(video, "time h w rgb -> time (h high) (w wide) rgb", high=times, wide=times)


def tile(videos: UInt8[np.ndarray, "clip time height width 3"], num_columns: int) -> LargerVideo:
    """Lay videos of one size and length out row by row, with thin gray gaps.

    Args:
        videos: The videos; their number is a multiple of ``num_columns``.
        num_columns: Number of videos in a row.

    Example:
        >>> tile(np.zeros((6, 5, 8, 8, 3), np.uint8), num_columns=3).shape
        (5, 20, 32, 3)
    """
    cells = np.pad(videos, ((0, 0), (0, 0), (0, _GAP_PX), (0, _GAP_PX), (0, 0)))
    cells[:, :, -_GAP_PX:] = cells[:, :, :, -_GAP_PX:] = _GAP_RGB
    rows = rearrange(cells, "(row col) time h w rgb -> time (row h) (col w) rgb", col=num_columns)
    return rows[:, :-_GAP_PX, :-_GAP_PX]

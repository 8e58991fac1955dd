"""Videos for a page: pixels as squares, and several videos in one."""

import numpy as np
from einops import rearrange, repeat
from jaxtyping import UInt8

Video = UInt8[np.ndarray, "time height width 3"]
LargerVideo = UInt8[np.ndarray, "time high wide 3"]

_GAP_PX = 4
_GAP_RGB = (208, 212, 222)


def enlarge(video: Video, times: int) -> LargerVideo:
    """Show every pixel as a square, so that a player has nothing to smooth.

    Example:
        >>> enlarge(np.zeros((1, 2, 3, 3), np.uint8), 4).shape
        (1, 8, 12, 3)
    """
    return repeat(video, "time h w rgb -> time (h high) (w wide) rgb", high=times, wide=times)


def tile(videos: UInt8[np.ndarray, "clip time height width 3"], num_columns: int) -> LargerVideo:
    """Lay videos of one size and length out row by row, with thin grey gaps.

    Args:
        videos: As many as fill the last row too.
        num_columns: Videos of a row.

    Example:
        >>> tile(np.zeros((6, 5, 8, 8, 3), np.uint8), num_columns=3).shape
        (5, 20, 32, 3)
    """
    cells = np.pad(videos, ((0, 0), (0, 0), (0, _GAP_PX), (0, _GAP_PX), (0, 0)))
    cells[:, :, -_GAP_PX:] = cells[:, :, :, -_GAP_PX:] = _GAP_RGB
    rows = rearrange(cells, "(row col) time h w rgb -> time (row h) (col w) rgb", col=num_columns)
    return rows[:, :-_GAP_PX, :-_GAP_PX]

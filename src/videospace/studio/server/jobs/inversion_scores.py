"""What a page says about an inversion: its scores, where it errs, and if the space fits at all."""

import numpy as np
import torch
from jaxtyping import Bool, UInt8
from matplotlib import colormaps

from videospace.metrics.fidelity import IDENTICAL_PSNR_DB, psnr_db, ssim
from videospace.reports.comparison import side_by_side
from videospace.studio.server.sessions.space_items import Knows, Panel
from videospace.studio.server.uploads.recordings import PaddedClip

NOT_GAIN_DB, ROUGH_GAIN_DB = 3.0, 6.0
"""By how much the PSNR of a found clip has to exceed that of a picture of one color: below the
first, it shows less than half of what varies in the video; below the second, less than three
quarters."""
CLOSE_PSNR_DB = 30.0
"""A found clip of this PSNR is close even to a video of one color."""
LARGEST_ERROR = 64
"""Error in gray levels that has the brightest color in an error map."""
_GAP_PX = 2

Clip = UInt8[np.ndarray, "time height width 3"]
ClipMask = Bool[np.ndarray, "time height width"]


def psnr_of_pixels(video: Clip, truth: Clip, mask: ClipMask) -> float:
    """PSNR of the pixels of a mask in dB, at most 100.

    Args:
        video: What was found, in [0, 255].
        truth: What it should be.
        mask: True for the pixels that count.
    """
    parts = (torch.from_numpy(np.array(each))[None] for each in (video, truth, mask))
    return min(psnr_db(*parts).item(), IDENTICAL_PSNR_DB)


def ssim_of_video(result: Clip, video: PaddedClip) -> float:
    """SSIM of a result and the real frames of a video.

    Args:
        result: The found or completed clip.
        video: The video that was inverted.
    """
    real = slice(video.num_real)
    pair = (torch.from_numpy(np.array(each[real]))[None] for each in (result, video.frames))
    return ssim(*pair).item()


def how_well_known(own: Clip, video: Clip, observed: ClipMask) -> Knows:
    """Whether a space knows videos such as one that was inverted.

    Args:
        own: The found clip as the space renders it.
        video: The video.
        observed: True for the pixels that were searched for.
    """
    flat = np.broadcast_to(video[observed].mean(axis=0).round().astype(np.uint8), video.shape)
    psnr = psnr_of_pixels(own, video, observed)
    gain = psnr - psnr_of_pixels(flat, video, observed)
    if psnr >= CLOSE_PSNR_DB or gain >= ROUGH_GAIN_DB:
        return "well"
    return "roughly" if gain >= NOT_GAIN_DB else "not"


def compared(
    video: PaddedClip, observed: ClipMask, result: Clip
) -> tuple[tuple[Panel, ...], UInt8[np.ndarray, "time height wide 3"]]:
    """A result beside the video, and where they differ.

    Args:
        video: The video that was inverted.
        observed: True for its observed pixels.
        result: The found or completed clip.

    Returns:
        What the panels show from left to right, and the frames. Frames that the video does not
        have are black in the error map.
    """
    is_known = video.num_real == len(video.frames) and not observed.all()
    truth = video.frames if is_known else None
    panels = np.stack(list(side_by_side(video.frames, observed, result, truth)))
    error = error_map(result, video.frames)
    error[video.num_real :] = 0
    gap = np.full((*panels.shape[:2], _GAP_PX, 3), 255, np.uint8)
    names: tuple[Panel, ...] = ("visible", "result", *(("truth",) if is_known else ()), "error")
    return names, np.concatenate([panels, gap, error], axis=2)


def error_map(video: Clip, truth: Clip) -> Clip:
    """The mean absolute error of each pixel as a color, from black (none) to yellow.

    Args:
        video: The video, in [0, 255].
        truth: What it should be.
    """
    error = np.abs(video.astype(np.int16) - truth).mean(axis=-1)
    colors = colormaps["inferno"]((error / LARGEST_ERROR).clip(0, 1), bytes=True)
    return np.where(error[..., None] > 0, colors[..., :3], 0).astype(np.uint8)

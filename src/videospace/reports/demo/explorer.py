"""An interpolation in fine steps as one picture, of which the page shows one tile at a time.

Each row is a step, each column a frame.
"""

import dataclasses
from pathlib import Path

import numpy as np
from einops import rearrange
from jaxtyping import UInt8
from PIL import Image

from videospace.inrv.space.video_space import VideoSpace
from videospace.metrics.ball_structure import check_ball
from videospace.runtime.files import atomic_write

NUM_STEPS = 25
TILE_PX = 100
"""Longer side of a tile. The picture stays below 16 million pixels, the limit of phones."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Explorer:
    """The picture, and how the page shows it."""

    path: str
    """Path of the picture, relative to the page."""
    start: str
    """Id of the clip in the first row."""
    end: str
    """Id of the clip in the last row."""
    num_frames: int
    """Number of tiles in a row."""
    height: int
    """Height of a tile in px."""
    width: int
    """Width of a tile in px."""
    fps: float
    """Tiles per second."""
    ball_heights: list[float | None]
    """Height of the ball at every step as a fraction of the picture, 0 at the top; None for a step
    without a ball."""


def make_explorer(space: VideoSpace, start: str, end: str, media: Path) -> Explorer:
    """Render the steps, and find the ball in each of them.

    Args:
        space: A space of bouncing balls.
        start: Id of the first clip.
        end: Id of the last clip.
        media: The folder to write to.
    """
    scale = TILE_PX / max(space.clip.height, space.clip.width)
    height, width = (max(1, round(scale * side)) for side in (space.clip.height, space.clip.width))
    latents = space.interpolate(start, end, steps=NUM_STEPS)
    videos = space.render(latents, height=height, width=width)
    picture = rearrange(videos, "step time h w rgb -> (step h) (time w) rgb")
    media.mkdir(exist_ok=True)
    with atomic_write(media / "explorer.png") as temporary:
        Image.fromarray(picture).save(temporary)
    return Explorer(
        path=f"{media.name}/explorer.png",
        start=start,
        end=end,
        num_frames=videos.shape[1],
        height=height,
        width=width,
        fps=space.clip.fps,
        ball_heights=[ball_height(video) for video in videos],
    )


def ball_height(video: UInt8[np.ndarray, "time height width 3"]) -> float | None:
    """Mean height of the ball's center as a fraction of the picture, 0 at the top; None if no ball.

    Example:
        >>> video = np.full((1, 10, 10, 3), 255, np.uint8)
        >>> video[0, 2:5, 3:6] = (0, 0, 255)
        >>> ball_height(video), ball_height(video[:, 5:])
        (0.35, None)
    """
    check = check_ball(video, radius_px=1, lowest_px=0, highest_px=len(video[0]) - 1)
    if not check.found.any():
        return None
    return round((float(np.nanmean(check.center_row)) + 0.5) / video.shape[1], 4)

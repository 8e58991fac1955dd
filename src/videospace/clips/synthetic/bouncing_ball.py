"""BouncingBall: a blue ball that moves from wall to wall, at another height in every clip."""

import dataclasses
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from jaxtyping import Float, UInt8

from videospace.clips.decoding.geometry import parse_size
from videospace.clips.store.clip_store import ClipRecord, ClipStore
from videospace.runtime.errors import UserError

BLUE = (0, 0, 255)
_BATCH = 32


@dataclasses.dataclass(frozen=True, kw_only=True)
class BouncingBallConfig:
    """The settings of the set; the defaults are those of the published set, at half its size.

    Raises:
        UserError: A number is below 1, or ``size`` cannot be read.
    """

    num_clips: int = 50
    """Number of clips, each with another height of the ball."""
    num_frames: Annotated[int, tyro.conf.arg(name="frames")] = 25
    """Frames of every clip."""
    size: str = "50"
    """Size in px: ``"50"``, or ``"48x64"`` for height x width."""
    radius_px: float | None = None
    """Radius of the ball; None means 0.12 of the shorter side."""
    fps: float = 25.0
    """Frames per second."""

    def __post_init__(self) -> None:
        parse_size(self.size)
        if min(self.num_clips, self.num_frames) < 1:
            raise UserError(
                "expected num_clips and num_frames of at least 1, "
                f"got {self.num_clips} and {self.num_frames}"
            )


def ball_video(
    height_px: float,
    *,
    num_frames: int = 25,
    height: int = 50,
    width: int = 50,
    radius_px: float | None = None,
) -> UInt8[np.ndarray, "time height width 3"]:
    """Draw a blue ball that moves along one row, from the left wall to the right wall and back.

    It moves at constant speed and touches the left wall in the first and the last frame, and the
    right wall halfway. Its rim is anti-aliased: the coverage of a pixel is
    ``clip(radius + 0.5 - distance, 0, 1)``, with the distance from pixel center to ball center.

    Args:
        height_px: Row of the ball's center; pixel centers are integers, 0 is the top row.
        num_frames: Frames of the clip.
        height: Height of the picture in px.
        width: Width of the picture in px.
        radius_px: Radius of the ball; None means 0.12 of the shorter side.

    Raises:
        UserError: The ball does not fit into the picture.

    Example:
        >>> video = ball_video(10.0, num_frames=3, height=21, width=31, radius_px=4.0)
        >>> video.shape, video[1, 10, 25].tolist(), video[1, 10, 2].tolist()
        ((3, 21, 31, 3), [0, 0, 255], [255, 255, 255])
    """
    radius = _radius(radius_px, height, width)
    progress = np.arange(num_frames) / max(1, num_frames - 1)
    left, right = radius - 0.5, width - 0.5 - radius
    columns = left + (right - left) * (1 - np.abs(2 * progress - 1))
    rows_apart = np.arange(height)[None, :, None] - height_px
    columns_apart = np.arange(width)[None, None, :] - columns[:, None, None]
    coverage = np.clip(radius + 0.5 - np.hypot(rows_apart, columns_apart), 0, 1)
    pixels = 255 + coverage[..., None] * (np.array(BLUE) - 255)
    return np.rint(pixels).astype(np.uint8)


def ball_heights(
    num_clips: int, height: int, width: int, radius_px: float | None = None
) -> Float[np.ndarray, " clip"]:
    """The rows of the balls' centers, evenly spaced from ``radius + 1`` to ``height - radius - 1``.

    Raises:
        UserError: The ball does not fit into the picture.

    Example:
        >>> ball_heights(3, 50, 50, 6.0).tolist()
        [7.0, 25.0, 43.0]
    """
    radius = _radius(radius_px, height, width)
    return np.linspace(radius + 1, height - radius - 1, num_clips)


def bouncing_ball(
    *,
    num_clips: int = 50,
    num_frames: int = 25,
    height: int = 50,
    width: int = 50,
    radius_px: float | None = None,
) -> tuple[UInt8[np.ndarray, "clip time height width 3"], Float[np.ndarray, " clip"]]:
    """Draw the whole set in memory.

    Args:
        num_clips: Clips, each with another height of the ball and the same horizontal motion.
        num_frames: Frames of every clip.
        height: Height of the picture in px.
        width: Width of the picture in px.
        radius_px: Radius of the ball; None means 0.12 of the shorter side.

    Returns:
        The clips, and the row of each ball's center in px (see `ball_video`).

    Raises:
        UserError: The ball does not fit into the picture.

    Example:
        >>> clips, heights_px = bouncing_ball(num_clips=2, num_frames=5)
        >>> clips.shape, heights_px.tolist()
        ((2, 5, 50, 50, 3), [7.0, 43.0])

    Source: INR-V thesis, section 3.6.1 (there 100x100 px).
    """
    heights_px = ball_heights(num_clips, height, width, radius_px)
    shape = {"num_frames": num_frames, "height": height, "width": width, "radius_px": radius_px}
    return np.stack([ball_video(float(row), **shape) for row in heights_px]), heights_px


def write_bouncing_ball(out: Path | str, config: BouncingBallConfig | None = None) -> ClipStore:
    """Draw the set and write it to a store, with the ids ``ball-000``, ``ball-001`` and so on.

    Clips that the store has already are kept, so an interrupted call can be repeated.

    Args:
        out: Folder of the store; new, or with clips of this set.
        config: The settings of the set; None means the defaults.

    Returns:
        The store.

    Raises:
        UserError: The ball does not fit, or the store has another set or shape.
    """
    config = config or BouncingBallConfig()
    height, width = parse_size(config.size)
    radius = _radius(config.radius_px, height, width)
    heights_px = ball_heights(config.num_clips, height, width, radius)
    store = ClipStore.create(out, num_frames=config.num_frames, height=height, width=width)
    source = f"bouncing-ball num_clips={config.num_clips} radius_px={radius:g}"
    missing = []
    for number, height_px in enumerate(heights_px):
        clip_id = f"ball-{number:03d}"
        if clip_id not in store:
            missing.append((clip_id, float(height_px)))
        elif (present := store.records[store.row(clip_id)].source) != source:
            raise UserError(f"{store.folder} holds '{present}', not '{source}': use another folder")
    shape = {"num_frames": config.num_frames, "height": height, "width": width}
    for first in range(0, len(missing), _BATCH):
        clips = []
        for clip_id, height_px in missing[first : first + _BATCH]:
            record = ClipRecord(
                id=clip_id, source=source, first_frame=0, fps=config.fps, split="train"
            )
            clips.append((record, ball_video(height_px, radius_px=radius, **shape)))
        store.append(clips)
    return store


def _radius(radius_px: float | None, height: int, width: int) -> float:
    radius = 0.12 * min(height, width) if radius_px is None else radius_px
    if not radius > 0 or height < 2 * radius + 2 or width < 2 * radius:
        raise UserError(
            f"expected a radius above 0, for a ball that fits into {height}x{width} px with a free "
            f"row above and below, got {radius:g}"
        )
    return radius

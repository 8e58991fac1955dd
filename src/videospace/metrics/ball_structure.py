"""Checks whether a generated bouncing-ball clip has the structure of the training clips.

In a training clip, a blue ball of fixed size crosses a white frame and returns at constant speed,
and its height never changes. A space that has learned this structure interpolates two clips with
one ball at a height in between; a space that has not shows two faint balls, or a smear.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8
from scipy import ndimage

from videospace.runtime.errors import UserError

SPECK_PIXELS = 3
"""A blob of at least this many pixels counts as a ball."""
IN_FRAME = np.array([np.zeros((3, 3)), np.ones((3, 3)), np.zeros((3, 3))], bool)
"""Pixels that touch in a frame, at a side or a corner, are connected; frames are not."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BallCheck:
    """The measurements of a clip, frame by frame; nan for a frame without a ball."""

    found: Bool[np.ndarray, " time"]
    """Whether a frame shows a ball."""
    num_balls: Int[np.ndarray, " time"]
    """Separate blobs in each frame."""
    radius_px: Float[np.ndarray, " time"]
    """Radius of a disc of the (largest) ball's area."""
    center_row: Float[np.ndarray, " time"]
    """Row of the ball's center, in pixels; 0 is the middle of the top row."""
    center_col: Float[np.ndarray, " time"]
    """Column of the ball's center, in pixels; 0 is the middle of the leftmost column."""
    roundness: Float[np.ndarray, " time"]
    """Overlap of the ball with a solid disc of its own area and center; 1 for a perfect ball."""
    color_error: Float[np.ndarray, " time"]
    """Distance of the ball's color from every mixture of ball and background color; 0 is best."""
    ghost: Float[np.ndarray, " time"]
    """The strongest trace of another ball: mean coverage of a square inside it, in [0, 1]."""
    reasons: tuple[str, ...] = ()
    """The faults of the clip, one short sentence each."""

    @property
    def valid(self) -> bool:
        """Whether the clip has no fault."""
        return not self.reasons


def check_ball(
    video: UInt8[np.ndarray, "time height width 3"],
    *,
    radius_px: float | int,
    lowest_px: float | int,
    highest_px: float | int,
    radius_tolerance: float | int = 0.15,
    height_tolerance_px: float | int = 1.0,
    max_step_px: float | int | None = None,
    max_turns: int = 1,
    min_roundness: float | int = 0.75,
    max_ghost: float | int = 0.1,
    ball_rgb: tuple[int, int, int] = (0, 0, 255),
    background_rgb: tuple[int, int, int] = (255, 255, 255),
) -> BallCheck:
    """Check a clip that was interpolated between two bouncing-ball clips.

    The clip is valid if every frame shows exactly one blob that differs from the background by more
    than half of the ball's contrast, if this blob is a solid disc of the right color and radius,
    and if the ball keeps one height, between the heights of its parents, while it moves smoothly
    from wall to wall. The area of a ball is the sum of the coverage of its pixels (their distance
    from the background color, 1 at the ball's color), so that soft edges count in part.

    Args:
        video: RGB frames.
        radius_px: Radius of the true ball.
        lowest_px: Row of the ball's center in one parent (0 is the middle of the top row).
        highest_px: The same in the other parent; the two may come in either order.
        radius_tolerance: Fraction by which the radius may be off.
        height_tolerance_px: How far the height may stray from the clip's mean, and the mean from
            the range between the parents.
        max_step_px: Longest horizontal step between two frames. None: one and a half times the
            step of a ball that crosses the frame and returns once in the clip, plus a pixel.
        max_turns: How often the ball may change direction. Steps below half a pixel do not count.
        min_roundness: Overlap with a solid disc that a ball needs. Half-transparent, double and
            stretched balls have less; an edge blurred over half a radius still leaves 0.84.
        max_ghost: Trace of ball that may show away from the ball. A blend of two clips shows each
            of them by its weight.
        ball_rgb: Color of the true ball.
        background_rgb: Color of everything else.

    Returns:
        The measurements, and the faults of a clip that is not valid.

    Raises:
        UserError: The video is empty, or the radius is below one pixel.

    Example:
        >>> blank = np.full((2, 9, 9, 3), 255, np.uint8)
        >>> check_ball(blank, radius_px=2, lowest_px=3, highest_px=5).reasons
        ('no ball in frames 0, 1',)
    """
    if video.size == 0 or radius_px < 1:
        raise UserError(
            f"expected a video and a radius of 1 pixel or more, "
            f"got shape {video.shape} and radius {radius_px}"
        )
    check = _measure(video, radius_px, np.array(ball_rgb, float), np.array(background_rgb, float))
    span = max(0.0, video.shape[2] - 1 - 2 * radius_px)
    if max_step_px is None:
        max_step_px = 1.5 * 2 * span / max(1, len(video) - 1) + 1
    radius_error = np.abs(check.radius_px / radius_px - 1)
    least_height, greatest_height = sorted((lowest_px, highest_px))
    reasons = [
        _in_frames("no ball", ~check.found),
        _in_frames("more than one ball", check.num_balls > 1),
        _in_frames(f"radius not {radius_px:.1f} px", radius_error > radius_tolerance),
        _in_frames("not a solid round ball", check.roundness < min_roundness),
        _in_frames("ball of another color", check.color_error > 0.25),
        _in_frames("a ghost of another ball", (check.ghost > max_ghost) & (check.num_balls == 1)),
    ]
    if check.found.any():
        height = float(np.nanmean(check.center_row))
        strays = np.abs(check.center_row - height) > height_tolerance_px
        reasons.append(_in_frames(f"height strays from its mean {height:.1f} px", strays))
        outside = max(least_height - height, height - greatest_height)
        if outside > height_tolerance_px:
            reasons.append(
                f"height {height:.1f} px is not between the parents' "
                f"{least_height:.1f} and {greatest_height:.1f} px"
            )
    if check.found.all():
        reasons += _path_faults(check.center_col, span, max_step_px, max_turns)
    return dataclasses.replace(check, reasons=tuple(filter(None, reasons)))


def fraction_valid(checks: Sequence[BallCheck]) -> float:
    """The fraction of clips without a fault, in [0, 1].

    Raises:
        UserError: There are no checks.

    Example:
        >>> ball = np.full((1, 9, 9, 3), 255, np.uint8)
        >>> ball[0, 3:6, 3:6] = (0, 0, 255)
        >>> good = check_ball(ball, radius_px=1.7, lowest_px=4, highest_px=4)
        >>> bad = check_ball(ball, radius_px=1.7, lowest_px=6, highest_px=8)
        >>> fraction_valid([good, bad])
        0.5
    """
    if not checks:
        raise UserError("expected at least one checked clip, got none")
    return sum(check.valid for check in checks) / len(checks)


def _greatest_mean(
    values: Float[np.ndarray, "time height width"], side: int
) -> Float[np.ndarray, " time"]:
    """The greatest mean over any square with this side, or over the frame if it is smaller."""
    sides = tuple(min(side, length) for length in values.shape[1:])
    windows = np.lib.stride_tricks.sliding_window_view(values, sides, axis=(1, 2))
    return windows.mean(axis=(3, 4)).max(axis=(1, 2))


def _measure(
    video: UInt8[np.ndarray, "time height width 3"],
    radius_px: float | int,
    ball_rgb: Float[np.ndarray, "3"],
    background_rgb: Float[np.ndarray, "3"],
) -> BallCheck:
    axis = ball_rgb - background_rgb
    contrast = np.linalg.norm(axis)
    departure = video - background_rgb
    coverage = np.minimum(np.linalg.norm(departure, axis=-1) / contrast, 1)
    along = (departure @ axis / contrast**2)[..., None] * axis
    off_color = np.linalg.norm(departure - along, axis=-1) / contrast

    labels = np.empty(coverage.shape, np.int32)
    ndimage.label(coverage > 0.5, IN_FRAME, output=labels)
    num_balls, largest = _count_blobs(labels)
    body = labels == largest[:, None, None]
    with_edge = ndimage.binary_dilation(body, IN_FRAME, iterations=2)
    near = ndimage.binary_dilation(with_edge, IN_FRAME, iterations=2)
    ghost = _greatest_mean(np.where(near, 0, coverage), side=round(radius_px * 2**0.5))
    coverage = coverage * with_edge
    area = np.where(num_balls > 0, coverage.sum(axis=(1, 2)), np.nan)

    rows, cols = np.ogrid[: video.shape[1], : video.shape[2]]
    center_row = (coverage * rows).sum(axis=(1, 2)) / area
    center_col = (coverage * cols).sum(axis=(1, 2)) / area
    radius = np.sqrt(area / np.pi)
    disc = draw_discs(center_row, center_col, radius, video.shape[1], video.shape[2])
    common = np.minimum(disc, coverage).sum(axis=(1, 2))
    return BallCheck(
        found=num_balls > 0,
        num_balls=num_balls,
        radius_px=radius,
        center_row=center_row,
        center_col=center_col,
        ghost=ghost,
        roundness=common / np.maximum(disc, coverage).sum(axis=(1, 2)),
        color_error=(coverage * off_color).sum(axis=(1, 2)) / area,
    )


def draw_discs(
    center_row: Float[np.ndarray, " time"],
    center_col: Float[np.ndarray, " time"],
    radius_px: Float[np.ndarray, " time"],
    height: int,
    width: int,
) -> Float[np.ndarray, "time height width"]:
    """Coverage in [0, 1] of the pixels of each frame by a disc, with edges one pixel wide.

    Example:
        >>> draw_discs(np.array([0.0]), np.array([0.0]), np.array([1.0]), 1, 3).tolist()
        [[[1.0, 0.5, 0.0]]]
    """
    rows, cols = np.ogrid[:height, :width]
    distance = np.hypot(rows - center_row[:, None, None], cols - center_col[:, None, None])
    return np.clip(radius_px[:, None, None] + 0.5 - distance, 0, 1)


def _count_blobs(
    labels: Int[np.ndarray, "time height width"],
) -> tuple[Int[np.ndarray, " time"], Int[np.ndarray, " time"]]:
    """The number of blobs in each frame, without specks, and the label of the largest (or -1)."""
    (pixels,) = np.nonzero(labels.ravel())
    numbers, from_end, sizes = np.unique(
        labels.ravel()[pixels[::-1]], return_index=True, return_counts=True
    )
    last_pixels = pixels[::-1][from_end]
    order = np.lexsort((last_pixels, sizes))  # of equally large blobs, the lowest comes last
    order = order[sizes[order] >= SPECK_PIXELS]
    frames = last_pixels[order] // labels[0].size
    largest = np.full(len(labels), -1)
    largest[frames] = numbers[order]  # the last blob of a frame overwrites the others
    return np.bincount(frames, minlength=len(labels)), largest


def _path_faults(
    center_col: Float[np.ndarray, " time"],
    span: float | int,
    max_step_px: float | int,
    max_turns: int,
) -> list[str]:
    """The faults in the horizontal path of a ball that every frame shows."""
    faults = []
    steps = np.diff(center_col)
    if (np.abs(steps) > max_step_px).any():
        faults.append(
            f"jumps {np.abs(steps).max():.1f} px in one step, more than {max_step_px:.1f} px"
        )
    directions = np.sign(steps[np.abs(steps) > 0.5])
    turns = np.count_nonzero(np.diff(directions))
    if turns > max_turns:
        faults.append(f"changes direction {turns} times, more than {max_turns}")
    travel = float(np.ptp(center_col))
    if len(center_col) > 2 and travel < span / 2:
        faults.append(f"travels {travel:.1f} px, less than half of the way of {span:.1f} px")
    return faults


def _in_frames(fault: str, where: Bool[np.ndarray, " time"]) -> str | None:
    """'fault in frames 3, 4, 5 and 2 more', or None if there is no such frame."""
    frames = np.flatnonzero(where)
    if len(frames) == 0:
        return None
    listed = ", ".join(str(frame) for frame in frames[:5])
    rest = f" and {len(frames) - 5} more" if len(frames) > 5 else ""
    return f"{fault} in frame{'s' if len(frames) > 1 else ''} {listed}{rest}"

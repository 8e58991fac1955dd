"""The begin and end of a word: the first and the last movement of the lips."""

import dataclasses

import numpy as np
from einops import reduce
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

from videospace.lipreading.mouth.mouth_clip import MouthClip

LAG_SECONDS = 0.04
"""Time between the two frames that are compared."""
SMOOTHING_SECONDS = 0.06
"""Standard deviation of the smoothing of the motion."""
PEAK_FRACTION = 0.2
"""The lips move where their motion is above this fraction of the way from rest to the peak."""
STILL_LEVELS = 1.0
"""Motion that the noise of a camera causes, in gray levels; below it nothing moves."""
PAUSE_SECONDS = 0.5
"""A longer rest ends the word, and another movement begins after it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Movement:
    """A part of a clip in which the lips move."""

    start_frame: int
    """First frame of the movement."""
    end_frame: int
    """First frame after it."""


def lip_motion(clip: MouthClip) -> Float[np.ndarray, " time"]:
    """Measure how much the middle of the picture changes around each frame.

    To ignore changes of the light and fine noise, frames about 0.04 s apart are compared by the
    means of 4×4 px, less the mean of the frame.

    Args:
        clip: At any frame rate.

    Returns:
        Mean change in gray levels for each frame; zeros for a single one.

    Example:
        >>> still = MouthClip(frames=np.full((5, 88, 88), 100, np.uint8), fps=25.0)
        >>> lip_motion(still).tolist()
        [0.0, 0.0, 0.0, 0.0, 0.0]
    """
    lips = clip.frames[:, 20:76, 12:76].astype(np.float32)
    coarse = reduce(lips, "t (h a) (w b) -> t h w", "mean", a=4, b=4)
    coarse -= coarse.mean(axis=(1, 2), keepdims=True)
    num_frames = len(coarse)
    lag = min(max(1, round(LAG_SECONDS * clip.fps)), num_frames - 1)
    if not lag:
        return np.zeros(num_frames)
    change = np.abs(coarse[lag:] - coarse[:-lag]).mean(axis=(1, 2), dtype=np.float64)
    # A difference belongs to the time between its two frames.
    times = np.arange(len(change)) + lag / 2
    motion = np.interp(np.arange(num_frames), times, change)
    return gaussian_filter1d(motion, SMOOTHING_SECONDS * clip.fps, mode="nearest")


def find_movement(clip: MouthClip) -> Movement | None:
    """Find the word in a clip: the strongest movement that no pause of 0.5 s interrupts.

    Args:
        clip: One word, with or without rest around it.

    Returns:
        The movement; None where the lips never move.

    Example:
        >>> frames = np.full((50, 88, 88), 100, np.uint8)
        >>> for frame in range(20, 30):
        ...     frames[frame, 50 - frame : 50 + frame] = 10
        >>> found = find_movement(MouthClip(frames=frames, fps=25.0))
        >>> abs(found.start_frame - 20) <= 3 and abs(found.end_frame - 30) <= 3
        True
    """
    motion = lip_motion(clip)

    def strength(found: Movement) -> float:
        return float(motion[found.start_frame : found.end_frame].sum())

    return max(_movements(motion, clip.fps), key=strength, default=None)


def find_movements(clip: MouthClip) -> list[Movement]:
    """Find all movements between pauses of 0.5 s, in order.

    Args:
        clip: Any length, such as a person's unlabeled footage.
    """
    return _movements(lip_motion(clip), clip.fps)


def cut(clip: MouthClip, movement: Movement, *, margin_seconds: float = 0.2) -> MouthClip:
    """Cut a movement out of a clip, with a little rest at either end.

    Args:
        clip: The clip in which it was found.
        movement: The movement to keep.
        margin_seconds: Rest to keep at either end, where there is that much.
    """
    margin = round(margin_seconds * clip.fps)
    return clip.part(max(0, movement.start_frame - margin), movement.end_frame + margin)


def _movements(motion: Float[np.ndarray, " time"], fps: float) -> list[Movement]:
    rest, peak = np.percentile(motion, (10, 98))
    if peak < STILL_LEVELS:
        return []
    # In a clip that is cut to the word nothing rests: all of it moves.
    threshold = min(rest + PEAK_FRACTION * (peak - rest), peak / 2)
    moving = np.flatnonzero(motion > threshold)
    pauses = np.flatnonzero(np.diff(moving) > PAUSE_SECONDS * fps + 1)
    runs = np.split(moving, pauses + 1)
    return [Movement(start_frame=int(run[0]), end_frame=int(run[-1]) + 1) for run in runs]

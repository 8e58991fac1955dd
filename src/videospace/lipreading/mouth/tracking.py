"""Tracking of one mouth through a clip: joining detections, filling gaps, and smoothing."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d, median_filter

from videospace.lipreading.mouth.pose import MouthPose

DETECTIONS_PER_SECOND = 12.5
"""How often faces are detected at least, where the recording has as many frames; in between, the
mouth is interpolated. A head moves slowly compared with this, and a crop must not follow the jaw,
whose movement it has to show."""
POSITION_SMOOTHING_SECONDS = 0.12
SHAPE_SMOOTHING_SECONDS = 0.4
REACH_IN_SIDES = 1.0
"""Largest distance that a mouth moves between two detections, over the side of its square."""


def frames_between_detections(fps: float) -> int:
    """Number of frames from one detection to the next.

    Example:
        >>> [frames_between_detections(fps) for fps in (8.0, 25.0, 30.0, 120.0)]
        [1, 2, 2, 9]
    """
    return max(1, int(fps / DETECTIONS_PER_SECOND))


def follow(found: Sequence[Sequence[MouthPose]]) -> list[MouthPose | None]:
    """Choose the mouth that is visible longest and largest.

    Faces near each other in successive detections are joined into tracks, so that neither a
    passer-by nor a pattern on the wall takes the speaker's place.

    Args:
        found: For each detection, the poses of all faces.

    Returns:
        For each detection, the pose of the chosen mouth; None where it was not found.

    Example:
        >>> near, far = MouthPose(50, 50, 40, 0.0), MouthPose(200, 50, 10, 0.0)
        >>> follow([[near, far], [far], [near, far]]) == [near, None, near]
        True
    """
    tracks: list[dict[int, MouthPose]] = []
    for number, poses in enumerate(found):
        free = list(tracks)
        for pose in poses:
            near = [track for track in free if _distance(_last(track), pose) < REACH_IN_SIDES]
            if near:
                track = min(near, key=lambda track: _distance(_last(track), pose))
                free.remove(track)
                track[number] = pose
            else:
                tracks.append({number: pose})
    if not tracks:
        return [None] * len(found)
    best = max(tracks, key=lambda track: sum(pose.side_px for pose in track.values()))
    return [best.get(number) for number in range(len(found))]


def _last(track: dict[int, MouthPose]) -> MouthPose:
    return track[max(track)]


def _distance(one: MouthPose, other: MouthPose) -> float:
    """Distance in sides of the larger square; a change of size counts like one of position."""
    side = max(one.side_px, other.side_px)
    apart = (one.x_px - other.x_px, one.y_px - other.y_px, one.side_px - other.side_px)
    return float(np.linalg.norm(apart)) / side


def pose_of_every_frame(
    detected: Sequence[MouthPose | None], *, between: int, num_frames: int, fps: float
) -> list[MouthPose]:
    """Interpolate and smooth the poses of some frames to poses of all frames.

    A median over three detections removes single outliers. Where the mouth was not found, its pose
    is interpolated linearly; before the first and after the last detection it stays the same.

    Args:
        detected: The poses at frames 0, ``between``, 2 ``between`` and so on; at least one is not
            None.
        between: Frames from one detection to the next.
        num_frames: Frames of the clip.
        fps: Frames per second of the clip.

    Example:
        >>> ends = MouthPose(0.0, 5.0, 40.0, 0.0), None, MouthPose(8.0, 5.0, 40.0, 0.0)
        >>> path = pose_of_every_frame(ends, between=2, num_frames=6, fps=0.001)
        >>> [pose.x_px for pose in path]
        [0.0, 2.0, 4.0, 6.0, 8.0, 8.0]
    """
    frames = [number * between for number, pose in enumerate(detected) if pose is not None]
    known = np.array([pose for pose in detected if pose is not None], float)
    if len(known) > 2:
        known = median_filter(known, size=(3, 1), mode="nearest")
    every_frame = np.arange(num_frames)
    path = np.stack([np.interp(every_frame, frames, column) for column in known.T], axis=1)
    path[:, :2] = _smoothed(path[:, :2], POSITION_SMOOTHING_SECONDS * fps)
    path[:, 2:] = _smoothed(path[:, 2:], SHAPE_SMOOTHING_SECONDS * fps)
    return [MouthPose(*row) for row in path.tolist()]


def _smoothed(
    path: Float[np.ndarray, "time column"], sigma_frames: float
) -> Float[np.ndarray, "time column"]:
    return gaussian_filter1d(path, sigma_frames, axis=0, mode="nearest")

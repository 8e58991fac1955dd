"""One mouth through a whole clip: followed, bridged where it was not found, and smoothed."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d, median_filter

from videospace.lipreading.mouth.pose import MouthPose

LOOKS_A_SECOND = 12.5
"""How often a face is looked for at least, where the film has as many frames; between, the mouth
is where it has to be on the way. A head moves slowly against this, and the jaw is not to be
followed: it is to be seen."""
PLACE_SMOOTHING_SECONDS = 0.12
SHAPE_SMOOTHING_SECONDS = 0.4
REACH_IN_SIDES = 1.0
"""How far a mouth gets from one look to the next at most, over the side of its square."""


def frames_between_looks(fps: float) -> int:
    """Look for a face in every so many frames.

    Example:
        >>> [frames_between_looks(fps) for fps in (8.0, 25.0, 30.0, 120.0)]
        [1, 2, 2, 9]
    """
    return max(1, int(fps / LOOKS_A_SECOND))


def follow(found: Sequence[Sequence[MouthPose]]) -> list[MouthPose | None]:
    """The mouth that is seen longest and largest, look by look.

    Faces are joined into tracks by how near they are, so that neither somebody who walks through
    the picture nor a pattern on the wall takes the speaker's place.

    Args:
        found: For each look, the poses of all faces.

    Returns:
        For each look, the pose of the one mouth; None where it was not found.

    Example:
        >>> near, far = MouthPose(50, 50, 40, 0.0), MouthPose(200, 50, 10, 0.0)
        >>> follow([[near, far], [far], [near, far]]) == [near, None, near]
        True
    """
    tracks: list[dict[int, MouthPose]] = []
    for look, poses in enumerate(found):
        free = list(tracks)
        for pose in poses:
            near = [track for track in free if _distance(_last(track), pose) < REACH_IN_SIDES]
            if near:
                track = min(near, key=lambda track: _distance(_last(track), pose))
                free.remove(track)
                track[look] = pose
            else:
                tracks.append({look: pose})
    if not tracks:
        return [None] * len(found)
    best = max(tracks, key=lambda track: sum(pose.side_px for pose in track.values()))
    return [best.get(look) for look in range(len(found))]


def _last(track: dict[int, MouthPose]) -> MouthPose:
    return track[max(track)]


def _distance(one: MouthPose, other: MouthPose) -> float:
    """In sides of the larger square; a change of size counts like one of place."""
    side = max(one.side_px, other.side_px)
    apart = (one.x_px - other.x_px, one.y_px - other.y_px, one.side_px - other.side_px)
    return float(np.linalg.norm(apart)) / side


def pose_of_every_frame(
    looks: Sequence[MouthPose | None], *, between: int, num_frames: int, fps: float
) -> list[MouthPose]:
    """From looks at some frames to a calm path through all of them.

    A single look that is far off counts for nothing. Where the mouth was not found it goes
    straight from the last place to the next; before the first and after the last it stays.

    Args:
        looks: The poses at frames 0, ``between``, 2 ``between`` and so on; at least one is known.
        between: Frames from one look to the next.
        num_frames: Of the clip.
        fps: Of the clip.

    Example:
        >>> ends = MouthPose(0.0, 5.0, 40.0, 0.0), None, MouthPose(8.0, 5.0, 40.0, 0.0)
        >>> path = pose_of_every_frame(ends, between=2, num_frames=6, fps=0.001)
        >>> [pose.x_px for pose in path]
        [0.0, 2.0, 4.0, 6.0, 8.0, 8.0]
    """
    frames = [look * between for look, pose in enumerate(looks) if pose is not None]
    known = np.array([pose for pose in looks if pose is not None], float)
    if len(known) > 2:
        known = median_filter(known, size=(3, 1), mode="nearest")
    every_frame = np.arange(num_frames)
    path = np.stack([np.interp(every_frame, frames, column) for column in known.T], axis=1)
    path[:, :2] = _smoothed(path[:, :2], PLACE_SMOOTHING_SECONDS * fps)
    path[:, 2:] = _smoothed(path[:, 2:], SHAPE_SMOOTHING_SECONDS * fps)
    return [MouthPose(*row) for row in path.tolist()]


def _smoothed(
    path: Float[np.ndarray, "time column"], sigma_frames: float
) -> Float[np.ndarray, "time column"]:
    return gaussian_filter1d(path, sigma_frames, axis=0, mode="nearest")

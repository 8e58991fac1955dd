"""Landmarks of the lower face: how lips and chin move, whatever the face, its size and place."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32, UInt8
from scipy.ndimage import gaussian_filter1d

from videospace.lipreading.mouth.pose import MouthPose

SMOOTHING_SECONDS = 0.024
"""Standard deviation of the smoothing of the points, which tremble by a pixel."""

Points = Float[np.ndarray, "point xy=2"]
"""Points of lips and chin in px, relative to the nose, not yet upright."""


class LandmarkedPose(MouthPose):
    """A pose that a detector found by landmarks, with the points of lips and chin.

    It equals the plain pose of the same four numbers.

    Example:
        >>> pose = LandmarkedPose.of(
        ...     MouthPose(60.0, 100.0, 40.0, 0.0), (10, 20, 90, 110), np.zeros((27, 2))
        ... )
        >>> pose == MouthPose(60.0, 100.0, 40.0, 0.0), pose.points_px.shape
        (True, (27, 2))
    """

    face_px: tuple[int, int, int, int]
    """Left, top, right and bottom of the face."""
    points_px: Points
    """The points in the frame of the pose."""

    @classmethod
    def of(
        cls, pose: MouthPose, face_px: tuple[int, int, int, int], points_px: Points
    ) -> "LandmarkedPose":
        """Add a face and its points to a pose."""
        landmarked = cls(*pose)
        landmarked.face_px, landmarked.points_px = face_px, points_px
        return landmarked


@runtime_checkable
class LandmarkDetector(Protocol):
    """A detector of :class:`LandmarkedPose` that places the points in further frames, too."""

    def points_px(self, frame: UInt8[np.ndarray, "height width 3"], pose: LandmarkedPose) -> Points:
        """Place the points of a face that was found in a frame shortly before."""
        ...


def points_of_speaker(
    found: Sequence[Sequence[MouthPose]],
    chosen: Sequence[MouthPose | None],
    placed: Mapping[int, Sequence[Points]],
    *,
    between: int,
) -> dict[int, Points]:
    """Choose the points of one face among those of all faces.

    Args:
        found: For each detection, the poses of all faces.
        chosen: For each detection, the pose of the speaker; None where it was not found.
        placed: By the number of a frame between two detections, the points of all faces with
            landmarks of the detection before it.
        between: Frames from one detection to the next.

    Returns:
        The points by the number of the frame, in order.
    """
    known: dict[int, Points] = {}
    for number, (faces, speaker) in enumerate(zip(found, chosen, strict=True)):
        if isinstance(speaker, LandmarkedPose):
            landmarked = [pose for pose in faces if isinstance(pose, LandmarkedPose)]
            face = next(index for index, pose in enumerate(landmarked) if pose is speaker)
            known[number * between] = speaker.points_px
            for frame in range(number * between + 1, (number + 1) * between):
                if frame in placed:
                    known[frame] = placed[frame][face]
    return known


def landmarks_of_every_frame(
    known: Mapping[int, Points], path: Sequence[MouthPose], *, fps: float
) -> Float32[np.ndarray, "time point xy=2"] | None:
    """Make the points of a clip upright, in sides of the crop, with the gaps filled.

    The size is the median over the clip, so that only lips and chin change it, and the rotation is
    that of the smoothed pose. Where the mouth was not found, the points are interpolated linearly.

    Args:
        known: The points in the frames with these numbers, in order.
        path: The pose of every frame.
        fps: Frames per second.

    Returns:
        None where no points are known.

    Example:
        >>> turned = MouthPose(60.0, 100.0, 40.0, np.pi / 2)
        >>> right_of_the_nose = np.array([[0.0, 20.0]])
        >>> landmarks_of_every_frame({0: right_of_the_nose}, [turned], fps=25.0).round(2).tolist()
        [[[0.5, 0.0]]]
    """
    if not known:
        return None
    columns = np.stack(list(known.values())).reshape(len(known), -1).T
    every_frame, frames = np.arange(len(path)), list(known)
    filled = np.stack([np.interp(every_frame, frames, column) for column in columns], axis=1)
    smooth = gaussian_filter1d(filled, SMOOTHING_SECONDS * fps, axis=0, mode="nearest")
    angle = np.array([pose.angle for pose in path])
    across, down = np.cos(angle), np.sin(angle)
    upright = np.array([[across, down], [-down, across]])
    side_px = np.median([pose.side_px for pose in path])
    points = np.einsum("ijt,tpj->tpi", upright, smooth.reshape(len(path), -1, 2))
    return (points / side_px).astype(np.float32)

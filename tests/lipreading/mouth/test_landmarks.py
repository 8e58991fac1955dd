"""Landmarks of a drawn face, from a detector that places them where they were drawn."""

import dataclasses

import numpy as np
import pytest

from videospace.lipreading.mouth.endpoints import Movement, cut
from videospace.lipreading.mouth.landmarks import (
    LandmarkDetector,
    LandmarkedPose,
    landmarks_of_every_frame,
)
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.mouth.pose import MouthPose
from videospace.lipreading.mouth.reading import read_mouth
from videospace.runtime.errors import UserError

NUM_FRAMES = 20


def opening(num_frames: int = NUM_FRAMES) -> np.ndarray:
    """Lips that open and close below a nose, in sides of the crop: (time, 2 points, 2)."""
    points = np.zeros((num_frames, 2, 2))
    points[:, 0, 1] = 0.3
    points[:, 1, 1] = 0.5 + 0.2 * np.sin(np.linspace(0, np.pi, num_frames))
    return points


def rotated(points: np.ndarray, angle: float) -> np.ndarray:
    across, down = np.cos(angle), np.sin(angle)
    return points @ np.array([[across, down], [-down, across]])


@dataclasses.dataclass
class DrawnDetector:
    """Reads the number of a frame from its first pixel, and knows where the points are then."""

    points_in_px: np.ndarray
    pose: MouthPose
    blind: tuple[int, ...] = ()

    def __call__(self, frame: np.ndarray, /) -> list[MouthPose]:
        number = int(frame[0, 0, 0])
        if number in self.blind:
            return []
        return [LandmarkedPose.of(self.pose, (0, 0, 9, 9), self.points_in_px[number])]

    def points_px(self, frame: np.ndarray, pose: LandmarkedPose) -> np.ndarray:
        assert pose == self.pose
        return self.points_in_px[int(frame[0, 0, 0])]


def numbered_frames(num_frames: int = NUM_FRAMES) -> np.ndarray:
    frames = np.zeros((num_frames, 100, 100, 3), np.uint8)
    frames[:, 0, 0] = np.arange(num_frames)[:, None]
    return frames


@pytest.mark.parametrize(("side_px", "angle"), [(40.0, 0.0), (60.0, 0.0), (40.0, 0.3)])
def test_size_place_and_rotation_of_the_face_do_not_matter(side_px, angle):
    pose = MouthPose(50.0, 50.0, side_px, angle)
    detector = DrawnDetector(side_px * rotated(opening(), angle), pose)
    assert isinstance(detector, LandmarkDetector)
    clip, _ = read_mouth(numbered_frames(), detector)
    np.testing.assert_allclose(clip.landmarks, opening(), atol=0.02)


def test_every_frame_has_points_of_its_own():
    """Faces are searched in every second frame, points are placed in all."""
    points = opening()
    points[7, 1, 1] += 0.4
    detector = DrawnDetector(40 * points, MouthPose(50.0, 50.0, 40.0, 0.0))
    clip, _ = read_mouth(numbered_frames(), detector)
    assert clip.landmarks[7, 1, 1] > clip.landmarks[6, 1, 1] + 0.15


def test_points_are_interpolated_where_the_face_is_lost():
    straight = np.linspace(0, 1, NUM_FRAMES)[:, None, None].repeat(2, 1).repeat(2, 2)
    detector = DrawnDetector(40 * straight, MouthPose(50.0, 50.0, 40.0, 0.0), blind=(8, 10))
    clip, _ = read_mouth(numbered_frames(), detector)
    np.testing.assert_allclose(clip.landmarks[2:-2], straight[2:-2], atol=0.01)


def test_a_detector_without_landmarks_gives_none(make_picture, detector):
    clip, _ = read_mouth(np.stack([make_picture((80, 60))] * 4), detector)
    assert clip.landmarks is None
    assert landmarks_of_every_frame({}, [MouthPose(0, 0, 1, 0)], fps=25.0) is None


def test_a_detector_that_remembers_its_poses_gives_the_same_again():
    """The studio's does; a face at rest is the same pose again and again."""
    pose = MouthPose(50.0, 50.0, 40.0, 0.0)
    plain = DrawnDetector(40 * opening(), pose)
    remembered: dict[int, list[MouthPose]] = {}

    class Remembering(DrawnDetector):
        def __call__(self, frame: np.ndarray, /) -> list[MouthPose]:
            number = int(frame[0, 0, 0])
            return remembered.setdefault(number, plain(frame))

    detector = Remembering(40 * opening(), pose)
    first, again = (read_mouth(numbered_frames(), detector)[0] for _ in range(2))
    np.testing.assert_array_equal(first.landmarks, again.landmarks)
    np.testing.assert_allclose(again.landmarks, opening(), atol=0.02)


def test_the_points_are_those_of_the_speaker():
    """A passer-by is in some frames, and comes first in some of them."""
    pose, passing = MouthPose(50.0, 50.0, 40.0, 0.0), MouthPose(15.0, 15.0, 12.0, 0.0)
    speaker = DrawnDetector(40 * opening(), pose)

    class Two(DrawnDetector):
        def __call__(self, frame: np.ndarray, /) -> list[MouthPose]:
            number = int(frame[0, 0, 0])
            other = LandmarkedPose.of(passing, (9, 9, 9, 9), np.full((2, 2), 99.0))
            faces = [*speaker(frame), other][: 1 + (number > 6)]
            return faces[::-1] if number % 4 else faces

        def points_px(self, frame: np.ndarray, pose: LandmarkedPose) -> np.ndarray:
            if pose == passing:
                return np.full((2, 2), 99.0)
            return super().points_px(frame, pose)

    clip, _ = read_mouth(numbered_frames(), Two(40 * opening(), pose))
    np.testing.assert_allclose(clip.landmarks, opening(), atol=0.02)


def test_landmarks_stay_with_their_frames():
    frames = np.arange(10, dtype=np.uint8)[:, None, None].repeat(88, 1).repeat(88, 2)
    points = np.arange(10, dtype=np.float32)[:, None, None].repeat(3, 1).repeat(2, 2)
    clip = MouthClip(frames=frames, fps=10.0, landmarks=points)
    for changed in (
        clip.at_fps(25.0),
        clip.at_fps(5.0),
        clip.part(2, 99),
        cut(clip, Movement(start_frame=4, end_frame=6), margin_seconds=0.1),
    ):
        np.testing.assert_array_equal(changed.landmarks[:, 0, 0], changed.frames[:, 0, 0])
    assert len(clip.part(2, 99).frames) == 8


@pytest.mark.parametrize(
    "points",
    [
        np.zeros((3, 27, 2), np.float32),
        np.zeros((4, 27, 2), np.float64),
        np.full((4, 27, 2), np.nan, np.float32),
    ],
)
def test_landmarks_that_do_not_fit(points):
    with pytest.raises((UserError, TypeError), match="landmarks"):
        MouthClip(frames=np.zeros((4, 88, 88), np.uint8), fps=25.0, landmarks=points)

import sys

import numpy as np
import pytest

from videospace.baselines.frame_interpolation import cross_fade, optical_flow
from videospace.inrv.inversion.tasks import frame_interpolation, inpainting
from videospace.runtime.errors import UserError


def translating(velocity: tuple[float, float], num_frames: int = 7, side: int = 48) -> np.ndarray:
    """A soft texture that moves by so many px a frame, down and to the right."""
    row, column = np.mgrid[:side, :side]
    frames = []
    for time in range(num_frames):
        y, x = row - velocity[0] * time, column - velocity[1] * time
        waves = [np.sin(0.35 * x + 0.1 * y), np.sin(0.3 * y - 0.15 * x), np.sin(0.22 * (x + y))]
        frames.append(128 + 40 * np.stack(waves, axis=-1))
    return np.rint(np.stack(frames)).astype(np.uint8)


def squared_error(video: np.ndarray, expected: np.ndarray) -> float:
    return float(np.square(video.astype(int) - expected).mean())


class TestOpticalFlow:
    @pytest.mark.parametrize("velocity", [(0, 1), (1, 0), (-0.7, 0.7), (0, -1.3)])
    def test_beats_the_cross_fade_where_a_pattern_moves(self, velocity):
        video = translating(velocity)
        context = frame_interpolation(video)
        inside = np.s_[1:-1, 10:-10, 10:-10]
        flow = squared_error(optical_flow(context, (48, 48))[inside], video[inside])
        fade = squared_error(cross_fade(context, (48, 48))[inside], video[inside])
        assert flow < fade / 10

    def test_a_pattern_that_stands_still_is_kept(self):
        video = translating((0, 0))
        completed = optical_flow(frame_interpolation(video), (48, 48))
        assert squared_error(completed, video) < 1

    def test_without_opencv(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "cv2", None)
        with pytest.raises(UserError, match="'baselines' extra"):
            optical_flow(frame_interpolation(translating((0, 1))), (48, 48))


class TestCrossFade:
    def test_known_values(self):
        video = np.array([0, 9, 9, 9, 100, 9, 50], np.uint8).repeat(3).reshape(7, 1, 1, 3)
        completed = cross_fade(frame_interpolation(video, (0, 4, 6)), (1, 1))
        assert completed[:, 0, 0, 0].tolist() == [0, 25, 50, 75, 100, 75, 50]


@pytest.mark.parametrize("complete", [cross_fade, optical_flow])
class TestBoth:
    def test_outside_of_the_seen_frames_the_nearest_is_repeated(self, complete):
        video = translating((0, 1))
        completed = complete(frame_interpolation(video, (2, 3, 5)), (48, 48))
        for time in (0, 1):
            assert np.array_equal(completed[time], video[2])
        assert np.array_equal(completed[6], video[5])
        assert not np.array_equal(completed[4], video[5])

    def test_seen_frames_stay_as_they_are(self, complete):
        video = translating((0, 1))
        completed = complete(frame_interpolation(video, (0, 2, 3, 6)), (48, 48))
        for time in (0, 2, 3, 6):
            assert np.array_equal(completed[time], video[time])

    @pytest.mark.parametrize("seen", [[0], [3], [6]])
    def test_one_seen_frame_is_repeated(self, complete, seen):
        video = translating((0, 1))
        completed = complete(frame_interpolation(video, seen), (48, 48))
        assert np.array_equal(completed, video[seen].repeat(7, axis=0))

    @pytest.mark.parametrize(
        "size", [(1, 1), (1, 9), (9, 1), (2, 3), (8, 8), (17, 13), (8, 64), (90, 3)]
    )
    def test_small_frames(self, complete, size):
        video = np.full((5, *size, 3), 10, np.uint8)
        video[-1] = 50
        completed = complete(frame_interpolation(video), size)
        assert completed.shape == video.shape
        assert (completed == np.array([10, 20, 30, 40, 50], np.uint8)[:, None, None, None]).all()

    def test_a_frame_seen_in_part(self, complete):
        with pytest.raises(UserError, match="frame 0"):
            complete(inpainting(translating((0, 1))), (48, 48))

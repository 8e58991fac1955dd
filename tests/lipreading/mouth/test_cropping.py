import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from videospace.lipreading.mouth.cropping import crop_mouth, fit_crop
from videospace.lipreading.mouth.pose import MouthPose, pose_from_landmarks


def ramp(height: int = 200, width: int = 240) -> np.ndarray:
    """Gray levels that grow by 1 a column."""
    levels = np.broadcast_to(np.arange(width, dtype=np.uint8)[None, :, None], (height, width, 3))
    return np.ascontiguousarray(levels)


class TestCropMouth:
    def test_a_square_of_88_px_is_cut_out_as_it_is(self):
        frame = np.random.default_rng(0).integers(0, 256, (120, 150, 1), dtype=np.uint8)
        crop = crop_mouth(frame.repeat(3, axis=2), MouthPose(70.0, 60.0, 88.0, 0.0))
        assert np.array_equal(crop, frame[16:104, 26:114, 0])

    @pytest.mark.parametrize("side", [30.0, 60.0, 88.0, 120.0, 180.0])
    def test_the_pose_is_in_the_middle_at_every_size(self, side):
        crop = crop_mouth(ramp(), MouthPose(120.0, 100.0, side, 0.0)).astype(float)
        # A ramp is symmetric about the value at its middle, which is 119.5 between two columns.
        assert (crop + crop[:, ::-1]).mean() / 2 == pytest.approx(119.5, abs=0.6)
        assert crop[:, -1].mean() - crop[:, 0].mean() == pytest.approx(side * 87 / 88, abs=1.5)

    @pytest.mark.parametrize("degrees", [-30, 10, 45])
    def test_a_head_that_leans_stands_upright(self, degrees):
        angle = np.deg2rad(degrees)
        y, x = np.mgrid[:200, :200] + 0.5 - 100
        along = x * np.cos(angle) + y * np.sin(angle)  # to the right of the leaning face
        leaning = np.repeat((128 + along / 2).astype(np.uint8)[..., None], 3, axis=2)
        crop = crop_mouth(leaning, MouthPose(100.0, 100.0, 80.0, float(angle))).astype(float)
        assert crop.std(axis=0).max() < 1
        assert crop[:, -1].mean() - crop[:, 0].mean() == pytest.approx(40, abs=1.5)

    def test_the_edge_is_continued_outside_the_frame(self):
        crop = crop_mouth(ramp(), MouthPose(0.0, 0.0, 88.0, 0.0))
        assert (crop[:, :44] == 0).all()
        assert crop[0].tolist() == [0] * 44 + list(range(44))

    def test_fine_patterns_become_gray_when_they_shrink(self):
        stripes = np.zeros((400, 400, 3), np.uint8)
        stripes[:, ::2] = 255
        crop = crop_mouth(stripes, MouthPose(200.0, 200.0, 352.0, 0.0))
        assert crop.std() < 2
        assert crop.mean() == pytest.approx(127.5, abs=1.5)

    @given(
        x=st.floats(-500, 500),
        y=st.floats(-500, 500),
        side=st.floats(0.5, 600),
        angle=st.floats(-3.2, 3.2),
    )
    def test_any_pose_gives_levels_of_the_frame(self, x, y, side, angle):
        frame = ramp(40, 60) + np.uint8(50)
        crop = crop_mouth(frame, MouthPose(x, y, side, angle))
        assert crop.shape == (88, 88)
        assert crop.min() >= 49
        assert crop.max() <= 110


class TestFitCrop:
    def test_a_wide_crop_keeps_its_shape_and_is_filled_by_its_edges(self):
        crop = np.full((44, 88), 100, np.uint8)
        crop[0], crop[-1] = 10, 200
        fitted = fit_crop(Image.fromarray(crop))
        assert (fitted[:23] == 10).all()
        assert (fitted[23:65] == 100).all()
        assert (fitted[65:] == 200).all()

    def test_a_high_crop_is_filled_at_the_sides(self):
        crop = np.full((176, 88), 100, np.uint8)
        crop[:, :8] = 20
        fitted = fit_crop(Image.fromarray(crop))
        assert (fitted[:, :24] < 25).all()
        assert (fitted[:, 28:] == 100).all()

    @given(width=st.integers(1, 300), height=st.integers(1, 300))
    def test_any_size_and_plain_level_stay_plain(self, width, height):
        fitted = fit_crop(Image.new("L", (width, height), 77))
        assert fitted.shape == (88, 88)
        assert (fitted == 77).all()

    def test_color_becomes_gray(self):
        assert (fit_crop(Image.new("RGB", (20, 20), (255, 0, 0))) == 76).all()


class TestPose:
    def test_the_size_is_the_longer_of_both_distances(self):
        lips = np.array([[50.0, 90.0], [70.0, 90.0], [60.0, 95.0], [60.0, 85.0]])
        turned = pose_from_landmarks(np.array([[55.0, 40.0], [65.0, 40.0]]), lips)
        nodding = pose_from_landmarks(np.array([[20.0, 80.0], [100.0, 80.0]]), lips)
        assert (turned.side_px, nodding.side_px) == (pytest.approx(37.5), pytest.approx(60))
        assert (turned.x_px, turned.y_px) == (60.0, 90.0)

    def test_a_head_that_leans_clockwise_has_a_positive_angle(self):
        eyes = np.array([[40.0, 40.0], [60.0, 60.0]])
        assert pose_from_landmarks(eyes, np.zeros((2, 2))).angle == pytest.approx(np.pi / 4)

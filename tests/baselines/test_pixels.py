import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from videospace.baselines.pixels import as_pixels, box_means, pixel_weights
from videospace.clips.decoding.geometry import crop_and_resize
from videospace.inrv.inversion.contexts import Context

SIDES = st.tuples(st.integers(1, 14), st.integers(1, 14)).map(sorted)


class TestBoxMeans:
    @settings(max_examples=60, deadline=None)
    @given(SIDES, SIDES, st.integers(0, 1000))
    def test_equals_the_filter_that_clips_are_made_with(self, heights, widths, seed):
        (height, tall), (width, wide) = heights, widths
        frame = np.random.default_rng(seed).integers(0, 256, (tall, wide, 3), dtype=np.uint8)
        means = box_means(frame[None].astype(np.float32), (height, width))[0]
        # Pillow rounds after each side.
        by_pillow = crop_and_resize(frame, (height, width), (0, 0, tall, wide))
        np.testing.assert_allclose(means, by_pillow, atol=1.01)

    def test_every_further_axis_is_filtered_by_itself(self):
        frames = np.random.default_rng(0).random((2, 6, 9, 3, 4), np.float32)
        means = box_means(frames, (2, 3))
        for last in range(4):
            np.testing.assert_array_equal(means[..., last], box_means(frames[..., last], (2, 3)))
        expected = frames.reshape(2, 2, 3, 3, 3, 3, 4).mean(axis=(2, 4))
        np.testing.assert_allclose(means, expected, rtol=1e-5)

    def test_the_same_size_changes_nothing(self):
        frames = np.random.default_rng(0).random((2, 5, 4, 3))
        assert np.array_equal(box_means(frames, (5, 4)), frames)


class TestPixelWeights:
    def test_without_weights_every_observed_pixel_counts_one(self):
        observed = np.array([True, False]).reshape(2, 1, 1)
        context = Context(video=np.zeros((2, 1, 1, 3), np.uint8), observed=observed)
        assert pixel_weights(context).ravel().tolist() == [1, 0]

    def test_weights_of_hidden_pixels_do_not_matter(self):
        observed = np.array([True, True, False]).reshape(3, 1, 1)
        weight = np.array([0.5, 0, np.nan]).reshape(3, 1, 1)
        video = np.zeros((3, 1, 1, 3), np.uint8)
        context = Context(video=video, observed=observed, weight=weight)
        assert pixel_weights(context).ravel().tolist() == [0.5, 0, 0]


def test_as_pixels_rounds_and_clips():
    values = np.array([-3.0, 0.4, 0.6, 254.6, 300.0])
    assert as_pixels(values).tolist() == [0, 0, 1, 255, 255]

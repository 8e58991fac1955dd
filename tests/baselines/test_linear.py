import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videospace.baselines import linear as module
from videospace.baselines.linear import LinearSpace
from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.tasks import downsample, everything, inpainting, prediction, sparse
from videospace.runtime.errors import UserError


def smooth_clips(count: int, size=(6, 8, 8), seed: int = 0) -> np.ndarray:
    """Clips that are a gray level, a wave in time and two ramps, each by its own share."""
    time, row, column = np.meshgrid(*(np.linspace(-1, 1, side) for side in size), indexing="ij")
    patterns = np.stack([np.sin(3 * time), row, column * time])
    shares = np.random.default_rng(seed).uniform(-35, 35, (count, 3))
    gray = 128 + np.tensordot(shares, patterns, 1)
    return np.rint(gray[..., None] * np.array([1.0, 0.9, 0.8])).astype(np.uint8)


def noise_clips(count: int, size=(3, 4, 6), seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, *size, 3), dtype=np.uint8)


def largest_difference(first: np.ndarray, second: np.ndarray) -> int:
    return int(np.abs(first.astype(int) - second.astype(int)).max())


def conditional_mean(linear: LinearSpace, context: Context) -> np.ndarray:
    """The mean of the Gaussian over clips, given the seen values: by its covariance matrix.

    Each seen value has noise of its own: of the variance of the space's noise, times a fortieth of
    the pixels of a frame, divided by the weight of the pixel.
    """
    components = linear.components.astype(np.float64)
    time, height, width, _, count = components.shape
    factors = [height // context.video.shape[1], width // context.video.shape[2]]
    filtered = components.reshape(
        time, height // factors[0], factors[0], width // factors[1], factors[1], 3, count
    ).mean(axis=(2, 4))
    mean = linear.mean.reshape(
        time, height // factors[0], factors[0], width // factors[1], factors[1], 3
    ).mean(axis=(2, 4))
    seen, weight = context.observed, context.weight
    rows = filtered[seen].reshape(-1, count)
    weights = np.ones(seen.sum()) if weight is None else weight[seen]
    covariance = rows * linear.variances @ rows.T
    noise_variance = linear.noise_variance * max(1, seen[0].size / 40)
    covariance += np.diag(noise_variance / weights.repeat(3))
    deviation = (context.video - mean)[seen].ravel()
    scores = linear.variances * (rows.T @ np.linalg.solve(covariance, deviation))
    return linear.mean + components @ scores


class TestComplete:
    def test_half_of_the_pixels_give_a_clip_of_the_space_back(self):
        linear = LinearSpace.fit(smooth_clips(30), 3)
        unseen = smooth_clips(1, seed=9)[0]
        half = np.zeros((1, 8, 8), bool)
        half[:, :4] = True
        for context in (inpainting(unseen), inpainting(unseen, half), sparse(unseen, 0.5)):
            assert largest_difference(linear.complete(context, (8, 8)), unseen) <= 1

    def test_a_beginning_gives_a_clip_of_the_space_back(self):
        linear = LinearSpace.fit(smooth_clips(30), 3)
        unseen = smooth_clips(1, seed=9)[0]
        completed = linear.complete(prediction(unseen, 2), (8, 8))
        assert largest_difference(completed, unseen) <= 2

    @pytest.mark.parametrize("factor", [2, 4, 3])
    def test_a_coarse_clip_gives_the_fine_one_back(self, factor):
        linear = LinearSpace.fit(smooth_clips(30), 3)
        unseen = smooth_clips(1, seed=9)[0]
        completed = linear.complete(everything(downsample(unseen, factor)), (8, 8))
        assert completed.shape == unseen.shape
        assert largest_difference(completed, unseen) <= 2

    def test_all_pixels_are_projected(self):
        clips, video = noise_clips(9).astype(float), noise_clips(1, seed=5)[0]
        mean = clips.mean(axis=0)
        directions = np.linalg.svd((clips - mean).reshape(9, -1), full_matrices=False)[2][:4]
        expected = mean.ravel() + (video - mean).ravel() @ directions.T @ directions
        linear = LinearSpace.fit(noise_clips(9), 4)
        completed = linear.complete(everything(video), (4, 6)).ravel()
        np.testing.assert_allclose(completed, expected.clip(0, 255), atol=0.51)

    def test_a_training_clip_comes_back_when_no_component_is_left_out(self):
        clips = noise_clips(5)
        linear = LinearSpace.fit(clips, 128)
        assert linear.variances.shape == (4,)
        for clip in clips:
            assert np.array_equal(linear.complete(everything(clip), (4, 6)), clip)

    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, 1000), st.floats(0.02, 0.9), st.booleans(), st.sampled_from([1, 2]))
    def test_equals_the_conditional_mean_of_the_gaussian(self, seed, share, weighted, factor):
        linear = LinearSpace.fit(noise_clips(12, (2, 8, 10)), 5)
        video = downsample(noise_clips(1, (2, 8, 10), seed)[0], factor)
        weight = np.random.default_rng(seed).uniform(0.1, 3, video.shape[:3])
        context = Context(
            video=video,
            observed=sparse(video, share, seed).observed,
            weight=weight if weighted else None,
        )
        expected = conditional_mean(linear, context).clip(0, 255)
        np.testing.assert_allclose(linear.complete(context, (8, 10)), expected, atol=0.52)

    def test_one_odd_pixel_does_not_lead_out_of_the_space(self):
        linear = LinearSpace.fit(smooth_clips(30), 3)
        video = np.broadcast_to(np.array([200, 180, 160], np.uint8), (6, 8, 8, 3)).copy()
        observed = np.zeros(video.shape[:3], bool)
        observed[0, 0, 0] = True
        completed = linear.complete(Context(video=video, observed=observed), (8, 8))
        scores = np.tensordot(completed - linear.mean, linear.components, 4)
        assert (np.abs(scores) < 4 * np.sqrt(linear.variances)).all()
        assert largest_difference(completed[0, 0, 0], linear.mean[0, 0, 0]) > 20

    def test_equal_weights_on_every_pixel_are_as_good_as_none(self):
        linear = LinearSpace.fit(noise_clips(9), 4)
        video = noise_clips(1, seed=5)[0]
        weight = np.full(video.shape[:3], 0.25)
        context = Context(video=video, observed=weight > 0, weight=weight)
        expected = linear.complete(everything(video), (4, 6))
        assert np.array_equal(linear.complete(context, (4, 6)), expected)

    @pytest.mark.parametrize("clips", [noise_clips(1), noise_clips(1).repeat(3, axis=0)])
    def test_clips_that_do_not_differ_complete_everything_by_themselves(self, clips):
        linear = LinearSpace.fit(clips, 4)
        other = noise_clips(1, seed=5)[0]
        for context in (
            everything(other),
            prediction(other),
            everything(downsample(other, 2)),
        ):
            assert np.array_equal(linear.complete(context, (4, 6)), clips[0])


class TestFit:
    def test_components_are_orthonormal_and_their_variances_are_the_clips(self):
        clips = noise_clips(20)
        linear = LinearSpace.fit(clips, 6)
        flat = linear.components.reshape(-1, 6)
        np.testing.assert_allclose(flat.T @ flat, np.eye(6), atol=1e-5)
        scores = (clips - linear.mean).reshape(20, -1) @ flat
        np.testing.assert_allclose((scores**2).mean(axis=0), linear.variances, rtol=1e-4)
        assert (np.diff(linear.variances) <= 0).all()

    def test_the_noise_is_what_is_left_of_a_clip_that_was_not_known(self):
        # White noise of variance 100 around a space that all the clips share.
        noise = np.random.default_rng(1).normal(0, 10, (100, 6, 8, 8, 3))
        clips = (smooth_clips(100) + noise).clip(0, 255).astype(np.uint8)
        for num_components in (3, 50, 200):
            noise_variance = LinearSpace.fit(clips, num_components).noise_variance
            assert 80 < noise_variance < 130

    def test_more_clips_than_there_is_room_for_are_thinned(self, monkeypatch):
        clips = noise_clips(10)
        monkeypatch.setattr(module, "MOST_VALUES", 4 * clips[0].size)
        linear = LinearSpace.fit(clips, 128)
        expected = LinearSpace.fit(clips[::3], 128)
        assert np.array_equal(linear.components, expected.components)
        assert linear.variances.shape == (3,)

    def test_the_same_seed_gives_the_same_space(self):
        spaces = [LinearSpace.fit(noise_clips(12), 4, seed=seed) for seed in (0, 0)]
        assert spaces[0].noise_variance == spaces[1].noise_variance
        assert np.array_equal(spaces[0].components, spaces[1].components)

    def test_no_component(self):
        with pytest.raises(UserError, match="component"):
            LinearSpace.fit(noise_clips(3), 0)

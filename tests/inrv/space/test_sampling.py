import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.space.sampling import (
    NUM_PUBLISHED_RATIOS,
    interpolate,
    lerp,
    mean_latent,
    nearest_latent,
    sample_gaussian,
    sample_paths,
    slerp,
)
from videospace.runtime.errors import UserError

X, Y = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])


def unit(latents):
    return latents / latents.norm(dim=-1, keepdim=True)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


class TestSlerp:
    @pytest.mark.parametrize("ratio", [0.0, 0.25, 1 / 3, 0.5, 0.9, 1.0])
    def test_a_quarter_circle(self, ratio):
        angle = ratio * math.pi / 2
        point = slerp(X, Y, torch.tensor(ratio))
        torch.testing.assert_close(point, torch.tensor([math.cos(angle), math.sin(angle)]))

    @settings(deadline=None, max_examples=60)
    @given(st.integers(0, 10**6), st.integers(2, 40), st.floats(0, 1))
    def test_unit_vectors_stay_unit_and_turn_at_constant_speed(self, seed, width, ratio):
        start, end = unit(torch.randn(2, width, generator=generator(seed), dtype=torch.float64))
        whole = torch.acos((start @ end).clamp(-1, 1))
        point = slerp(start, end, torch.tensor(ratio, dtype=torch.float64))
        if torch.sin(whole) > 1e-3:
            assert point.norm().item() == pytest.approx(1)
            part = torch.atan2((point - (point @ start) * start).norm(), point @ start)
            assert part.item() == pytest.approx(ratio * whole.item(), abs=1e-6)

    @settings(deadline=None, max_examples=60)
    @given(st.integers(0, 10**6), st.floats(-3, 3))
    def test_the_ends_are_exact(self, seed, exponent):
        start, end = torch.randn(2, 6, generator=generator(seed)) * 10**exponent
        assert torch.equal(slerp(start, end, torch.tensor(0.0)), start)
        assert torch.equal(slerp(start, end, torch.tensor(1.0)), end)

    def test_two_that_point_the_same_way(self):
        point = slerp(X, 3 * X, torch.tensor(0.25))
        torch.testing.assert_close(point, 1.5 * X)
        assert torch.equal(slerp(X, X, torch.tensor(0.7)), X)

    def test_two_that_point_exactly_apart_go_straight(self):
        ratios = torch.tensor([0.0, 0.25, 0.5, 1.0])
        points = slerp(X[None], -X[None], ratios)
        torch.testing.assert_close(points, torch.tensor([[1.0, 0], [0.5, 0], [0, 0], [-1, 0]]))

    def test_the_origin_is_no_direction_but_no_trouble(self):
        points = slerp(torch.zeros(1, 2), Y[None], torch.linspace(0, 1, 5))
        assert points.isfinite().all()
        assert torch.equal(points[-1], Y)

    def test_gradients(self):
        ends = torch.randn(2, 3, 4, dtype=torch.float64, requires_grad=True)
        ratio = torch.rand(3, dtype=torch.float64)
        assert torch.autograd.gradcheck(lambda e: slerp(e[0], e[1], ratio), ends)


def test_lerp_by_hand():
    points = lerp(X[None], 3 * Y[None], torch.tensor([0.0, 0.25, 1.0]))
    torch.testing.assert_close(points, torch.tensor([[1.0, 0.0], [0.75, 0.75], [0.0, 3.0]]))


def test_both_ways_pass_the_same_directions():
    """On a normalized space the arc and the chord are one path at different speeds."""
    start, end = unit(torch.randn(2, 8, dtype=torch.float64))
    ratios = torch.linspace(0, 1, 20_001, dtype=torch.float64)
    arc, chord = (unit(path(start[None], end[None], ratios)) for path in (slerp, lerp))
    for some, all_ in ((arc[::500], chord), (chord[::500], arc)):
        assert torch.cdist(some, all_).min(dim=1).values.max() < 1e-4
    assert (arc[5000] - chord[5000]).norm() > 1e-3


class TestInterpolate:
    @pytest.mark.parametrize("path", ["slerp", "lerp"])
    @pytest.mark.parametrize("steps", [2, 3, 9])
    def test_both_ends_are_in_it_exactly(self, path, steps):
        start, end = torch.randn(2, 6)
        points = interpolate(start, end, steps, path)
        assert points.shape == (steps, 6)
        assert torch.equal(points[0], start)
        assert torch.equal(points[-1], end)

    def test_a_clip_with_itself_stays_where_it_is(self):
        start = torch.randn(6)
        for path in ("slerp", "lerp"):
            torch.testing.assert_close(interpolate(start, start, 5, path), start.expand(5, 6))

    @pytest.mark.parametrize("steps", [1, 0, -3])
    def test_too_few_steps(self, steps):
        with pytest.raises(UserError, match=f"got {steps}"):
            interpolate(X, Y, steps)


class TestPublishedProtocol:
    def test_every_sample_is_one_of_50_latents_between_two_different_clips(self):
        latents = torch.eye(4)  # the angle to each clip tells pair and ratio apart
        samples = sample_paths(latents, 3000, generator())
        parts = samples.sort(dim=1, descending=True)
        assert parts.values[:, 2:].abs().max() < 1e-6
        torch.testing.assert_close(samples.norm(dim=1), torch.ones(3000))
        ratios = torch.atan2(parts.values[:, 1], parts.values[:, 0]) / (math.pi / 2)
        steps = ratios * (NUM_PUBLISHED_RATIOS - 1)
        assert (steps - steps.round()).abs().max() < 1e-3
        # the nearer half of each path, as the larger part comes first: 0/49 to 24/49
        assert set(steps.round().int().tolist()) == set(range(25))
        pairs = {tuple(sorted(pair)) for pair in parts.indices[:, :2].tolist()}
        assert len(pairs) == 6

    def test_all_ratios_and_all_clips_come_equally_often(self):
        latents = torch.tensor([[0.0], [1.0]])
        samples = sample_paths(latents, 20_000, generator(), "lerp")[:, 0]
        counts = (samples * 49).round().int().bincount(minlength=50)
        assert len(counts) == NUM_PUBLISHED_RATIOS
        assert counts.min() > 300
        assert counts.max() < 520

    @pytest.mark.parametrize("draw", [sample_paths, sample_gaussian])
    def test_the_seed_decides(self, draw):
        latents = torch.randn(5, 6)
        first, same, other = (draw(latents, 7, generator(seed)) for seed in (3, 3, 4))
        assert torch.equal(first, same)
        assert not torch.equal(first, other)

    def test_one_clip_has_no_pair(self):
        with pytest.raises(UserError, match="at least 2 clips"):
            sample_paths(torch.randn(1, 6), 3, generator())


class TestGaussian:
    def test_mean_and_covariance_are_those_of_the_latents(self):
        mixing = torch.randn(3, 3)
        latents = torch.randn(40, 3) @ mixing + torch.tensor([5.0, 0.0, -2.0])
        samples = sample_gaussian(latents, 60_000, generator())
        scale = torch.cov(latents.T).diagonal().max()
        torch.testing.assert_close(
            samples.mean(dim=0), latents.mean(dim=0), atol=0.02 * scale.sqrt().item(), rtol=0
        )
        torch.testing.assert_close(
            torch.cov(samples.T), torch.cov(latents.T), atol=0.03 * scale.item(), rtol=0
        )

    def test_samples_stay_in_the_subspace_of_the_clips(self):
        latents = torch.randn(4, 10)
        samples = sample_gaussian(latents, 50, generator())
        span = torch.linalg.qr((latents - latents.mean(dim=0)).T).Q[:, :3]
        offsets = samples - latents.mean(dim=0)
        torch.testing.assert_close(offsets @ span @ span.T, offsets, atol=1e-4, rtol=1e-4)

    def test_one_clip_has_no_spread(self):
        with pytest.raises(UserError, match="at least 2 clips"):
            sample_gaussian(torch.randn(1, 6), 3, generator())


class TestMean:
    def test_by_hand(self):
        plain = LatentConfig(width=2, normalize=False)
        mean = mean_latent(torch.tensor([[1.0, 0.0], [3.0, 0.0], [2.0, 9.0]]), plain)
        assert mean.tolist() == [2.0, 3.0]

    @settings(deadline=None, max_examples=30)
    @given(st.integers(0, 10**6), st.floats(-3, 3))
    def test_each_clip_counts_the_same_whatever_its_length(self, seed, exponent):
        config = LatentConfig(width=4, num_keyframes=2)
        latents = torch.randn(5, 8, generator=generator(seed))
        other = torch.cat([latents[:1] * 10**exponent, latents[1:]])
        torch.testing.assert_close(mean_latent(other, config), mean_latent(latents, config))

    def test_there_is_no_mean_of_nothing(self):
        with pytest.raises(UserError, match="none"):
            mean_latent(torch.zeros(0, 4), LatentConfig(width=4))


def test_the_nearest_clip_and_its_distance_by_hand():
    latents = torch.tensor([[0.0, 0.0], [2.0, 0.0], [10.0, 0.0]])  # neighbors at 2, 2 and 8
    row, distance = nearest_latent(latents, torch.tensor([[1.5, 0.0], [10.0, 4.0]]))
    assert row.tolist() == [1, 2]
    assert distance.tolist() == pytest.approx([0.5 / 4, 1.0])

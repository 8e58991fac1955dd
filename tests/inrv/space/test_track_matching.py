"""Interpolations and samples of latents with tracks."""

import dataclasses

import torch
from tests.support.toy_spaces import TRACKS

from videospace.inrv.model.tracks import join_latents, split_latents
from videospace.inrv.space.latent_prior import LatentPrior
from videospace.inrv.space.sampling import (
    interpolate,
    latents_between,
    mean_latent,
    sample_gaussian,
    sample_paths,
)
from videospace.inrv.space.track_matching import matched_parts


def with_tracks_in_order(latents, order):
    parts = split_latents(latents, TRACKS)
    return join_latents(
        parts._replace(looks=parts.looks[..., order, :], paths=parts.paths[..., order, :, :])
    )


def test_the_same_clip_with_its_tracks_in_another_order_is_matched():
    latents = torch.randn(5, TRACKS.total_width)
    first, second = matched_parts(latents, with_tracks_in_order(latents, [1, 0]), TRACKS)
    for one, other in zip(first, second, strict=True):
        torch.testing.assert_close(one, other)


def test_halfway_between_two_orders_of_a_clip_is_the_clip():
    latent = torch.randn(TRACKS.total_width)
    middle = interpolate(latent, with_tracks_in_order(latent, [1, 0]), 3, config=TRACKS)[1]
    torch.testing.assert_close(middle, latent)


def test_the_mean_of_a_clip_with_its_tracks_in_any_order_is_the_clip():
    config = dataclasses.replace(TRACKS, normalize=False)
    latent = torch.randn(TRACKS.total_width)
    orders = [with_tracks_in_order(latent, order) for order in ([0, 1], [1, 0], [1, 0])]
    torch.testing.assert_close(mean_latent(torch.stack(orders), config), latent)


def test_the_mean_does_not_depend_on_which_clip_comes_first():
    one = torch.randn(TRACKS.total_width)
    near = one + 0.1 * torch.randn(4, TRACKS.total_width)
    near[1::2] = with_tracks_in_order(near[1::2], [1, 0])
    forth, back = (
        split_latents(mean_latent(each, TRACKS), TRACKS) for each in (near, near.flip(0))
    )
    torch.testing.assert_close(forth.paths.mean(dim=0), back.paths.mean(dim=0))
    torch.testing.assert_close(forth.content, back.content)


def test_paths_move_on_straight_lines():
    start, end = torch.randn(2, TRACKS.total_width)
    between = split_latents(interpolate(start, end, 5, config=TRACKS), TRACKS).paths
    steps = between.diff(dim=0)
    torch.testing.assert_close(steps, steps[:1].expand_as(steps), atol=1e-5, rtol=1e-4)


def test_both_ends_are_the_clips():
    start, end = torch.randn(2, TRACKS.total_width)
    path = interpolate(start, end, 4, config=TRACKS)
    assert torch.equal(path[0], start)
    matched = [with_tracks_in_order(end, order) for order in ([0, 1], [1, 0])]
    assert any(torch.allclose(path[-1], one, atol=1e-5) for one in matched)


def test_latents_between_are_given_for_every_ratio_of_a_pair():
    pairs = torch.randn(2, 6, TRACKS.total_width)
    assert latents_between(*pairs, torch.linspace(0, 1, 6), config=TRACKS).shape == pairs[0].shape


def test_samples_have_the_width_of_latents():
    latents, generator = torch.randn(9, TRACKS.total_width), torch.Generator().manual_seed(0)
    for sampler in (sample_paths, sample_gaussian):
        samples = sampler(latents, 7, generator, config=TRACKS)
        assert samples.shape == (7, TRACKS.total_width)
        assert samples.isfinite().all()


def test_gaussian_samples_do_not_depend_on_the_order_of_tracks():
    latents = torch.randn(400, TRACKS.total_width)
    latents[:, TRACKS.content_width] += 3  # the first number of the first track's look
    samples = sample_gaussian(latents, 4000, torch.Generator().manual_seed(0), config=TRACKS)
    first_number = split_latents(samples, TRACKS).looks[..., 0].mean(dim=0)
    torch.testing.assert_close(first_number, torch.full((2,), 1.5), atol=0.15, rtol=0)


class TestPrior:
    def test_any_clip_can_be_reached(self):
        latents = torch.randn(60, TRACKS.total_width)
        prior = LatentPrior.of(latents, TRACKS)
        unseen = torch.randn(3, TRACKS.total_width)
        coordinates = (unseen - prior.mean) @ torch.linalg.pinv(prior.basis).T
        torch.testing.assert_close(prior.latents(coordinates), unseen, atol=1e-3, rtol=1e-3)

    def test_all_tracks_have_one_distribution(self):
        prior = LatentPrior.of(torch.randn(60, TRACKS.total_width), TRACKS)
        looks = split_latents(prior.mean, TRACKS).looks
        torch.testing.assert_close(looks[0], looks[1])

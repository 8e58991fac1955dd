"""Inversion in a space with tracks."""

import numpy as np
import pytest
import torch
from tests.support.toy_spaces import TRACKS, changed_model, random_space

from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.inversion import InversionConfig, invert
from videospace.inrv.inversion.tasks import prediction
from videospace.inrv.inversion.track_guess import guess_tracks
from videospace.inrv.model.inrv_model import ModelConfig
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.track_encoder import TrackEncoder
from videospace.inrv.model.tracks import LatentParts, join_latents, split_latents
from videospace.inrv.space.latent_prior import LatentPrior

NUM_FRAMES = 8
LINES = LatentConfig(width=4, num_tracks=1, look_width=3, num_path_keyframes=NUM_FRAMES)


def lines(num):
    """Latents whose paths are straight lines at constant speed, and the paths."""
    start, speed = 1.2 * torch.rand(num, 1, 1, 2) - 0.6, torch.rand(num, 1, 1, 2) - 0.5
    paths = start + speed * torch.linspace(-1, 1, NUM_FRAMES)[:, None]
    return join_latents(LatentParts(torch.randn(num, 4), torch.randn(num, 1, 3), paths)), paths


def clip_of(path, size=32, side=5):
    video = np.zeros((NUM_FRAMES, size, size, 3), np.uint8)
    for time, (y, x) in enumerate(((path + 1) * size / 2).tolist()):
        top, left = (max(0, round(c - side / 2)) for c in (y, x))
        video[time, top : top + side, left : left + side] = 255
    return video


class TestPaths:
    @pytest.fixture
    def prior(self):
        return LatentPrior.of(lines(300)[0], LINES)

    def guessed(self, prior, context, encoder=None):
        parts = prior.parts
        black = torch.zeros(32, 32, 3, dtype=torch.uint8)
        tracks = guess_tracks(parts, [context], ModelConfig(latent=LINES), encoder, usual=black)
        content = torch.zeros(1, parts.content.num_directions)
        return split_latents(prior.latents(torch.cat([content, tracks], dim=1)), LINES)

    def test_what_moves_is_followed(self, prior):
        path = lines(1)[1][0, 0]
        context = Context(video=clip_of(path), observed=np.ones((NUM_FRAMES, 32, 32), bool))
        assert (self.guessed(prior, context).paths[0, 0] - path).norm(dim=1).mean() < 0.15

    def test_a_path_goes_on_where_nothing_is_seen(self, prior):
        path = torch.stack([torch.linspace(-0.4, 0.5, 8), torch.linspace(0.4, -0.3, 8)], dim=1)
        context = prediction(clip_of(path), num_observed=5)
        assert (self.guessed(prior, context).paths[0, 0] - path)[5:].norm(dim=1).mean() < 0.25

    def test_it_bounces_where_such_things_bounce(self):
        """Things that fall, and come up again from the edge: their mean would stay there."""
        starts = torch.rand(200) * 0.8 - 0.4
        heights = starts[:, None] + torch.linspace(0, 1.2, NUM_FRAMES)
        heights = torch.where(heights > 0.5, 1 - heights, heights)
        paths = torch.stack([heights, torch.zeros_like(heights)], dim=2)[:, None]
        looks = torch.randn(200, 1, 3)
        latents = join_latents(LatentParts(torch.randn(200, 4), looks, paths))
        prior = LatentPrior.of(latents, LINES)
        context = prediction(clip_of(paths[0, 0]), num_observed=3)
        found = self.guessed(prior, context).paths[0, 0]
        assert (found - paths[0, 0]).norm(dim=1).mean() < 0.12

    def test_without_an_encoder_looks_are_the_mean(self, prior):
        guess = self.guessed(prior, prediction(clip_of(lines(1)[1][0, 0]), num_observed=4))
        mean = split_latents(prior.mean[None], LINES)
        torch.testing.assert_close(guess.looks, mean.looks)

    def test_the_encoder_guesses_looks_and_corrects_centers(self, prior):
        class Fixed(TrackEncoder):
            def forward(self, crops):
                return torch.ones(1, 1, 3), torch.full((1, 1, 2), 0.2)

        context = Context(
            video=clip_of(lines(1)[1][0, 0]), observed=np.ones((NUM_FRAMES, 32, 32), bool)
        )
        plain = self.guessed(prior, context)
        corrected = self.guessed(prior, context, Fixed(3, 8, 16))
        torch.testing.assert_close(corrected.looks, torch.ones(1, 1, 3), atol=0.02, rtol=0)
        shift = corrected.paths - plain.paths
        torch.testing.assert_close(shift, torch.full_like(shift, 0.2), atol=0.02, rtol=0)


@pytest.fixture
def space():
    return random_space(6, changed_model(latent=TRACKS))


def test_a_clip_of_the_space_is_found_again(space):
    context = Context(video=space.render(space.latents[0]), observed=np.ones((4, 6, 8), bool))
    none = invert(space, [context], InversionConfig(max_steps=1))
    found = invert(space, [context], InversionConfig(max_steps=80))
    assert found.latents.shape == (1, TRACKS.total_width)
    assert found.context_l1 < none.context_l1


def test_weights_are_refined(space):
    context = Context(video=space.render(space.latents[0]), observed=np.ones((4, 6, 8), bool))
    found = invert(space, [context], InversionConfig(max_steps=5, refine="weights", refine_steps=5))
    assert found.weight_offsets is not None

import pytest
import torch

from videospace.inrv.prior import LatentPrior
from videospace.runtime.errors import UserError


def test_training_clips_are_like_a_unit_gaussian():
    latents = torch.randn(200, 6) @ torch.randn(6, 6) + 3
    coordinates = LatentPrior.of(latents).coordinates(latents)
    torch.testing.assert_close(coordinates.mean(dim=0), torch.zeros(6), atol=1e-4, rtol=0)
    torch.testing.assert_close(coordinates.T.cov(), torch.eye(6), atol=1e-3, rtol=0)


def test_coordinates_and_latents_are_each_others_inverse():
    latents = torch.randn(50, 6)
    prior = LatentPrior.of(latents)
    torch.testing.assert_close(prior.latents(prior.coordinates(latents)), latents)


def test_directions_in_which_nothing_varies_are_left_out():
    latents = torch.randn(50, 6)
    latents[:, 5] = 7
    prior = LatentPrior.of(latents)
    assert prior.num_directions == 5
    assert (prior.latents(torch.randn(4, 5))[:, 5] - 7).abs().max() < 1e-4


@pytest.mark.parametrize("latents", [torch.ones(1, 6), torch.ones(3, 6)])
def test_clips_that_tell_nothing_of_others(latents):
    with pytest.raises(UserError, match=r"one clip|same latent"):
        LatentPrior.of(latents)

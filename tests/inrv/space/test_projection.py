import pytest
import torch

from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.space.projection import LatentProjection

PLAIN = LatentConfig(normalize=False)


def test_places_are_the_two_directions_of_largest_variance():
    chance = torch.Generator().manual_seed(0)
    spread = torch.tensor([3.0, 2.0, 0.1])
    turned = torch.linalg.qr(torch.randn(7, 3, generator=chance)).Q
    coordinates = torch.randn(200, 3, generator=chance) * spread
    latents = coordinates @ turned.T + 5
    drawn = LatentProjection.of(latents, PLAIN)
    places = drawn.places(latents)
    truth = (coordinates - coordinates.mean(dim=0))[:, :2]
    assert torch.cdist(places, places).sub(torch.cdist(truth, truth)).abs().max() < 0.5
    assert places.std(dim=0).tolist() == pytest.approx([3, 2], rel=0.15)
    assert 0.99 < drawn.share < 1


def test_what_is_new_lands_where_its_like_does():
    latents = torch.randn(20, 6, generator=torch.Generator().manual_seed(1))
    drawn = LatentProjection.of(latents, PLAIN)
    assert torch.allclose(drawn.places(latents[3:4]), drawn.places(latents)[3:4])
    between = drawn.places((latents[:1] + latents[1:2]) / 2)
    assert torch.allclose(between, drawn.places(latents)[:2].mean(dim=0, keepdim=True), atol=1e-6)


@pytest.mark.parametrize(
    "latents", [torch.ones(1, 4), torch.ones(3, 1), torch.arange(3.0)[:, None]]
)
def test_clips_that_vary_in_fewer_directions_have_a_map_too(latents):
    drawn = LatentProjection.of(latents, PLAIN)
    assert drawn.places(latents).shape == (len(latents), 2)
    assert torch.equal(drawn.places(latents)[:, 1], torch.zeros(len(latents)))
    assert drawn.share == pytest.approx(1)


def test_latents_of_one_video_have_one_place():
    config = LatentConfig(width=3, num_keyframes=2)
    latents = torch.randn(9, 6, generator=torch.Generator().manual_seed(2))
    drawn = LatentProjection.of(latents, config)
    scaled = latents * torch.tensor([2.0, 2, 2, 0.5, 0.5, 0.5])
    assert torch.allclose(drawn.places(scaled), drawn.places(latents), atol=1e-5)
    assert not torch.allclose(drawn.places(-latents), drawn.places(latents), atol=0.1)

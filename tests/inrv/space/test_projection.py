import pytest
import torch

from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.space.projection import LatentProjection


def plain(latents: torch.Tensor) -> LatentConfig:
    return LatentConfig(width=latents.shape[1], normalize=False)


def test_coordinates_lie_along_the_two_directions_of_largest_variance():
    chance = torch.Generator().manual_seed(0)
    spread = torch.tensor([3.0, 2.0, 0.1])
    turned = torch.linalg.qr(torch.randn(7, 3, generator=chance)).Q
    coordinates = torch.randn(200, 3, generator=chance) * spread
    latents = coordinates @ turned.T + 5
    projection = LatentProjection.of(latents, plain(latents))
    xy = projection.map_xy(latents)
    truth = (coordinates - coordinates.mean(dim=0))[:, :2]
    assert torch.cdist(xy, xy).sub(torch.cdist(truth, truth)).abs().max() < 0.5
    assert xy.std(dim=0).tolist() == pytest.approx([3, 2], rel=0.15)
    assert 0.99 < projection.explained_variance < 1


def test_the_map_is_linear_and_treats_each_latent_alone():
    latents = torch.randn(20, 6, generator=torch.Generator().manual_seed(1))
    projection = LatentProjection.of(latents, plain(latents))
    assert torch.allclose(projection.map_xy(latents[3:4]), projection.map_xy(latents)[3:4])
    between = projection.map_xy((latents[:1] + latents[1:2]) / 2)
    assert torch.allclose(
        between, projection.map_xy(latents)[:2].mean(dim=0, keepdim=True), atol=1e-6
    )


@pytest.mark.parametrize(
    "latents", [torch.ones(1, 4), torch.ones(3, 1), torch.arange(3.0)[:, None]]
)
def test_clips_that_vary_in_fewer_directions_have_a_map_too(latents):
    projection = LatentProjection.of(latents, plain(latents))
    assert projection.map_xy(latents).shape == (len(latents), 2)
    assert torch.equal(projection.map_xy(latents)[:, 1], torch.zeros(len(latents)))
    assert projection.explained_variance == pytest.approx(1)


def test_latents_of_one_video_have_the_same_coordinates():
    config = LatentConfig(width=3, num_keyframes=2)
    latents = torch.randn(9, 6, generator=torch.Generator().manual_seed(2))
    projection = LatentProjection.of(latents, config)
    scaled = latents * torch.tensor([2.0, 2, 2, 0.5, 0.5, 0.5])
    assert torch.allclose(projection.map_xy(scaled), projection.map_xy(latents), atol=1e-5)
    assert not torch.allclose(projection.map_xy(-latents), projection.map_xy(latents), atol=0.1)

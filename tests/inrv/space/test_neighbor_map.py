import pytest
import torch

from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.space.neighbor_map import NeighborMap
from videospace.runtime.errors import UserError

pytest.importorskip("openTSNE", reason="needs the extra 'studio'")
PLAIN = LatentConfig(width=16, normalize=False)


def clusters() -> torch.Tensor:
    """Four times fifteen latents in four groups, which two directions cannot keep apart."""
    chance = torch.Generator().manual_seed(0)
    centers = 10 * torch.eye(16)[:4].repeat_interleave(15, dim=0)
    return centers + torch.randn(60, 16, generator=chance)


def test_clips_of_one_group_are_neighbors():
    found = NeighborMap(clusters(), PLAIN)
    nearest = torch.cdist(found.clips_xy, found.clips_xy).fill_diagonal_(torch.inf).argmin(dim=1)
    assert torch.equal(nearest // 15, torch.arange(60) // 15)


def test_a_new_latent_is_placed_within_its_group():
    latents = clusters()
    found = NeighborMap(latents, PLAIN)
    places = found.map_xy(latents[[3, 33]] + 0.1)
    assert (torch.cdist(places, found.clips_xy).argmin(dim=1) // 15).tolist() == [0, 2]


def test_the_map_is_the_same_each_time():
    first, second = (NeighborMap(clusters(), PLAIN).clips_xy for _ in range(2))
    assert torch.equal(first, second)


@pytest.mark.parametrize("latents", [torch.eye(16)[:4], torch.ones(9, 16)])
def test_few_or_equal_clips_have_finite_places(latents):
    assert NeighborMap(latents, PLAIN).clips_xy.isfinite().all()


def test_too_few_clips_are_refused():
    with pytest.raises(UserError, match="4 clips"):
        NeighborMap(torch.eye(16)[:3], PLAIN)

import dataclasses
import sys
import types

import numpy as np
import pytest
import torch

from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.space.neighbor_map import MAP_PACKAGES, NeighborMap
from videospace.inrv.space.projection import LatentProjection
from videospace.runtime.errors import UserError

PLAIN = LatentConfig(width=16, normalize=False)
LINE = torch.linspace(0, 1, 9)[:, None] * torch.ones(16)
METHODS = [
    pytest.param(
        method, marks=pytest.mark.skipif(not each.is_installed, reason=f"needs {each.name}")
    )
    for method, each in MAP_PACKAGES.items()
]


def clusters() -> torch.Tensor:
    """Four times fifteen latents in four groups, which two directions cannot keep apart."""
    chance = torch.Generator().manual_seed(0)
    centers = 10 * torch.eye(16)[:4].repeat_interleave(15, dim=0)
    return centers + torch.randn(60, 16, generator=chance)


@pytest.mark.parametrize("method", METHODS)
def test_clips_of_one_group_are_neighbors(method):
    found = NeighborMap(clusters(), PLAIN, method)
    nearest = torch.cdist(found.clips_xy, found.clips_xy).fill_diagonal_(torch.inf).argmin(dim=1)
    assert torch.equal(nearest // 15, torch.arange(60) // 15)


@pytest.mark.parametrize("method", METHODS)
def test_a_new_latent_is_placed_within_its_group(method):
    latents = clusters()
    found = NeighborMap(latents, PLAIN, method)
    places = found.map_xy(latents[[3, 33]] + 0.1)
    assert (torch.cdist(places, found.clips_xy).argmin(dim=1) // 15).tolist() == [0, 2]


@pytest.mark.parametrize("method", METHODS)
def test_the_map_is_the_same_each_time(method):
    first, second = (NeighborMap(clusters(), PLAIN, method).clips_xy for _ in range(2))
    assert torch.equal(first, second)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("latents", [torch.eye(16)[:4], torch.ones(9, 16), LINE])
def test_few_or_equal_clips_have_finite_places(latents, method):
    assert NeighborMap(latents, PLAIN, method).clips_xy.isfinite().all()


def test_too_few_clips_are_refused():
    with pytest.raises(UserError, match="4 clips"):
        NeighborMap(torch.eye(16)[:3], PLAIN)


class StandInUmap:
    """Leaves the clips where they start, and places others at their first two numbers."""

    def __init__(self, *, n_neighbors, init, random_state, n_jobs):
        self.n_neighbors, self.embedding_ = n_neighbors, init

    def fit(self, points):
        assert len(points) == len(self.embedding_) > self.n_neighbors

    def transform(self, points):
        return points[:, :2].astype(np.float32)


@pytest.mark.parametrize("count", [4, 60])
def test_umap_starts_at_the_projection_with_fewer_neighbors_than_clips(monkeypatch, count):
    monkeypatch.setitem(sys.modules, "umap", types.SimpleNamespace(UMAP=StandInUmap))
    latents = clusters()[:count]
    found = NeighborMap(latents, PLAIN, "umap")
    start = LatentProjection.of(latents, PLAIN).map_xy(latents)
    torch.testing.assert_close(found.clips_xy, start, atol=1e-3 * start.std().item(), rtol=0.0)
    torch.testing.assert_close(found.map_xy(latents[:3]), latents[:3, :2])


def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch):
    missing = dataclasses.replace(MAP_PACKAGES["umap"], module="there_is_no_umap")
    monkeypatch.setitem(MAP_PACKAGES, "umap", missing)
    assert not missing.is_installed
    with pytest.raises(UserError, match=r"videospace\[umap\]"):
        NeighborMap(clusters(), PLAIN, "umap")

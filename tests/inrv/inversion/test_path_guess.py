"""Paths that are completed where nothing is seen."""

import torch

from videospace.inrv.inversion.path_guess import paths_everywhere


def bouncing(starts, speeds, num_frames=20):
    """Heights that move at constant speed, and turn at 0 and 1; widths that rest."""
    way = (starts[:, None] + speeds[:, None] * torch.arange(num_frames)) % 2
    heights = torch.where(way > 1, 2 - way, way)
    return torch.stack([heights, torch.zeros_like(heights)], dim=2)


def drawn(num, seed):
    chance = torch.Generator().manual_seed(seed)
    starts, speeds = torch.rand(2, num, generator=chance)
    return bouncing(starts, 0.3 * speeds - 0.15)


def test_things_turn_where_such_things_turned():
    asked = drawn(40, seed=1)
    seen = torch.arange(20) < 4
    found = paths_everywhere(asked, seen, drawn(2000, seed=0), error=1e-3)
    assert torch.equal(found[:, seen], asked[:, seen])
    error = (found - asked)[:, ~seen].norm(dim=2).mean()
    straight = asked[:, 3:4] + (asked[:, 3:4] - asked[:, 2:3]) * torch.arange(1, 17)[:, None]
    assert error < 0.1 * (straight - asked[:, 4:]).norm(dim=2).mean()
    assert error < 0.05


def test_centers_of_unseen_frames_have_no_meaning():
    asked, examples = drawn(3, seed=1), drawn(50, seed=0)
    seen = torch.arange(20) % 7 == 0
    other = torch.where(seen[:, None], asked, 9.0)
    found = [paths_everywhere(each, seen, examples, error=0.03) for each in (asked, other)]
    assert torch.equal(*found)


def test_few_or_equal_examples():
    asked, seen = drawn(2, seed=1), torch.arange(20) < 2
    for examples in (drawn(1, seed=0), drawn(3, seed=0), drawn(1, seed=0).expand(30, -1, -1)):
        found = paths_everywhere(asked, seen, examples, error=0.03)
        assert found.isfinite().all()
        assert found.abs().max() < 3


def test_nothing_to_complete():
    asked, examples = drawn(2, seed=1), drawn(5, seed=0)
    for seen in (torch.ones(20, dtype=torch.bool), torch.zeros(20, dtype=torch.bool)):
        assert torch.equal(paths_everywhere(asked, seen, examples, error=0.03), asked)

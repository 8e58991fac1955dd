import pytest
import torch

from videospace.metrics.distribution.comparison import (
    FIGURES,
    compare_features,
    comparison_text,
)
from videospace.runtime.errors import UserError


def test_videos_of_the_same_kind_reach_the_floor():
    real, generated, held_out = torch.randn(3, 300, 8)
    found = compare_features(real, generated, held_out)
    for name in FIGURES:
        assert found.generated[name].mean == pytest.approx(found.floor[name].mean, rel=0.2)
    assert found.novelty == pytest.approx(1, abs=0.2)


def test_worse_ones_do_not():
    real = torch.randn(300, 8)
    found = compare_features(real, 3 * torch.randn(200, 8))
    assert found.generated["distance"].low > found.floor["distance"].high
    assert found.generated["precision"].high < found.floor["precision"].low
    assert found.novelty is None


def test_the_seed_decides():
    real, generated = torch.randn(2, 40, 3)
    assert compare_features(real, generated) == compare_features(real, generated)
    assert compare_features(real, generated, seed=1) != compare_features(real, generated)


def test_few_videos_are_said():
    found = compare_features(*torch.randn(2, 40, 3))
    assert "rough" in comparison_text(found)
    with pytest.raises(UserError, match="16"):
        compare_features(torch.randn(40, 3), torch.randn(15, 3))

import pytest
import torch

from videospace.metrics.distribution.coverage import coverage, novelty
from videospace.runtime.errors import UserError

LINE = torch.arange(8.0)[:, None]


def test_known_values():
    """Balls of one neighbor reach to distance 1 on the line of real samples."""
    generated = torch.tensor([[0.5], [3.0], [20.0], [21.0]])
    found = coverage(LINE, generated, num_neighbors=1)
    assert found.precision == 0.5  # the last two are far from all
    assert found.density == (2 + 3 + 0 + 0) / 4
    assert found.coverage == 5 / 8  # 0 and 1 hold the first one; 2, 3 and 4 the second one
    assert found.recall == 6 / 8  # within 2.5 of 0.5 or of 3


def test_a_dropped_mode_costs_recall_and_coverage_but_no_precision():
    real = torch.cat([torch.randn(100, 4), torch.randn(100, 4) + 30])
    found = coverage(real, torch.randn(100, 4))
    assert found.precision > 0.8
    assert found.recall < 0.6
    assert found.coverage < 0.6


def test_a_ball_reaches_to_the_neighbors_of_its_own_center():
    """The lonely generated samples have balls of 40; the others none that reaches a real one."""
    real = torch.tensor([[0.0], [1.0], [130.0]])
    generated = torch.tensor([[10.0], [10.1], [100.0], [140.0]])
    assert coverage(real, generated, num_neighbors=1).recall == pytest.approx(1 / 3)


def test_too_few_samples():
    with pytest.raises(UserError, match="more than 5 samples"):
        coverage(LINE, LINE[:5])


def test_copies_are_not_new():
    training, held_out = torch.randn(2, 100, 8)
    assert novelty(training[:10], training, held_out).ratio == 0
    assert novelty(torch.randn(50, 8), training, held_out).ratio == pytest.approx(1, abs=0.3)

import pytest
import torch
from torch import nn

from videospace.metrics.complexity import INR_V_LAYERS, inr_v_render_costs, multiply_adds
from videospace.runtime.errors import UserError


def test_one_layer_by_hand():
    assert multiply_adds([(3, 5)], num_points=7) == 3 * 5 * 7


def test_layers_add_up_and_points_multiply():
    layers = [(8, 2), (8, 8), (3, 8)]
    alone = sum(multiply_adds([layer], num_points=1) for layer in layers)
    assert multiply_adds(layers, num_points=1) == alone
    assert multiply_adds(layers, num_points=1000) == 1000 * alone
    assert multiply_adds(layers, num_points=0) == 0


def test_equals_the_weights_of_a_real_network():
    network = nn.Sequential(nn.Linear(63, 16), nn.ReLU(), nn.Linear(16, 3))
    shapes = [tuple(w.shape) for w in network.parameters() if w.ndim == 2]
    assert multiply_adds(shapes, num_points=1) == 63 * 16 + 16 * 3
    assert multiply_adds(shapes, 1) == sum(w.numel() for w in network.parameters() if w.ndim == 2)
    assert network(torch.zeros(1, 63)).shape == (1, 3)


def test_negative_points():
    with pytest.raises(UserError, match="got -1"):
        multiply_adds([(3, 5)], num_points=-1)


def test_published_network_at_25_frames_of_128():
    per_point = 63 * 256 + 3 * 256 * 256 + 256 * 3
    assert per_point == 213_504
    assert multiply_adds(INR_V_LAYERS, 25 * 128 * 128) == 87_451_238_400


def test_table_3_7_is_52_times_too_low_throughout():
    costs = inr_v_render_costs()
    assert [(c.num_frames, c.side_px) for c in costs] == [
        *((25, side) for side in (128, 256, 512, 1024)),
        *((frames, 256) for frames in (50, 75, 100)),
    ]
    for cost in costs:
        num_points = cost.num_frames * cost.side_px**2
        assert cost.published_gmac * 1e9 / num_points == pytest.approx(4096, rel=2e-3)
        assert cost.gmac / cost.published_gmac == pytest.approx(213_504 / 4096, rel=2e-3)

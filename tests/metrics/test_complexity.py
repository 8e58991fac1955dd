import pytest
import torch
from torch import nn

from videospace.metrics.complexity import multiply_adds
from videospace.runtime.errors import UserError


def test_layers_add_up_and_points_multiply():
    layers = [(8, 2), (8, 8), (3, 8)]
    alone = sum(multiply_adds([layer], num_points=1) for layer in layers)
    assert multiply_adds(layers, num_points=1) == alone
    assert multiply_adds(layers, num_points=1000) == 1000 * alone
    assert multiply_adds(layers, num_points=0) == 0


def test_equals_the_weights_of_a_real_network():
    network = nn.Sequential(nn.Linear(63, 16), nn.ReLU(), nn.Linear(16, 3))
    shapes = [tuple(w.shape) for w in network.parameters() if w.ndim == 2]
    assert multiply_adds(shapes, 1) == sum(w.numel() for w in network.parameters() if w.ndim == 2)
    assert network(torch.zeros(1, 63)).shape == (1, 3)


def test_negative_points():
    with pytest.raises(UserError, match="got -1"):
        multiply_adds([(3, 5)], num_points=-1)

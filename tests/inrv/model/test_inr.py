import pytest
import torch
from torch.nn import functional

from videospace.inrv.model.inr import (
    InrConfig,
    Layer,
    activation_function,
    apply_inr,
    initial_weight_bound,
    layer_shapes,
    separable_first_layer,
)

ACTIVATIONS = ["relu", "gelu", "sine"]


def random_layers(config, in_width, num_clips, dtype=torch.float32):
    return [
        Layer(
            torch.randn(num_clips, out, in_, dtype=dtype) / in_,
            torch.randn(num_clips, out, dtype=dtype),
        )
        for out, in_ in layer_shapes(config, in_width)
    ]


def test_the_published_inr_has_214531_parameters():
    shapes = layer_shapes(InrConfig(hidden_width=256, num_hidden_layers=4), in_width=63)
    assert shapes == [(256, 63), (256, 256), (256, 256), (256, 256), (3, 256)]
    assert sum(out * in_ + out for out, in_ in shapes) == 214_531


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("num_hidden_layers", [0, 1, 3])
def test_the_batch_equals_a_loop_over_clips(activation, num_hidden_layers):
    config = InrConfig(hidden_width=5, num_hidden_layers=num_hidden_layers, activation=activation)
    layers = random_layers(config, 7, num_clips=3)
    features = torch.randn(3, 11, 7)
    colors = apply_inr(features, layers, config)
    for clip in range(3):
        hidden = functional.linear(features[clip], layers[0].weight[clip], layers[0].bias[clip])
        for weight, bias in layers[1:]:
            if activation == "sine":
                hidden = torch.sin(config.sine_frequency * hidden)
            else:
                hidden = getattr(functional, activation)(hidden)
            hidden = functional.linear(hidden, weight[clip], bias[clip])
        torch.testing.assert_close(colors[clip], hidden, atol=2e-4, rtol=1e-4)


def test_shared_points_are_the_same_as_repeated_ones():
    config = InrConfig(hidden_width=5, num_hidden_layers=2)
    layers, features = random_layers(config, 7, num_clips=3), torch.randn(1, 11, 7)
    torch.testing.assert_close(
        apply_inr(features, layers, config), apply_inr(features.repeat(3, 1, 1), layers, config)
    )


def test_the_first_layer_splits_over_the_axes():
    config = InrConfig(hidden_width=5, num_hidden_layers=1)
    (layer, _) = random_layers(config, 3 + 5 + 1, num_clips=2)
    tables = torch.randn(4, 3), torch.randn(6, 5), torch.randn(7, 1)
    time, height, width = separable_first_layer(tables, layer)
    split = time[:, :, None, None] + height[:, None, :, None] + width[:, None, None, :]
    for t, h, w in [(0, 0, 0), (3, 5, 6), (1, 4, 2)]:
        features = torch.cat([tables[0][t], tables[1][h], tables[2][w]])
        whole = torch.einsum("coi,i->co", layer.weight, features) + layer.bias
        torch.testing.assert_close(split[:, t, h, w], whole)


def test_initial_bounds():
    relu, sine = InrConfig(activation="relu"), InrConfig(activation="sine", sine_frequency=10.0)
    assert initial_weight_bound(relu, 24, is_first=False) == pytest.approx(0.5)
    assert initial_weight_bound(relu, 24, is_first=True) == pytest.approx(0.5)
    assert initial_weight_bound(sine, 24, is_first=True) == pytest.approx(1 / 24)
    assert initial_weight_bound(sine, 24, is_first=False) == pytest.approx(0.05)


def test_the_sine_has_its_frequency():
    x = torch.tensor([-1.0, 0.0, 0.1])
    sine = activation_function(InrConfig(activation="sine", sine_frequency=3.0))(x)
    torch.testing.assert_close(sine, torch.tensor([-0.14112, 0.0, 0.29552]), atol=1e-5, rtol=0)


@pytest.mark.parametrize("activation", ["gelu", "sine"])
def test_gradients(activation):
    config = InrConfig(hidden_width=3, num_hidden_layers=2, activation=activation)
    layers = random_layers(config, 4, num_clips=2, dtype=torch.float64)
    features = torch.randn(2, 5, 4, dtype=torch.float64)
    flat = [tensor.requires_grad_() for layer in layers for tensor in layer]

    def colors(features, *flat):
        pairs = zip(flat[::2], flat[1::2], strict=True)
        return apply_inr(features, [Layer(*pair) for pair in pairs], config)

    assert torch.autograd.gradcheck(colors, (features.requires_grad_(), *flat))

import pytest
import torch

from videospace.inrv.model.hypernetwork import HypernetworkConfig, build_hypernetwork
from videospace.inrv.model.inr import InrConfig, layer_shapes
from videospace.runtime.errors import UserError

KINDS = ["dense", "low-rank", "scale-shift"]
INR = InrConfig(hidden_width=16, num_hidden_layers=2)


def build(kind, *, latent_width=32, inr=INR, in_width=9, **settings):
    settings = {"hidden_width": 64, **settings}
    return build_hypernetwork(
        HypernetworkConfig(kind=kind, **settings),
        inr,
        in_width=in_width,
        latent_width=latent_width,
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("num_clips", [1, 4])
def test_every_layer_has_its_shape(kind, num_clips):
    layers = build(kind)(torch.randn(num_clips, 32))
    assert len(layers) == 3
    for (weight, bias), (out, in_) in zip(layers, layer_shapes(INR, 9), strict=True):
        assert weight.shape == (num_clips, out, in_)
        assert bias.shape == (num_clips, out)


@pytest.mark.parametrize("kind", KINDS)
def test_training_starts_near_the_base_weights(kind):
    """Near: the difference is there, and a fraction of the weights' own size."""
    hypernetwork = build(kind, latent_width=64, hidden_width=256)
    layers = hypernetwork(torch.randn(20, 64))
    for (weight, _), base in zip(layers, hypernetwork.base_weights, strict=True):
        relative = (weight - base).norm(dim=(1, 2)) / base.norm()
        assert relative.min() > 0.003
        assert relative.max() < 0.2


@pytest.mark.parametrize("kind", KINDS)
def test_an_initial_difference_of_zero_leaves_the_base_inr(kind):
    hypernetwork = build(kind, initial_difference=0.0)
    layers = hypernetwork(torch.randn(3, 32))
    bases = zip(hypernetwork.base_weights, hypernetwork.base_biases, strict=True)
    for (weight, bias), (base_weight, base_bias) in zip(layers, bases, strict=True):
        assert torch.equal(weight, base_weight.expand_as(weight))
        assert torch.equal(bias, base_bias.expand_as(bias))


@pytest.mark.parametrize("kind", KINDS)
def test_clips_of_a_batch_do_not_touch_each_other(kind):
    hypernetwork, latents = build(kind), torch.randn(4, 32)
    together, alone = hypernetwork(latents), hypernetwork(latents[2:3])
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one.weight[2:3], other.weight)
        torch.testing.assert_close(one.bias[2:3], other.bias)


def test_a_low_rank_difference_has_that_rank():
    hypernetwork = build("low-rank", rank=2)
    weight, base = hypernetwork(torch.randn(1, 32))[1].weight[0], hypernetwork.base_weights[1]
    assert torch.linalg.matrix_rank((weight / base - 1).detach(), rtol=1e-4) == 2


@pytest.mark.parametrize(
    ("kind", "settings", "expected"),
    [
        # generators of (8 → h → n) for n in (4·5, 4·4, 3·4) and (4, 4, 3), and 55 base numbers
        ("dense", {"num_hidden_layers": 1}, 6 * 9 * 6 + 7 * (20 + 16 + 12 + 11) + 59),
        ("dense", {"num_hidden_layers": 2}, 6 * (9 * 6 + 7 * 6) + 7 * 59 + 59),
        ("low-rank", {"rank": 2}, 6 * 9 * 6 + 7 * (2 * (9 + 8 + 7) + 11) + 59),
        ("scale-shift", {}, 3 * 9 * 6 + 7 * 2 * 11 + 59),
    ],
)
def test_numbers_of_parameters(kind, settings, expected):
    inr = InrConfig(hidden_width=4, num_hidden_layers=2)
    hypernetwork = build(kind, latent_width=8, inr=inr, in_width=5, hidden_width=6, **settings)
    assert sum(parameter.numel() for parameter in hypernetwork.parameters()) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_gradients(kind):
    inr = InrConfig(hidden_width=3, num_hidden_layers=1)
    hypernetwork = build(kind, latent_width=4, inr=inr, in_width=3, hidden_width=5, rank=2).double()
    latents = torch.randn(2, 4, dtype=torch.float64, requires_grad=True)

    def numbers(latents):
        return torch.cat([part.flatten() for layer in hypernetwork(latents) for part in layer])

    assert torch.autograd.gradcheck(numbers, latents)


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_learns(kind):
    hypernetwork = build(kind)
    sum(
        (w.square().sum() + b.square().sum()) for w, b in hypernetwork(torch.randn(4, 32))
    ).backward()
    for name, parameter in hypernetwork.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0 or name.startswith("base_biases"), name


def last_layers(hypernetwork):
    return [mlp[-1] for mlp in (*hypernetwork.weight_generators, *hypernetwork.bias_generators)]


class TestPublishedInitialization:
    @pytest.fixture
    def hypernetwork(self):
        return build("dense", hidden_width=256, num_hidden_layers=3, published_initialization=True)

    def test_last_layers_start_at_a_tenth_of_he(self, hypernetwork):
        for last in last_layers(hypernetwork)[:2]:  # large enough to estimate a deviation
            assert last.weight.std().item() == pytest.approx(0.1 * (2 / 256) ** 0.5, rel=0.02)
        unlike = build("dense", hidden_width=256, initial_difference=0.5)
        for last in last_layers(unlike)[:2]:
            assert last.weight.std().item() == pytest.approx(0.5 * (2 / 256) ** 0.5, rel=0.02)

    def test_hidden_layers_start_at_he(self, hypernetwork):
        hidden = [layer for layer in hypernetwork.weight_generators[0] if hasattr(layer, "weight")]
        deviations = [layer.weight.std().item() for layer in hidden[:-1]]
        assert deviations == pytest.approx([(2 / 32) ** 0.5] + [(2 / 256) ** 0.5] * 2, rel=0.03)

    def test_what_is_generated_is_the_whole_inr(self, hypernetwork):
        assert not any("base" in name for name, _ in hypernetwork.named_parameters())
        latents = torch.randn(2, 32)
        layers = hypernetwork(latents)
        for index, (weight, bias) in enumerate(layers):
            generated = hypernetwork.weight_generators[index](latents)
            torch.testing.assert_close(weight.flatten(1), generated)
            torch.testing.assert_close(bias, hypernetwork.bias_generators[index](latents))

    def test_gradients(self):
        inr = InrConfig(hidden_width=3, num_hidden_layers=1)
        hypernetwork = build(
            "dense",
            latent_width=4,
            inr=inr,
            in_width=3,
            hidden_width=5,
            published_initialization=True,
        ).double()
        latents = torch.randn(2, 4, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(lambda m: hypernetwork(m)[0].weight, latents)


@pytest.mark.parametrize("kind", ["low-rank", "scale-shift"])
def test_the_published_initialization_belongs_to_dense(kind):
    with pytest.raises(UserError, match="published_initialization"):
        build(kind, published_initialization=True)

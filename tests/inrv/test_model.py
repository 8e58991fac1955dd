import dataclasses

import pytest
import torch

from videospace.inrv.latents import LatentConfig, LatentMixer
from videospace.inrv.model import InrvModel
from videospace.inrv.video_clip import VideoClipConfig

CPU = torch.device("cpu")


def weights_of(layers):
    return torch.cat([part.flatten(1) for layer in layers for part in layer], dim=1)


class TestLatents:
    def test_without_a_semantic_embedding_the_latent_is_the_code(self, toy_model):
        model, codes = InrvModel(toy_model), torch.randn(3, 6)
        assert model.latents(codes, None) is codes
        assert list(model.mixer.parameters()) == []

    @pytest.mark.parametrize(
        ("config", "expected"),
        [
            (LatentConfig(width=64), 64),
            (LatentConfig(width=64, code_width=7), 64),
            (LatentConfig(width=64, semantic="video-clip"), 512),
            (LatentConfig(width=64, semantic="video-clip", code_width=7), 7),
        ],
    )
    def test_widths_of_codes(self, config, expected):
        assert config.effective_code_width == expected

    def test_the_published_mixer_takes_1024_numbers_to_128(self):
        with torch.device("meta"):
            mixer = LatentMixer(LatentConfig(width=128, semantic="video-clip"))
        shapes = [tuple(weight.shape) for weight in mixer.mix.parameters()]
        assert shapes == [(512, 1024), (512,), (128, 512), (128,)]

    def test_code_and_frames_both_reach_the_latent(self, semantic_config):
        model = InrvModel(semantic_config.model).eval()
        codes, features = torch.randn(2, 5), torch.randn(2, 4, 24)
        latents = model.latents(codes, features)
        assert latents.shape == (2, 6)
        assert not torch.allclose(latents, model.latents(codes + 1, features))
        assert not torch.allclose(latents, model.latents(codes, features + 1))

    def test_gradients_of_the_mixer(self):
        small = VideoClipConfig(feature_width=3, hidden_width=2, num_layers=1, dropout=0.0)
        config = LatentConfig(
            width=3, semantic="video-clip", code_width=2, mixer_hidden_width=4, video_clip=small
        )
        mixer = LatentMixer(config).double()
        codes = torch.randn(2, 2, dtype=torch.float64, requires_grad=True)
        features = torch.randn(2, 3, 3, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(mixer, (codes, features))


class TestNormalisation:
    def test_the_length_of_a_latent_does_not_matter(self, toy_model):
        model, latents = InrvModel(toy_model), torch.randn(3, 6)
        for factor in (1e-3, 5.0, 1e4):
            torch.testing.assert_close(
                weights_of(model.layers(factor * latents)), weights_of(model.layers(latents))
            )

    def test_a_latent_of_unit_mean_square_stays_as_it_is(self, toy_model):
        model, latents = InrvModel(toy_model), torch.randn(3, 6)
        unit = latents / latents.square().mean(dim=1, keepdim=True).sqrt()
        direct = weights_of(model.hypernetwork(unit))
        torch.testing.assert_close(weights_of(model.layers(latents)), direct)

    def test_switched_off_the_length_counts(self, make_model):
        model = InrvModel(make_model(latent=LatentConfig(width=6, normalise=False)))
        latents = torch.randn(3, 6)
        assert torch.equal(
            weights_of(model.layers(latents)), weights_of(model.hypernetwork(latents))
        )
        assert not torch.allclose(
            weights_of(model.layers(2 * latents)), weights_of(model.layers(latents))
        )

    def test_a_latent_of_zeros_gives_finite_weights(self, toy_model):
        assert weights_of(InrvModel(toy_model).layers(torch.zeros(1, 6))).isfinite().all()


def test_gradients_from_colours_to_latents(toy_model):
    model = InrvModel(toy_model).double()
    latents = torch.randn(2, 6, dtype=torch.float64, requires_grad=True)
    points = torch.randn(1, 5, model.in_width, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda m: model.colours(points, model.layers(m)), latents)


def test_tables_have_the_encoded_widths(toy_model):
    model = InrvModel(toy_model)
    tables = model.axis_tables((4, 6, 8), CPU)
    assert [tuple(table.shape) for table in tables] == [(4, 3), (6, 3), (8, 5)]
    assert model.in_width == 11


def test_the_same_seed_makes_the_same_model(toy_model):
    models = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        models.append(torch.cat([p.flatten() for p in InrvModel(toy_model).parameters()]))
    assert torch.equal(models[0], models[1])
    assert not torch.equal(models[0], models[2])


def test_configurations_are_compared_by_value(toy_model):
    assert dataclasses.replace(toy_model) == toy_model

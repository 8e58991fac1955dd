import dataclasses

import pytest
import torch

from videospace.inrv.model.coordinates import CoordinatesConfig
from videospace.inrv.model.inrv_model import InrvModel
from videospace.inrv.model.latents import LatentConfig, LatentMap, whole_keyframes
from videospace.inrv.model.video_clip_network import VideoClipConfig

CPU = torch.device("cpu")


def weights_of(layers):
    return torch.cat([part.flatten(1) for layer in layers for part in layer], dim=1)


class TestLatents:
    def test_without_a_semantic_embedding_the_latent_is_the_code(self, toy_model):
        model, codes = InrvModel(toy_model), torch.randn(3, 6)
        assert model.latents(codes, None) is codes
        assert list(model.latent_map.parameters()) == []

    @pytest.mark.parametrize(
        ("config", "expected"),
        [
            (LatentConfig(width=64), 64),
            (LatentConfig(width=64, code_width=7), 64),
            (LatentConfig(width=64, num_keyframes=3), 192),
            (LatentConfig(width=64, num_keyframes=3, semantic="video-clip"), 512),
            (LatentConfig(width=64, semantic="video-clip"), 512),
            (LatentConfig(width=64, semantic="video-clip", code_width=7), 7),
        ],
    )
    def test_widths_of_codes(self, config, expected):
        assert config.effective_code_width == expected

    def test_the_published_map_takes_1024_numbers_to_128(self):
        with torch.device("meta"):
            latent_map = LatentMap(LatentConfig(width=128, semantic="video-clip"))
        shapes = [tuple(weight.shape) for weight in latent_map.mlp.parameters()]
        assert shapes == [(512, 1024), (512,), (128, 512), (128,)]

    def test_code_and_frames_both_reach_the_latent(self, semantic_config):
        model = InrvModel(semantic_config.model).eval()
        codes, features = torch.randn(2, 5), torch.randn(2, 4, 24)
        latents = model.latents(codes, features)
        assert latents.shape == (2, 6)
        assert not torch.allclose(latents, model.latents(codes + 1, features))
        assert not torch.allclose(latents, model.latents(codes, features + 1))

    def test_gradients_of_the_map(self):
        small = VideoClipConfig(feature_width=3, hidden_width=2, num_layers=1, dropout=0.0)
        config = LatentConfig(
            width=3, semantic="video-clip", code_width=2, map_hidden_width=4, video_clip=small
        )
        latent_map = LatentMap(config).double()
        codes = torch.randn(2, 2, dtype=torch.float64, requires_grad=True)
        features = torch.randn(2, 3, 3, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(latent_map, (codes, features))


class TestKeyframes:
    TIMES = torch.tensor([-1.0, 0.0, 1.0])

    @pytest.fixture
    def models(self, keyframes_model, toy_model):
        """A model of three keyframes, and one of a single keyframe with the same weights."""
        model, plain = InrvModel(keyframes_model), InrvModel(toy_model)
        plain.load_state_dict(model.state_dict())
        return model, plain

    @pytest.mark.parametrize("keyframe", [0, 1, 2])
    def test_at_a_keyframe_its_own_numbers_hold(self, models, keyframe):
        model, plain = models
        latents = torch.randn(2, 18)
        layers = model.inrs(latents, self.TIMES[keyframe].expand(2)).layers
        expected = plain.inrs(latents[:, 6 * keyframe : 6 * keyframe + 6]).layers
        torch.testing.assert_close(weights_of(layers), weights_of(expected))

    def test_between_keyframes_their_numbers_are_blended_before_they_are_normalized(self, models):
        model, plain = models
        latents = torch.randn(2, 18)
        layers = model.inrs(latents, torch.tensor([0.25, -0.9])).layers  # each row at its own time
        blended = torch.stack(
            [
                0.75 * latents[0, 6:12] + 0.25 * latents[0, 12:],
                0.9 * latents[1, :6] + 0.1 * latents[1, 6:12],
            ]
        )
        torch.testing.assert_close(weights_of(layers), weights_of(plain.inrs(blended).layers))

    def test_keyframes_that_agree_are_one_network_for_the_whole_clip(self, models):
        model, plain = models
        numbers = torch.randn(1, 6)
        layers = model.inrs(numbers.repeat(7, 3), torch.linspace(-1, 1, 7)).layers
        expected = weights_of(plain.inrs(numbers).layers).expand(7, -1)
        torch.testing.assert_close(weights_of(layers), expected)

    def test_the_length_of_a_latent_does_not_matter_at_any_time(self, models):
        model, _ = models
        latents, times = torch.randn(4, 18), torch.linspace(-1, 1, 4)
        torch.testing.assert_close(
            weights_of(model.inrs(50 * latents, times).layers),
            weights_of(model.inrs(latents, times).layers),
        )

    def test_there_is_no_network_without_a_time(self, models):
        with pytest.raises(AssertionError, match="times"):
            models[0].inrs(torch.randn(2, 18))

    def test_gradients_reach_both_keyframes_beside_a_time_and_no_other(self, models):
        model = models[0].double()
        latents = torch.randn(2, 18, dtype=torch.float64, requires_grad=True)
        times = torch.tensor([-0.3, 0.6], dtype=torch.float64)
        points = torch.randn(1, 5, model.in_width, dtype=torch.float64)

        def colors(latents):
            return model.colors(points, model.inrs(latents, times))

        assert torch.autograd.gradcheck(colors, latents)
        (gradient,) = torch.autograd.grad(colors(latents).square().sum(), latents)
        reached = gradient.view(2, 3, 6).abs().amax(dim=2) > 0
        assert reached.tolist() == [[True, True, False], [False, True, True]]

    @pytest.mark.parametrize(
        ("placement", "num_frames", "expected"),
        [
            ("ends", 4, [-1, -1 / 3, 1 / 3, 1]),
            ("ends", 1, [0]),
            ("centers", 4, [-0.75, -0.25, 0.25, 0.75]),
        ],
    )
    def test_times_of_frames(self, make_model, placement, num_frames, expected):
        model = InrvModel(make_model(coordinates=CoordinatesConfig(time=placement)))
        assert model.frame_times(num_frames, CPU).tolist() == pytest.approx(expected)

    def test_a_semantic_latent_has_all_its_keyframes_from_one_code(self, semantic_config):
        latent = dataclasses.replace(semantic_config.model.latent, num_keyframes=3)
        model = InrvModel(dataclasses.replace(semantic_config.model, latent=latent)).eval()
        latents = model.latents(torch.randn(2, 5), torch.randn(2, 4, 24))
        assert latents.shape == (2, 18)
        assert weights_of(model.inrs(latents, torch.zeros(2)).layers).isfinite().all()


class TestNormalization:
    def test_the_length_of_a_latent_does_not_matter(self, toy_model):
        model, latents = InrvModel(toy_model), torch.randn(3, 6)
        for factor in (1e-3, 5.0, 1e4):
            torch.testing.assert_close(
                weights_of(model.inrs(factor * latents).layers),
                weights_of(model.inrs(latents).layers),
            )

    def test_a_latent_of_unit_mean_square_stays_as_it_is(self, toy_model):
        model, latents = InrvModel(toy_model), torch.randn(3, 6)
        unit = latents / latents.square().mean(dim=1, keepdim=True).sqrt()
        direct = weights_of(model.hypernetwork(unit))
        torch.testing.assert_close(weights_of(model.inrs(latents).layers), direct)

    def test_switched_off_the_length_counts(self, make_model):
        model = InrvModel(make_model(latent=LatentConfig(width=6, normalize=False)))
        latents = torch.randn(3, 6)
        assert torch.equal(
            weights_of(model.inrs(latents).layers), weights_of(model.hypernetwork(latents))
        )
        assert not torch.allclose(
            weights_of(model.inrs(2 * latents).layers), weights_of(model.inrs(latents).layers)
        )

    def test_a_latent_of_zeros_gives_finite_weights(self, toy_model):
        assert weights_of(InrvModel(toy_model).inrs(torch.zeros(1, 6)).layers).isfinite().all()


def test_gradients_from_colors_to_latents(toy_model):
    model = InrvModel(toy_model).double()
    latents = torch.randn(2, 6, dtype=torch.float64, requires_grad=True)
    points = torch.randn(1, 5, model.in_width, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda m: model.colors(points, model.inrs(m)), latents)


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


def test_a_constant_part_is_that_of_every_keyframe(make_model):
    config = LatentConfig(width=4, num_keyframes=3, constant_width=2, normalize=False)
    wide = dataclasses.replace(config, width=6, constant_width=0)
    model, plain = (InrvModel(make_model(latent=latent)) for latent in (config, wide))
    plain.load_state_dict(model.state_dict())
    latents, times = torch.randn(5, config.total_width), torch.linspace(-1, 1, 5)
    found = model.inrs(latents, times)
    expected = plain.inrs(whole_keyframes(latents, config).flatten(1), times)
    torch.testing.assert_close(weights_of(found.layers), weights_of(expected.layers))


def test_the_parts_of_a_latent_are_scaled_by_themselves(make_model):
    config = LatentConfig(width=4, num_keyframes=3, constant_width=2)
    model, latents = InrvModel(make_model(latent=config)), torch.randn(5, config.total_width)
    louder = torch.cat([3 * latents[:, :2], latents[:, 2:]], dim=1)
    times = torch.zeros(5)
    torch.testing.assert_close(
        weights_of(model.inrs(louder, times).layers), weights_of(model.inrs(latents, times).layers)
    )

"""Tracks of latents: parts, paths, moved coordinates and the mixture."""

import pytest
import torch
from tests.support.toy_spaces import TOY_MODEL, TRACKS, changed_model

from videospace.inrv.model.inr import Layer
from videospace.inrv.model.inrv_model import InrvModel
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.positional_encoding import EncodingConfig, encode_axis
from videospace.inrv.model.tracks import (
    join_latents,
    mix_tracks,
    path_weights,
    shift_first_layer,
    split_latents,
    window,
)


def encoded(point, encoding):
    """The encoding of points whose coordinates are the columns."""
    axes = [
        encode_axis(each, octaves) for each, octaves in zip(point.T, encoding.octaves, strict=True)
    ]
    return torch.cat(axes, dim=1)


class TestParts:
    def test_joining_undoes_splitting(self):
        latents = torch.randn(4, TRACKS.total_width)
        assert torch.equal(join_latents(split_latents(latents, TRACKS)), latents)

    def test_every_number_belongs_to_one_part(self):
        latents = torch.arange(TRACKS.total_width).float()
        parts = split_latents(latents, TRACKS)
        numbers = torch.cat([part.flatten() for part in parts])
        assert torch.equal(numbers.sort().values, latents)
        assert parts.paths.shape == (2, 3, 2)

    def test_latents_without_tracks_are_all_content(self):
        parts = split_latents(torch.randn(4, 6), LatentConfig(width=6))
        assert parts.content.shape == (4, 6)
        assert parts.looks.shape[1] == 0


class TestPathWeights:
    TIMES = torch.linspace(-1, 1, 33)

    @pytest.mark.parametrize("num_keyframes", [1, 2, 3, 9])
    def test_a_thing_at_rest_stays_at_rest(self, num_keyframes):
        weights = path_weights(self.TIMES, num_keyframes)
        torch.testing.assert_close(weights.sum(dim=1), torch.ones(33))

    @pytest.mark.parametrize("num_keyframes", [2, 3, 9])
    def test_constant_speed_stays_constant(self, num_keyframes):
        path = torch.linspace(-1, 1, num_keyframes)
        torch.testing.assert_close(path_weights(self.TIMES, num_keyframes) @ path, self.TIMES)

    def test_keyframes_are_passed(self):
        torch.testing.assert_close(path_weights(self.TIMES[::4], 9), torch.eye(9))

    def test_velocity_does_not_jump(self):
        path = torch.randn(5)
        positions = path_weights(torch.linspace(-1, 1, 4001), 5) @ path
        assert positions.diff(n=2).abs().max() < 1e-4

    def test_times_outside_the_clip_are_its_ends(self):
        weights = path_weights(torch.tensor([-3.0, 2.0]), 4)
        torch.testing.assert_close(weights, torch.eye(4)[[0, 3]])


class TestShiftFirstLayer:
    @pytest.mark.parametrize("octaves", [(0, 0, 0), (1, 2, 3), (4, 4, 4)])
    def test_absolute_coordinates_give_what_relative_ones_gave(self, octaves):
        encoding = EncodingConfig(
            time_octaves=octaves[0], height_octaves=octaves[1], width_octaves=octaves[2]
        )
        layer = Layer(torch.randn(3, 5, sum(encoding.axis_widths)), torch.randn(3, 5))
        points, centers = 2 * torch.rand(7, 3) - 1, torch.randn(3, 2)
        shifted = shift_first_layer(layer, centers, encoding)
        for inr in range(3):
            relative = points - torch.cat([torch.zeros(1), centers[inr]])
            expected = encoded(relative, encoding) @ layer.weight[inr].T + layer.bias[inr]
            found = encoded(points, encoding) @ shifted.weight[inr].T + shifted.bias[inr]
            torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-5)


class TestMixture:
    def test_without_a_window_the_background_is_seen(self):
        background, tracks = torch.randn(2, 5, 3), torch.randn(2, 3, 5, 4)
        torch.testing.assert_close(mix_tracks(background, tracks, torch.zeros(2, 3, 5)), background)

    def test_an_opaque_track_hides_the_background(self):
        tracks = torch.tensor([0.5, -0.5, 0.0, 9.0]).expand(1, 1, 4, 4)
        colors = mix_tracks(torch.ones(1, 4, 3), tracks, torch.ones(1, 1, 4))
        torch.testing.assert_close(colors, tracks[:, 0, :, :3], atol=1e-4, rtol=0)

    def test_the_order_of_tracks_has_no_meaning(self):
        background, tracks, windows = (
            torch.randn(2, 5, 3),
            torch.randn(2, 3, 5, 4),
            torch.rand(2, 3, 5),
        )
        order = [2, 0, 1]
        torch.testing.assert_close(
            mix_tracks(background, tracks[:, order], windows[:, order]),
            mix_tracks(background, tracks, windows),
        )

    def test_a_huge_opacity_stays_finite(self):
        tracks = torch.full((1, 2, 3, 4), 1e6)
        assert mix_tracks(torch.zeros(1, 3, 3), tracks, torch.ones(1, 2, 3)).isfinite().all()

    def test_a_window_closes_at_its_radius(self):
        opened = window(torch.tensor([0.1, 0.35, 0.6, 2.0]), torch.tensor(0.1), 0.5)
        assert opened[0] == 1
        assert 0 < opened[1] < 1
        assert (opened[2:] == 0).all()


class TestModel:
    @pytest.fixture
    def model(self):
        return InrvModel(changed_model(latent=TRACKS))

    def colors(self, model, latents, times=(0.0,)):
        tables = model.axis_tables((1, 6, 8), torch.device("cpu"))
        features = torch.cat(
            [
                tables[0][0].expand(48, -1),
                tables[1].repeat_interleave(8, 0),
                tables[2].repeat(6, 1),
            ],
            1,
        )
        return model.colors(features[None], model.inrs(latents, torch.tensor(times)))

    def test_tracks_in_any_order_show_the_same_clip(self, model):
        latents = torch.randn(1, TRACKS.total_width)
        parts = split_latents(latents, TRACKS)
        swapped = parts._replace(looks=parts.looks.flip(1), paths=parts.paths.flip(1))
        torch.testing.assert_close(
            self.colors(model, join_latents(swapped)), self.colors(model, latents)
        )

    def test_a_thing_moves_with_its_path(self, model):
        """Moved by one pixel before a flat background, it looks the same one pixel further."""
        with torch.no_grad():
            for parameter in model.hypernetwork.parameters():
                parameter.zero_()
        latents = 0.1 * torch.randn(1, TRACKS.total_width)
        parts = split_latents(latents, TRACKS)
        moved = parts._replace(paths=parts.paths + torch.tensor([0.0, 2 / 8]))
        before = self.colors(model, latents).view(6, 8, 3)
        after = self.colors(model, join_latents(moved)).view(6, 8, 3)
        assert before.std() > 1e-4
        torch.testing.assert_close(after[:, 1:], before[:, :-1], atol=1e-5, rtol=1e-4)

    def test_gradients_reach_looks_and_paths(self, model):
        latents = (0.1 * torch.randn(1, TRACKS.total_width)).requires_grad_()
        self.colors(model, latents).square().sum().backward()
        assert latents.grad is not None
        grads = split_latents(latents.grad, TRACKS)
        assert all(grad.abs().sum() > 0 for grad in (grads.content, grads.looks, grads.paths))

    def test_times_are_needed(self, model):
        with pytest.raises(AssertionError, match="times"):
            model.inrs(torch.randn(1, TRACKS.total_width))

    def test_a_model_without_tracks_has_no_weights_for_them(self):
        names = [name for name, _ in InrvModel(TOY_MODEL).named_parameters()]
        assert not any("track" in name for name in names)

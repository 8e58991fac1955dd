import dataclasses
import math

import numpy as np
import pytest
import torch
from tests.support.toy_spaces import TRACKS

from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.tracks import split_latents
from videospace.inrv.tracking.find_tracks import find_tracks
from videospace.inrv.training import code_init
from videospace.inrv.training.code_init import CodeInitConfig, geodesic_embedding, initial_codes
from videospace.runtime.errors import UserError


def half_circle(num, radius=1.0):
    angle = torch.linspace(0, math.pi, num)
    return radius * torch.stack([angle.cos(), angle.sin()], dim=1)


def spiral(num):
    """A turn and a bit, whose ends lie further apart than neighbors do."""
    angle = torch.linspace(2, 10, num)
    return torch.stack([angle * angle.cos(), angle * angle.sin()], dim=1)


def shuffled(points):
    order = torch.randperm(len(points))
    return points[order], order.argsort()


def is_monotone(values):
    steps = values.diff()
    return bool((steps > 0).all() or (steps < 0).all())


class TestGeodesicEmbedding:
    @pytest.mark.parametrize("curve", [half_circle, spiral])
    def test_a_curve_becomes_a_line(self, curve):
        points, back = shuffled(curve(80))
        embedding = geodesic_embedding(points, 3, num_neighbors=3)[back]
        variances = embedding.var(dim=0)
        assert variances[0] > 0.99 * variances.sum()
        assert is_monotone(embedding[:, 0])

    def test_distances_are_those_along_the_curve(self):
        embedding = geodesic_embedding(half_circle(80), 2, num_neighbors=2)
        length = (embedding[0] - embedding[-1]).norm().item()
        assert length == pytest.approx(math.pi, rel=0.02)
        straight = (half_circle(80)[0] - half_circle(80)[-1]).norm().item()
        assert straight == pytest.approx(2)

    def test_it_is_centered_and_falls_in_variance(self):
        embedding = geodesic_embedding(torch.randn(40, 5), 6, num_neighbors=5)
        torch.testing.assert_close(embedding.mean(dim=0), torch.zeros(6), atol=1e-4, rtol=0)
        assert (embedding.var(dim=0).diff() <= 1e-5).all()

    def test_flat_data_are_kept_up_to_a_turn(self):
        points = torch.randn(30, 2)
        embedding = geodesic_embedding(points, 2, num_neighbors=29)
        torch.testing.assert_close(
            torch.cdist(embedding, embedding), torch.cdist(points, points), atol=1e-2, rtol=0
        )

    def test_edges_lead_both_ways_whatever_rounding_does_to_distances(self):
        torch.manual_seed(13)  # of which two are neighbors in one direction only
        points = torch.randn(300, 8).double()
        distances = torch.cdist(points, points).numpy()
        paths = code_init._shortest_paths(distances, 6)
        np.testing.assert_allclose(paths, paths.T, atol=1e-9)
        np.testing.assert_allclose(paths, code_init._shortest_paths(distances.T, 6), atol=1e-6)

    def test_clusters_without_a_link_are_joined(self):
        near, far = torch.randn(20, 3), torch.randn(20, 3) + 100
        embedding = geodesic_embedding(torch.cat([near, far]), 4, num_neighbors=4)
        assert embedding.isfinite().all()
        first = embedding[:, 0]
        gap = max(first[:20].min() - first[20:].max(), first[20:].min() - first[:20].max())
        assert gap > 100

    def test_more_points_than_landmarks(self, monkeypatch):
        monkeypatch.setattr(code_init, "MAX_LANDMARKS", 60)
        points, back = shuffled(half_circle(300))
        embedding = geodesic_embedding(points, 3, num_neighbors=4)[back]
        assert embedding.shape == (300, 3)
        first = embedding[:, 0]
        position = torch.linspace(-1, 1, 300)
        assert torch.corrcoef(torch.stack([first, position]))[0, 1].abs() > 0.998
        assert embedding.var(dim=0)[0] > 0.98 * embedding.var(dim=0).sum()

    def test_landmarks_follow_the_seed(self, monkeypatch):
        monkeypatch.setattr(code_init, "MAX_LANDMARKS", 20)
        points = torch.randn(50, 3)
        first, same, other = (geodesic_embedding(points, 2, 3, seed) for seed in (1, 1, 2))
        assert torch.equal(first, same)
        assert not torch.equal(first, other)

    def test_columns_without_a_dimension_are_zero(self):
        embedding = geodesic_embedding(torch.randn(4, 2), 9, num_neighbors=6)
        assert embedding.shape == (4, 9)
        assert embedding[:, 4:].abs().max() == 0

    @pytest.mark.parametrize("num_points", [1, 2, 5, 30])
    def test_points_that_are_all_the_same(self, num_points):
        embedding = geodesic_embedding(torch.ones(num_points, 3), 4, num_neighbors=6)
        assert embedding.shape == (num_points, 4)
        assert embedding.isfinite().all()
        assert embedding.abs().max() < 1e-3

    def test_identical_points_among_more_than_the_landmarks(self, monkeypatch):
        monkeypatch.setattr(code_init, "MAX_LANDMARKS", 20)
        assert geodesic_embedding(torch.ones(30, 3), 4, num_neighbors=6).isfinite().all()


class TestInitialCodes:
    def codes(self, store, start, width=6, rows=None, seed=0, **settings):
        rows = list(range(len(store))) if rows is None else rows
        latent = LatentConfig(width=width)
        config = CodeInitConfig(method=start, **settings)
        return initial_codes(config, store.frames, rows, latent, seed)

    def test_gaussian_codes_have_their_deviation_and_seed(self, store):
        rows = [0, 1, 2, 3, 4] * 400
        codes = self.codes(store, "gaussian", 8, rows, deviation=0.01)
        assert codes.shape == (2000, 8)
        assert codes.std().item() == pytest.approx(0.01, rel=0.03)
        assert codes.mean().item() == pytest.approx(0, abs=3e-4)
        assert torch.equal(codes, self.codes(store, "gaussian", 8, rows, deviation=0.01))
        assert not torch.equal(codes, self.codes(store, "gaussian", 8, rows, seed=1))

    @pytest.mark.parametrize("start", ["pca", "isomap"])
    def test_clips_are_scaled_and_offset(self, store, start):
        codes = self.codes(store, start, width=6, offset=1.5)
        assert codes.shape == (5, 6)
        # a root mean square of 1 over all numbers of a code, before the offset takes its place
        assert codes[:, :-1].square().sum(dim=1).mean().item() == pytest.approx(6, rel=1e-4)
        torch.testing.assert_close(codes[:, -1], torch.full((5,), 1.5 * 6**0.5))

    def test_like_clips_have_like_codes(self, tmp_path, make_store):
        shades = np.array([0, 10, 200, 210])[:, None, None, None, None]
        clips = np.broadcast_to(shades, (4, 4, 6, 8, 3)).astype(np.uint8)
        store = make_store(tmp_path / "shades", 4, clips=clips)
        distances = torch.cdist(*[self.codes(store, "pca")] * 2)
        assert distances[0, 1] < 0.1 * distances[0, 2]
        assert distances[2, 3] < 0.1 * distances[1, 2]

    @pytest.mark.parametrize("start", ["gaussian", "pca", "isomap"])
    @pytest.mark.parametrize("rows", [[2], [1, 1, 1]])
    def test_one_clip_or_the_same_over_again(self, store, start, rows):
        codes = self.codes(store, start, rows=rows)
        assert codes.shape == (len(rows), 6)
        assert codes.isfinite().all()

    def test_a_code_of_one_number_has_no_room(self, store):
        with pytest.raises(UserError, match="at least 2 numbers"):
            self.codes(store, "isomap", width=1)

    def test_content_that_all_clips_share(self, store):
        assert self.codes(store, "pca", width=1).unique().numel() == 1


class TestKeyframes:
    def codes(self, store, start, width=6, **settings):
        rows = list(range(len(store)))
        latent = LatentConfig(width=width, num_keyframes=3)
        config = CodeInitConfig(method=start, **settings)
        return initial_codes(config, store.frames, rows, latent, 0)

    @pytest.mark.parametrize("start", ["pca", "isomap"])
    def test_every_keyframe_is_scaled_and_offset(self, store, start):
        codes = self.codes(store, start, offset=1.5)
        assert codes.shape == (5, 18)
        keyframes = codes.view(15, 6)
        assert keyframes[:, :-1].square().sum(dim=1).mean().item() == pytest.approx(6, rel=1e-4)
        torch.testing.assert_close(keyframes[:, -1], torch.full((15,), 1.5 * 6**0.5))

    def test_gaussian_codes_have_their_deviation(self, store):
        codes = self.codes(store, "gaussian", width=2000, deviation=0.01)
        assert codes.shape == (5, 6000)
        assert codes.std().item() == pytest.approx(0.01, rel=0.03)

    def test_keyframes_that_look_alike_have_like_numbers(self, tmp_path, make_store):
        """Two clips fade between the same two grays, one of them there and one back again."""
        there = np.linspace(20, 220, 5).astype(np.uint8)
        clips = np.stack([there, there[::-1]])[:, :, None, None, None]
        clips = np.broadcast_to(clips, (2, 5, 6, 8, 3))
        store = make_store(tmp_path / "fades", 2, (5, 6, 8), clips=clips)
        one, other = self.codes(store, "pca").view(2, 3, 6)
        torch.testing.assert_close(one, other.flip(0), atol=1e-3, rtol=0)
        assert (one[0] - one[2]).norm() > 1


class TestConstantPart:
    LATENT = LatentConfig(width=4, num_keyframes=3, constant_width=5)

    def codes(self, clips, method="pca"):
        read = lambda rows: clips[rows]  # noqa: E731
        config = CodeInitConfig(method=method)
        return initial_codes(config, read, list(range(len(clips))), self.LATENT, 0)

    def test_it_shows_what_stays_and_keyframes_show_what_changes(self):
        pictures = np.random.default_rng(0).integers(100, 156, (4, 1, 6, 8, 3), dtype=np.uint8)
        changes = np.random.default_rng(1).integers(-40, 40, (3, 5, 6, 8, 3))
        changes = changes - changes.mean(axis=1, keepdims=True).round().astype(int)
        clips = np.stack([pictures[i] + changes[j] for i in range(4) for j in range(3)])
        constant, keyframes = self.codes(clips.astype(np.uint8)).split([5, 12], dim=1)
        of_picture, of_change = constant.view(4, 3, 5), keyframes.view(4, 3, 12)
        assert of_picture.std(dim=1).max() < 0.1 * of_picture.std(dim=0).max()
        assert of_change.std(dim=0).max() < 0.1 * of_change.std(dim=1).max()

    def test_noise_is_allowed_and_an_embedding_of_whole_clips_is_not(self):
        clips = np.random.default_rng(0).integers(0, 256, (3, 4, 6, 8, 3), dtype=np.uint8)
        assert self.codes(clips, "gaussian").shape == (3, 17)
        with pytest.raises(UserError, match="constant-width"):
            self.codes(clips, "isomap")


class TestTracks:
    @pytest.mark.parametrize("start", ["gaussian", "pca", "isomap"])
    def test_a_code_has_content_looks_and_paths(self, store, start):
        config = CodeInitConfig(method=start)
        codes = initial_codes(config, store.frames, list(range(5)), TRACKS, 0)
        content = initial_codes(
            config, store.frames, list(range(5)), LatentConfig(width=6, num_keyframes=2), 0
        )
        assert codes.shape == (5, TRACKS.total_width)
        assert torch.equal(codes[:, :12], content)
        paths = split_latents(codes, TRACKS).paths
        assert paths.isfinite().all()
        assert paths.abs().max() < 2

    def test_paths_are_those_that_were_found(self, store):
        latent = dataclasses.replace(TRACKS, num_path_keyframes=4)
        codes = initial_codes(CodeInitConfig(), store.frames, [0, 3], latent, 7)
        found = find_tracks(torch.from_numpy(store.frames([0, 3])), 2, seed=7)
        torch.testing.assert_close(
            split_latents(codes, latent).paths, found.paths, atol=1e-4, rtol=1e-4
        )

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from videospace.inrv.training import data as training_data
from videospace.inrv.training.data import TrainingClips, clip_batch
from videospace.runtime.random import random_stream

CPU = torch.device("cpu")


class TestBatches:
    @settings(deadline=None, max_examples=60)
    @given(st.integers(0, 99), st.integers(1, 40), st.integers(1, 50), st.integers(0, 20))
    def test_an_epoch_shows_a_clip_at_most_once(self, seed, num_clips, batch_clips, epoch):
        per_epoch = num_clips // min(batch_clips, num_clips)
        batches = [
            clip_batch(seed, num_clips, batch_clips, epoch * per_epoch + index)
            for index in range(per_epoch)
        ]
        seen = torch.cat(batches)
        assert all(len(batch) == min(batch_clips, num_clips) for batch in batches)
        assert len(seen.unique()) == len(seen)
        assert 0 <= seen.min() <= seen.max() < num_clips
        if num_clips % batch_clips == 0:
            assert len(seen) == num_clips

    @settings(deadline=None, max_examples=60)
    @given(st.integers(0, 99), st.integers(1, 60), st.integers(1, 50), st.integers(1, 8))
    def test_shares_are_equal_and_every_clip_has_its_turn(
        self, seed, num_clips, batch_clips, num_shards
    ):
        per_epoch = num_clips // min(batch_clips, num_clips)
        batches = [
            clip_batch(seed, num_clips, batch_clips, index, num_shards)
            for index in range(per_epoch)
        ]
        for batch in batches:
            counts = (batch % num_shards).bincount(minlength=num_shards)
            assert counts.max() - counts.min() <= 1 or num_clips < num_shards
        seen = torch.cat(batches)
        assert len(seen.unique()) == len(seen)
        if num_clips % min(batch_clips, num_clips) == 0:
            assert len(seen) == num_clips

    def test_clips_of_a_share_are_shuffled(self):
        orders = {tuple(clip_batch(0, 30, 30, epoch, 3).tolist()) for epoch in range(4)}
        assert len(orders) == 4

    def test_epochs_and_seeds_have_orders_of_their_own(self):
        def order(seed, epoch):
            return clip_batch(seed, 30, 30, epoch).tolist()

        assert order(0, 0) == order(0, 0)
        assert len({tuple(order(seed, epoch)) for seed in range(3) for epoch in range(3)}) == 9


class TestPixels:
    def test_points_are_the_pixels_of_the_flattened_grid(self, store):
        clips = TrainingClips(store, [3, 1], CPU)
        points = torch.tensor([[0, 5 * 8 + 7, 4 * 6 * 8 - 1], [9, 100, 0]])
        colors = clips.colors(torch.tensor([1, 0]), points)
        flat = store.frames([1, 3]).reshape(2, -1, 3).astype(np.float32) / 127.5 - 1
        for clip in range(2):
            np.testing.assert_allclose(colors[clip], flat[clip][points[clip]], atol=1e-6)
        assert colors.min() >= -1
        assert colors.max() <= 1

    def test_clips_on_the_disk_are_the_same_as_in_memory(self, store, monkeypatch):
        resident = TrainingClips(store, [4, 0, 2], CPU)
        monkeypatch.setattr(training_data, "RESIDENT_BYTES", 0)
        mapped = TrainingClips(store, [4, 0, 2], CPU)
        assert resident.resident is not None
        assert mapped.resident is None
        clips, points = torch.tensor([2, 0]), torch.randint(192, (2, 30))
        assert torch.equal(mapped.colors(clips, points), resident.colors(clips, points))
        assert torch.equal(mapped.median_colors, resident.median_colors)
        draws = [
            c.important_points(clips, 20, random_stream(5, "points")) for c in (mapped, resident)
        ]
        assert torch.equal(*draws)


class TestPoints:
    def test_uniform_points_cover_the_grid(self, store):
        clips = TrainingClips(store, [0], CPU)
        points = clips.uniform_points(1, 40_000, random_stream(0, "points"))
        counts = points.flatten().bincount(minlength=192)
        assert counts.min() > 140
        assert counts.max() < 280

    def test_important_points_go_where_something_moves(self, tmp_path, make_store):
        still = np.full((1, 4, 6, 8, 3), 90, np.uint8)
        still[0, :, 2, 3] = [[0] * 3, [255] * 3, [0] * 3, [255] * 3]
        store = make_store(tmp_path / "still", 1, clips=still)
        clips = TrainingClips(store, [0], CPU)
        points = clips.important_points(torch.tensor([0]), 2000, random_stream(0, "points"))
        moving = (points.remainder(48) == 2 * 8 + 3).float().mean()
        assert points.shape == (1, 2000)
        assert moving > 0.1  # 1/48 of the points, at most 8 times as often

    def test_points_of_a_frame_cover_it_and_nothing_else(self, store):
        clips = TrainingClips(store, [0, 1], CPU)
        points = clips.uniform_points(2, 8000, random_stream(0, "points"), torch.tensor([3, 1]))
        assert points.shape == (2, 8000)
        for row, frame in zip(points, (3, 1), strict=True):
            counts = (row - 48 * frame).bincount(minlength=48)
            assert len(counts) == 48
            assert counts.min() > 100

    def test_important_points_of_a_frame_go_where_it_moves(self, tmp_path, make_store):
        still = np.full((2, 4, 6, 8, 3), 90, np.uint8)
        still[:, 3, 2, 3] = 255  # the color of the background until the last frame
        clips = TrainingClips(make_store(tmp_path / "still", 2, clips=still), [0, 1], CPU)
        frames = torch.tensor([2, 1])
        points = clips.important_points(
            torch.tensor([0, 1]), 4000, random_stream(0, "points"), frames
        )
        assert (points // 48 == frames[:, None]).all()
        shares = (points % 48 == 2 * 8 + 3).float().mean(dim=1)
        assert shares[0] > 0.1  # of 1/48 of the points, at most 8 times as often
        assert shares[1] < 1.5 / 48

    def test_a_plain_clip_has_no_favorites(self, tmp_path, make_store):
        store = make_store(tmp_path / "plain", 1, clips=np.full((1, 4, 6, 8, 3), 90, np.uint8))
        clips = TrainingClips(store, [0], CPU)
        points = clips.important_points(torch.tensor([0]), 5000, random_stream(0, "points"))
        assert points.flatten().bincount(minlength=192).max() < 60

    @pytest.mark.parametrize("size", [(1, 1, 1), (1, 3, 5), (2, 1, 1)])
    def test_the_smallest_clips(self, tmp_path, make_store, size):
        clips = TrainingClips(make_store(tmp_path / "small", 2, size), [0, 1], CPU)
        points = clips.important_points(torch.tensor([1, 0]), 7, random_stream(0, "points"))
        assert 0 <= points.min() <= points.max() < size[0] * size[1] * size[2]

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from videospace.inrv.semantic import clip_pca as components
from videospace.inrv.semantic.clip_pca import box_filtered, clip_components
from videospace.runtime.errors import UserError
from videospace.runtime.pca import principal_components


def random_clips(num_clips=8, num_frames=3, height=6, width=5, seed=0):
    shape = (num_clips, num_frames, height, width, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def reader(clips):
    return lambda rows: clips[rows]


def samples_of(clips):
    samples = torch.from_numpy(clips).flatten(1).double() / 127.5 - 1
    return (samples - samples.mean(dim=0)) / samples.shape[1] ** 0.5


class TestClipComponents:
    def test_scores_equal_a_singular_value_decomposition_up_to_sign(self):
        clips = random_clips()
        scores, singular_values = clip_components(reader(clips), range(8), 5)
        left, expected, _ = torch.linalg.svd(samples_of(clips), full_matrices=False)
        torch.testing.assert_close(singular_values, expected[:5].float())
        torch.testing.assert_close(scores.abs(), (left * expected)[:, :5].abs().float())

    def test_squares_add_up_to_the_mean_squared_deviation_from_the_mean_clip(self):
        clips = random_clips()
        scores, _ = clip_components(reader(clips), range(8), 7)
        torch.testing.assert_close(
            scores.square().sum(dim=1), samples_of(clips).square().sum(dim=1).float()
        )

    @settings(max_examples=25, deadline=None)
    @given(st.integers(1, 9), st.integers(1, 12), st.integers(0, 1000))
    def test_columns_are_centered_ordered_and_uncorrelated(self, num_clips, num_components, seed):
        clips = random_clips(num_clips, seed=seed)
        scores, singular_values = clip_components(reader(clips), range(num_clips), num_components)
        assert scores.shape == (num_clips, num_components)
        torch.testing.assert_close(
            scores.mean(dim=0), torch.zeros(num_components), atol=1e-5, rtol=0
        )
        torch.testing.assert_close(
            scores.T @ scores, singular_values.square().diag(), atol=1e-5, rtol=1e-4
        )
        assert (singular_values.diff() <= 1e-6).all()

    def test_the_largest_entry_of_each_column_is_positive(self):
        scores, _ = clip_components(reader(random_clips(20)), range(20), 10)
        largest = scores.gather(0, scores.abs().argmax(dim=0)[None])[0]
        assert (largest > 0).all()

    def test_two_clips_whose_entries_tie_put_the_first_on_the_positive_side(self):
        for seed in range(20):
            clips = random_clips(2, seed=seed)
            scores, _ = clip_components(reader(clips), range(2), 1)
            assert scores[0, 0] > 0

    def test_columns_beyond_the_clips_are_zero(self):
        scores, singular_values = clip_components(reader(random_clips(4)), range(4), 6)
        assert (singular_values[:3] > 0).all()
        assert (scores[:, 3:] == 0).all()
        assert (singular_values[3:] == 0).all()

    @pytest.mark.parametrize("clips", [random_clips(1), np.full((5, 2, 1, 1, 3), 7, np.uint8)])
    def test_clips_that_do_not_differ_score_zero(self, clips):
        scores, singular_values = clip_components(reader(clips), range(len(clips)), 3)
        assert torch.equal(scores, torch.zeros(len(clips), 3))
        assert torch.equal(singular_values, torch.zeros(3))

    def test_rows_choose_and_order_the_clips(self):
        clips = random_clips(10)
        chosen = [7, 2, 5, 0]
        scores, _ = clip_components(reader(clips), chosen, 3)
        expected, _ = clip_components(reader(clips[chosen]), range(4), 3)
        assert torch.equal(scores, expected)

    def test_the_size_of_the_clips_hardly_changes_the_scores(self):
        small = random_clips(6, 4, 8, 8)
        large = small.repeat(8, axis=2).repeat(8, axis=3)
        torch.testing.assert_close(
            clip_components(reader(large), range(6), 4, max_side=16),
            clip_components(reader(small), range(6), 4, max_side=16),
            atol=1e-5,
            rtol=1e-4,
        )

    def test_blocks_and_the_memory_limit_are_kept(self, monkeypatch):
        clips = random_clips(30, 4, 16, 16)
        monkeypatch.setattr(components, "BLOCK_BYTES", 4 * clips[:7].size)
        monkeypatch.setattr(components, "REDUCED_BYTES", 30 * 4 * 5 * 5 * 3 * 4)
        read, reduced_sizes = [], []

        def read_clips(rows):
            read.append(len(rows))
            return clips[rows]

        def watched(frames, size):
            reduced_sizes.append(size)
            return box_filtered(frames, size)

        monkeypatch.setattr(components, "box_filtered", watched)
        clip_components(read_clips, range(30), 3)
        assert max(read) == 7
        assert set(reduced_sizes) == {(5, 5)}

    def test_no_clips_at_all(self):
        with pytest.raises(UserError, match="at least one clip"):
            clip_components(reader(random_clips()), [], 3)


class TestKeyframes:
    """Clips that run in straight lines between three pictures each."""

    WEIGHTS = np.array([[1, 0, 0], [0.5, 0.5, 0], [0, 1, 0], [0, 0.5, 0.5], [0, 0, 1]])

    def ramps(self, num_clips=6):
        """The pictures, of even numbers, so that the frames between them are whole ones."""
        pictures = random_clips(num_clips, 3, seed=3) // 2 * 2
        frames = np.einsum("tm,nmhwc->nthwc", self.WEIGHTS, pictures.astype(float))
        return pictures, frames.astype(np.uint8)

    def test_linear_ramps_are_described_by_their_pictures(self):
        pictures, clips = self.ramps()
        scores, singular_values = clip_components(reader(clips), range(6), 5, num_keyframes=3)
        samples = samples_of(pictures.reshape(18, 6, 5, 3))  # keyframe by keyframe of every clip
        expected = principal_components(samples.float(), 5)
        assert scores.shape == (18, 5)
        torch.testing.assert_close(singular_values, expected.singular_values)
        torch.testing.assert_close(scores, expected.scores, atol=1e-5, rtol=1e-4)

    def test_other_clips_by_the_pictures_whose_ramps_come_nearest(self):
        clips = random_clips(4, 5, seed=1)
        scores, _ = clip_components(reader(clips), range(4), 11, num_keyframes=3)
        nearest = np.einsum("mt,nthwc->nmhwc", np.linalg.pinv(self.WEIGHTS), clips / 127.5 - 1)
        samples = torch.from_numpy(nearest).reshape(12, -1)
        samples = (samples - samples.mean(dim=0)) / samples.shape[1] ** 0.5
        torch.testing.assert_close(
            scores @ scores.T, (samples @ samples.T).float(), atol=1e-5, rtol=1e-4
        )

    def test_a_still_is_the_same_at_every_keyframe(self):
        clips = random_clips(5, 1).repeat(7, axis=1)
        scores, _ = clip_components(reader(clips), range(5), 4, num_keyframes=3)
        keyframes = scores.view(5, 3, 4)
        torch.testing.assert_close(
            keyframes, keyframes[:, :1].expand(-1, 3, -1), atol=1e-5, rtol=1e-4
        )

    @pytest.mark.parametrize("num_frames", [1, 2, 4])
    def test_fewer_frames_than_keyframes(self, num_frames):
        clips = random_clips(5, num_frames)
        scores, _ = clip_components(reader(clips), range(5), 4, num_keyframes=6)
        assert scores.shape == (30, 4)
        assert scores.isfinite().all()

    def test_the_memory_limit_counts_keyframes_and_not_frames(self, monkeypatch):
        clips, reduced_sizes = random_clips(30, 4, 16, 16), []
        monkeypatch.setattr(components, "REDUCED_BYTES", 30 * 2 * 5 * 5 * 3 * 4)

        def watched(frames, size):
            reduced_sizes.append(size)
            return box_filtered(frames, size)

        monkeypatch.setattr(components, "box_filtered", watched)
        clip_components(reader(clips), range(30), 3, num_keyframes=2)
        assert set(reduced_sizes) == {(5, 5)}


class TestBoxFiltered:
    def test_known_value(self):
        frames = torch.zeros(1, 2, 4, 3, dtype=torch.uint8)
        frames[0, :, 2:, 0] = 255
        expected = torch.tensor([[-1.0, -1.0, -1.0, 1.0, -1.0, -1.0]])
        torch.testing.assert_close(box_filtered(frames, (1, 2)), expected)

    def test_equals_area_pooling_at_sizes_that_do_not_divide(self):
        frames = torch.from_numpy(random_clips(1, 4, 13, 10)[0])
        pooled = torch.nn.functional.interpolate(
            frames.permute(0, 3, 1, 2) / 127.5 - 1, (5, 3), mode="area"
        )
        torch.testing.assert_close(
            box_filtered(frames, (5, 3)), pooled.permute(0, 2, 3, 1).flatten(1)
        )

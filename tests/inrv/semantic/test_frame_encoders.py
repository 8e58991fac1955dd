import numpy as np
import pytest
import torch

from videospace.inrv.semantic.frame_encoders import ComponentFrameEncoder, FrameEncoder, short_hash


def random_clips(num_clips=6, num_frames=5, height=8, width=6, seed=0):
    shape = (num_clips, num_frames, height, width, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def fit(clips, **settings):
    return ComponentFrameEncoder.fit(lambda rows: clips[rows], range(len(clips)), **settings)


def all_frames(clips):
    return torch.from_numpy(clips).flatten(0, 1)


def test_the_base_class_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        FrameEncoder()


class TestComponentFrameEncoder:
    def test_features_are_centered_uncorrelated_ordered_and_of_unit_mean_square(self):
        clips = random_clips()
        encoder = fit(clips, num_components=10)
        features = encoder.encode(all_frames(clips))
        assert features.shape == (30, 10)
        assert encoder.width == 10
        torch.testing.assert_close(features.mean(dim=0), torch.zeros(10), atol=1e-4, rtol=0)
        torch.testing.assert_close(features.square().mean(), torch.tensor(1.0))
        covariance = features.T @ features
        variances = covariance.diag()
        torch.testing.assert_close(covariance, variances.diag(), atol=1e-3, rtol=0)
        assert (variances.diff() < 0).all()

    def test_distances_between_frames_are_kept_by_all_components(self):
        clips = random_clips(2, 4, 3, 5)
        frames = all_frames(clips)
        pixels = frames.flatten(1).float()
        features = fit(clips).encode(frames)
        ratios = torch.pdist(features) / torch.pdist(pixels)
        torch.testing.assert_close(ratios, ratios.mean().expand_as(ratios), atol=0, rtol=1e-4)

    def test_width_is_limited_by_what_the_frames_vary_in(self):
        assert fit(random_clips(2, 3)).width == 5
        assert fit(random_clips(40, 5, 1, 1)).width == 3

    @pytest.mark.parametrize("shape", [(1, 1), (3, 5), (40, 33)])
    def test_odd_and_tiny_frames(self, shape):
        clips = random_clips(3, 2, *shape)
        encoder = fit(clips)
        assert encoder.encode(all_frames(clips)).shape == (6, encoder.width)

    def test_frames_that_are_all_alike_give_one_feature_that_is_zero(self):
        clips = np.full((3, 2, 4, 4, 3), 200, dtype=np.uint8)
        assert torch.equal(fit(clips).encode(all_frames(clips)), torch.zeros(6, 1))

    def test_the_same_clips_give_the_same_encoder_and_others_another_name(self):
        clips = random_clips()
        one, two = fit(clips), fit(clips)
        assert one.name == two.name
        assert torch.equal(one.encode(all_frames(clips)), two.encode(all_frames(clips)))
        assert one.name != fit(random_clips(seed=1)).name
        assert one.name != fit(clips, num_components=3).name

    def test_the_name_can_stand_in_a_file_name(self):
        assert fit(random_clips()).name.replace("-", "").isalnum()

    def test_only_a_part_of_a_large_set_is_read(self):
        clips = random_clips(300, 2, 2, 2)
        read = []

        def read_clips(rows):
            read.extend(rows)
            return clips[rows]

        ComponentFrameEncoder.fit(read_clips, range(300), num_components=3)
        assert len(read) == len(set(read)) == 256
        assert max(read) > 256

    def test_only_the_given_rows_are_read(self):
        clips = random_clips(10)
        read = []

        def read_clips(rows):
            read.extend(rows)
            return clips[rows]

        ComponentFrameEncoder.fit(read_clips, [1, 4, 8])
        assert sorted(read) == [1, 4, 8]


def test_a_fingerprint_sees_every_bit():
    weights = {"weight": torch.zeros(2, 3)}
    changed = {"weight": torch.zeros(2, 3)}
    changed["weight"][1, 2] = 1e-30
    prints = {
        short_hash(weights, "settings"),
        short_hash(changed, "settings"),
        short_hash(weights, "other settings"),
        short_hash({"bias": weights["weight"]}, "settings"),
        short_hash({"weight": torch.zeros(3, 2)}, "settings"),
    }
    assert len(prints) == 5
    assert short_hash(weights, "settings") == short_hash({"weight": torch.zeros(2, 3)}, "settings")

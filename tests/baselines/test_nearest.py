import numpy as np
import pytest

from videospace.baselines.nearest import nearest_clip
from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.tasks import downsample, everything, frame_interpolation, inpainting

CLIPS = np.random.default_rng(0).integers(0, 256, (7, 4, 6, 6, 3), dtype=np.uint8)


@pytest.mark.parametrize("row", range(7))
class TestTheTwinIsFound:
    def test_under_noise(self, row):
        noise = np.random.default_rng(row).integers(-20, 21, CLIPS[row].shape)
        noisy = (CLIPS[row] + noise).clip(0, 255).astype(np.uint8)
        assert np.array_equal(nearest_clip(CLIPS, everything(noisy), (6, 6)), CLIPS[row])

    @pytest.mark.parametrize("factor", [2, 4])
    def test_on_a_coarser_grid(self, row, factor):
        context = everything(downsample(CLIPS[row], factor))
        assert np.array_equal(nearest_clip(CLIPS, context, (6, 6)), CLIPS[row])

    def test_by_what_is_seen_alone(self, row):
        for build in (inpainting, frame_interpolation):
            context = build(CLIPS[row])
            other = np.where(context.observed[..., None], CLIPS[row], CLIPS[row - 1])
            context = Context(video=other, observed=context.observed)
            assert np.array_equal(nearest_clip(CLIPS, context, (6, 6)), CLIPS[row])


def test_the_least_squared_error_decides():
    clips = np.array([0, 10, 20, 30], np.uint8)[:, None, None, None, None].repeat(3, axis=-1)
    for level, expected in [(4, 0), (6, 10), (24, 20), (255, 30)]:
        context = everything(np.full((1, 1, 1, 3), level, np.uint8))
        assert nearest_clip(clips, context, (1, 1))[0, 0, 0, 0] == expected


def test_weights_decide_between_two_clips():
    clips = np.zeros((2, 2, 1, 1, 3), np.uint8)
    clips[0, 0], clips[1, 1] = 50, 50
    video = np.full((2, 1, 1, 3), 50, np.uint8)
    for heavy in (0, 1):
        weight = np.ones((2, 1, 1))
        weight[heavy] = 2
        context = Context(video=video, observed=np.ones((2, 1, 1), bool), weight=weight)
        assert np.array_equal(nearest_clip(clips, context, (1, 1)), clips[heavy])


def test_a_single_clip_is_the_nearest():
    context = everything(255 - CLIPS[0])
    assert np.array_equal(nearest_clip(CLIPS[:1], context, (6, 6)), CLIPS[0])


def test_the_answer_is_a_copy():
    clips = CLIPS.copy()
    nearest_clip(clips, everything(CLIPS[2]), (6, 6))[...] = 0
    assert np.array_equal(clips, CLIPS)

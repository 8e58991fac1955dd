import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from videospace.baselines.upscaling import bicubic, lanczos
from videospace.inrv.inversion.tasks import downsample, superresolution
from videospace.runtime.errors import UserError

FILTERS = {bicubic: Image.Resampling.BICUBIC, lanczos: Image.Resampling.LANCZOS}


def ball(side: int = 48) -> np.ndarray:
    """A soft ball that moves to the right."""
    row, column = np.mgrid[:side, :side]
    frames = []
    for time in range(3):
        distance = np.hypot(row - side / 2, column - side / 3 - 4 * time)
        frames.append(230 / (1 + np.exp((distance - side / 5) / 3)))
    return np.rint(np.stack(frames))[..., None].repeat(3, axis=-1).astype(np.uint8)


@pytest.mark.parametrize("upscale", list(FILTERS))
class TestUpscaling:
    def test_each_frame_is_filtered_by_pillow(self, upscale):
        video = np.random.default_rng(0).integers(0, 256, (3, 5, 4, 3), dtype=np.uint8)
        finer = upscale(superresolution(video), (20, 12))
        assert finer.shape == (3, 20, 12, 3)
        for frame, coarse in zip(finer, video, strict=True):
            expected = Image.fromarray(coarse).resize((12, 20), FILTERS[upscale])
            assert np.array_equal(frame, np.array(expected))

    def test_a_smooth_clip_comes_back_better_than_from_repeated_pixels(self, upscale):
        video = ball()
        coarse = downsample(video, 4)
        finer = upscale(superresolution(coarse), (48, 48))
        repeated = coarse.repeat(4, axis=1).repeat(4, axis=2)
        error, plain = (np.square(x.astype(int) - video).mean() for x in (finer, repeated))
        assert error < plain / 4

    @settings(max_examples=20, deadline=None)
    @given(st.integers(0, 255), st.integers(1, 4), st.integers(1, 4), st.integers(1, 30))
    def test_a_constant_stays_one(self, upscale, level, height, width, side):
        video = np.full((1, height, width, 3), level, np.uint8)
        finer = upscale(superresolution(video), (side, side + 1))
        assert np.array_equal(finer, np.full((1, side, side + 1, 3), level))

    def test_a_size_below_one(self, upscale):
        context = superresolution(np.zeros((1, 4, 4, 3), np.uint8))
        with pytest.raises(UserError, match="size of at least"):
            upscale(context, (0, 8))

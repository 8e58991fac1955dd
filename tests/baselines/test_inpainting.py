import sys

import numpy as np
import pytest

from videospace.baselines.inpainting import navier_stokes, telea
from videospace.baselines.motionless import mean_frame
from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.tasks import (
    everything,
    frame_interpolation,
    inpainting,
    rectangle,
    sparse,
)
from videospace.runtime.errors import UserError

SIZE = (24, 20)


def constant(num_frames: int = 3, size: tuple[int, int] = SIZE) -> np.ndarray:
    return np.broadcast_to(np.array([10, 120, 250], np.uint8), (num_frames, *size, 3)).copy()


def slopes() -> np.ndarray:
    """Colors that change evenly from left to right, and from frame to frame."""
    gray = 40 + 8 * np.arange(SIZE[1]) + 5 * np.arange(3)[:, None, None]
    return np.broadcast_to(gray[..., None], (3, *SIZE, 3)).astype(np.uint8)


@pytest.mark.parametrize("paint", [telea, navier_stokes])
class TestPainting:
    @pytest.mark.parametrize(
        "context",
        [
            inpainting(constant()),
            inpainting(constant(), rectangle(SIZE, 5, 5, 9, 9)),
            inpainting(constant(), rectangle(SIZE, 0, 0, 24, 10)),
            sparse(constant()),
            sparse(constant(), 0.02),
            sparse(constant(), 1e-9),
        ],
    )
    def test_a_constant_video_comes_back_exactly(self, paint, context):
        assert np.array_equal(paint(context, SIZE), constant())

    def test_a_slope_comes_back_better_than_from_the_mean(self, paint):
        video = slopes()
        context = inpainting(video, rectangle(SIZE, 8, 6, 6, 6))
        hidden = ~context.observed
        painted, mean = (
            np.abs(complete(context, SIZE)[hidden].astype(int) - video[hidden]).mean()
            for complete in (paint, mean_frame)
        )
        assert painted < mean / 2

    def test_observed_pixels_stay_as_they_are(self, paint):
        video = np.random.default_rng(0).integers(0, 256, (3, *SIZE, 3), dtype=np.uint8)
        context = sparse(video)
        assert np.array_equal(paint(context, SIZE)[context.observed], video[context.observed])
        assert np.array_equal(paint(everything(video), SIZE), video)

    def test_a_frame_without_anything_seen_takes_the_nearest(self, paint):
        video = np.arange(0, 140, 20, dtype=np.uint8)[:, None, None, None]
        video = np.broadcast_to(video, (7, *SIZE, 3)).copy()
        context = frame_interpolation(video, (1, 5)).without(
            np.broadcast_to(rectangle(SIZE, 0, 0, 5, 5), (7, *SIZE))
        )
        painted = paint(context, SIZE)
        levels = [20, 20, 20, 20, 100, 100, 100]
        assert np.array_equal(painted, np.array(levels, np.uint8)[:, None, None, None] + 0 * video)

    @pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (2, 2)])
    def test_small_frames(self, paint, size):
        video = constant(2, size)
        observed = np.zeros(video.shape[:3], bool)
        observed[0, 0, 0] = True
        assert np.array_equal(paint(Context(video=video, observed=observed), size), video)

    def test_without_opencv(self, paint, monkeypatch):
        monkeypatch.setitem(sys.modules, "cv2", None)
        with pytest.raises(UserError, match=r'extra.* pip install "videospace\[baselines\]"$'):
            paint(inpainting(constant()), SIZE)

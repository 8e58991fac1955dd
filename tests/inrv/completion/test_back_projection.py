"""Back-projection at observed pixels, between observed frames, and on coarse contexts."""

import jaxtyping
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videospace.clips.decoding.geometry import crop_and_resize
from videospace.inrv.completion.back_projection import back_project
from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.tasks import everything, frame_interpolation, prediction, sparse
from videospace.runtime.errors import UserError


def clip(seed: int, size: tuple[int, int, int] = (5, 6, 8)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


@given(seed=st.integers(0, 100), fraction=st.floats(0.05, 1))
def test_observed_pixels_are_unchanged(seed, fraction):
    truth = clip(seed)
    context = sparse(truth, fraction=fraction, seed=seed)
    completed = back_project(clip(seed + 1), context)
    np.testing.assert_array_equal(completed[context.observed], truth[context.observed])


@given(seed=st.integers(0, 100))
def test_pixels_that_are_never_observed_stay_as_rendered(seed):
    render, observed = clip(seed), np.zeros((5, 6, 8), bool)
    observed[:, :3] = True
    completed = back_project(render, Context(video=clip(seed + 1), observed=observed))
    np.testing.assert_array_equal(completed[:, 3:], render[:, 3:])


def test_a_constant_error_is_taken_away_everywhere_in_time():
    truth = np.full((7, 2, 2, 3), 120, np.uint8)
    for context in (
        prediction(truth, 2),
        frame_interpolation(truth),
        frame_interpolation(truth, [3]),
    ):
        np.testing.assert_array_equal(back_project(truth - 30, context), truth)


def test_the_residual_is_interpolated_between_observed_frames():
    render = np.full((5, 1, 1, 3), 100, np.uint8)
    truth = np.full((5, 1, 1, 3), 100, np.uint8)
    truth[0], truth[-1] = 108, 92
    completed = back_project(render, frame_interpolation(truth))
    assert completed[:, 0, 0, 0].tolist() == [108, 104, 100, 96, 92]


def test_the_residual_is_constant_outside_the_observed_frames():
    render = np.full((6, 1, 1, 3), 100, np.uint8)
    truth = render.copy()
    truth[2], truth[4] = 110, 120
    completed = back_project(render, frame_interpolation(truth, [2, 4]))
    assert completed[:, 0, 0, 0].tolist() == [110, 110, 110, 115, 120, 120]


def test_colors_stay_in_range():
    render, truth = np.full((3, 1, 1, 3), 250, np.uint8), np.full((3, 1, 1, 3), 200, np.uint8)
    truth[0] = 255
    context = prediction(truth, 1)
    assert back_project(render, context).max() == 255
    render[1:] = 253
    assert back_project(render, context)[1:].max() == 255


def resized(video: np.ndarray, side: int) -> np.ndarray:
    return np.stack([crop_and_resize(frame, (side, side)) for frame in video])


def test_a_finer_render_comes_to_agree_with_its_coarse_context():
    truth = resized(clip(3, (2, 8, 8)), 32)
    coarse = resized(truth, 8)
    render = np.full_like(truth, 128)
    completed = back_project(render, everything(coarse))
    error = np.abs(resized(completed, 8).astype(int) - coarse.astype(int))
    assert completed.shape == truth.shape
    assert error.mean() < 2 < np.abs(128 - coarse.astype(int)).mean()


def test_a_render_is_left_as_it_is():
    render = clip(0)
    before = render.copy()
    back_project(render, everything(clip(1)))
    np.testing.assert_array_equal(render, before)


def test_another_number_of_frames_is_refused(monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    with pytest.raises(UserError, match="5 frames, got 4"):
        back_project(clip(0)[:4], everything(clip(1)))

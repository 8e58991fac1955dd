import jaxtyping
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videospace.inrv.inversion import tasks
from videospace.runtime.errors import UserError

VIDEO = np.arange(5 * 6 * 8 * 3).reshape(5, 6, 8, 3).astype(np.uint8)


class TestPublishedContexts:
    def test_inversion_sees_everything(self):
        assert tasks.everything(VIDEO).observed.all()

    def test_inpainting_sees_the_upper_half(self):
        observed = tasks.inpainting(VIDEO).observed
        assert observed[:, :3].all()
        assert not observed[:, 3:].any()

    def test_prediction_sees_4_of_25_frames(self):
        assert tasks.prediction(np.zeros((25, 2, 2, 3), np.uint8)).observed[:4].all()
        assert tasks.prediction(np.zeros((25, 2, 2, 3), np.uint8)).observed_fraction == 4 / 25
        assert tasks.prediction(np.zeros((3, 2, 2, 3), np.uint8)).observed_fraction == 1 / 3

    def test_frame_interpolation_sees_both_ends(self):
        seen = tasks.frame_interpolation(VIDEO).observed.all(axis=(1, 2))
        assert seen.tolist() == [True, False, False, False, True]

    def test_sparse_sees_a_quarter(self):
        context = tasks.sparse(VIDEO)
        assert context.observed_fraction == 0.25
        assert (context.observed == tasks.sparse(VIDEO).observed).all()
        assert (context.observed != tasks.sparse(VIDEO, seed=1).observed).any()

    def test_upscaling_sees_means(self):
        flat = np.repeat(np.repeat(VIDEO[:, :2, :2] // 4 * 4, 4, axis=1), 4, axis=2)
        coarse = tasks.PUBLISHED_TASKS["upscale"](flat)
        assert (coarse.video == VIDEO[:, :2, :2] // 4 * 4).all()
        assert coarse.observed.all()


@given(st.integers(1, 30))
def test_a_prediction_of_any_length_sees_something(num_frames: int):
    context = tasks.prediction(np.zeros((num_frames, 1, 1, 3), np.uint8))
    assert 1 <= context.observed.sum() <= max(1, num_frames / 4)


def test_a_mask_for_each_frame():
    hidden = np.zeros((5, 6, 8), bool)
    hidden[2, 1:3] = True
    assert (tasks.inpainting(VIDEO, hidden).observed == ~hidden).all()


def test_a_rectangle():
    hidden = tasks.rectangle((6, 8), 1, 2, 3, 4)
    assert hidden.sum() == 12
    assert hidden[0, 1:4, 2:6].all()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: tasks.inpainting(VIDEO, np.ones((1, 3, 8), bool)), "expected a mask"),
        (lambda: tasks.inpainting(VIDEO, np.ones((1, 6, 8), bool)), "hides the whole"),
        (lambda: tasks.rectangle((6, 8), 4, 0, 3, 1), "leaves the frame"),
        (lambda: tasks.rectangle((6, 8), 0, 0, 0, 1), "a rectangle with pixels"),
        (lambda: tasks.prediction(VIDEO, 0), "got 0"),
        (lambda: tasks.prediction(VIDEO, 6), "got 6"),
        (lambda: tasks.frame_interpolation(VIDEO, [0, 5]), "got 5"),
        (lambda: tasks.frame_interpolation(VIDEO, []), "got none"),
        (lambda: tasks.sparse(VIDEO, 0.0), "fraction"),
        (lambda: tasks.downsample(VIDEO, 0), "factor"),
    ],
)
def test_what_cannot_be_a_context(build, message, monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # as a user has it
    with pytest.raises(UserError, match=message):
        build()

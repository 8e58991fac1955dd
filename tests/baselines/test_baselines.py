"""Properties of all baselines of all tasks."""

from typing import get_args

import numpy as np
import pytest

from videospace.baselines.methods import BASELINES, learned_baselines
from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.tasks import PUBLISHED_TASKS, Task
from videospace.runtime.errors import UserError

SIZE = (16, 12)
CLIPS = np.random.default_rng(0).integers(0, 256, (6, 8, *SIZE, 3), dtype=np.uint8)
VIDEO = np.random.default_rng(1).integers(0, 256, (8, *SIZE, 3), dtype=np.uint8)
LEARNED = learned_baselines(CLIPS, widths=(2, 9))
ALL = {task: {**BASELINES[task], **LEARNED} for task in get_args(Task)}
NAMES = [(task, name) for task in ALL for name in ALL[task]]
NEED_EVERY_PIXEL = {"bicubic", "Lanczos"}


def with_something_hidden(task: Task) -> Context:
    context = PUBLISHED_TASKS[task](VIDEO)
    if not context.observed.all():
        return context
    hidden = np.zeros(context.observed.shape, bool)
    hidden[2:5, 1:] = True
    return context.without(hidden)


def test_every_task_has_its_baselines():
    assert {task: list(BASELINES[task]) for task in get_args(Task)} == {
        "invert": ["mean frame"],
        "inpaint": ["mean frame", "Telea", "Navier-Stokes"],
        "predict": ["mean frame", "last frame"],
        "interpolate": ["mean frame", "cross-fade", "optical flow"],
        "sparse": ["mean frame", "Telea", "Navier-Stokes"],
        "upscale": ["bicubic", "Lanczos"],
    }
    assert list(LEARNED) == ["components 2", "components 9", "nearest clip"]


@pytest.mark.parametrize(("task", "name"), NAMES)
def test_completes_the_published_context_and_leaves_it_alone(task, name):
    context = PUBLISHED_TASKS[task](VIDEO)
    before = context.video.copy()
    completed = ALL[task][name](context, SIZE)
    assert completed.shape == VIDEO.shape
    assert completed.dtype == np.uint8
    completed[...] = 0
    assert np.array_equal(context.video, before)


@pytest.mark.parametrize(
    ("task", "name"), [pair for pair in NAMES if pair[1] not in NEED_EVERY_PIXEL]
)
def test_hidden_pixels_are_not_looked_at(task, name):
    context = with_something_hidden(task)
    other = context.video.copy()
    other[~context.observed] = 255 - other[~context.observed]
    assert not np.array_equal(other, context.video)
    baseline = ALL[task][name]
    expected = baseline(context, SIZE)
    changed = baseline(Context(video=other, observed=context.observed), SIZE)
    assert np.array_equal(changed, expected)


@pytest.mark.parametrize("name", sorted(NEED_EVERY_PIXEL))
def test_those_that_need_every_pixel_say_so(name):
    context = with_something_hidden("upscale")
    with pytest.raises(UserError, match="observed completely"):
        BASELINES["upscale"][name](context, SIZE)


@pytest.mark.parametrize("name", ["mean frame", *LEARNED])
def test_a_weight_of_zero_hides(name):
    context = with_something_hidden("sparse")
    baseline = ALL["sparse"][name]
    weighted = Context(
        video=VIDEO,
        observed=np.ones(VIDEO.shape[:3], bool),
        weight=context.observed.astype(np.float32),
    )
    assert np.array_equal(baseline(weighted, SIZE), baseline(context, SIZE))


@pytest.mark.parametrize(
    ("task", "name"), [pair for pair in NAMES if pair[1] not in NEED_EVERY_PIXEL | set(LEARNED)]
)
def test_another_size_is_refused(task, name):
    with pytest.raises(UserError, match="size to return"):
        BASELINES[task][name](PUBLISHED_TASKS[task](VIDEO), (32, 24))


@pytest.mark.parametrize("name", list(LEARNED))
class TestLearnedFromClipsOfOtherSizes:
    def test_another_length(self, name):
        with pytest.raises(
            UserError,
            match="8 frames",
        ):
            LEARNED[name](PUBLISHED_TASKS["invert"](VIDEO[:5]), SIZE)

    def test_another_size_to_return(self, name):
        with pytest.raises(
            UserError,
            match="size of the training clips",
        ):
            LEARNED[name](PUBLISHED_TASKS["invert"](VIDEO), (32, 24))

    def test_a_finer_context(self, name):
        finer = VIDEO.repeat(2, axis=2)
        with pytest.raises(
            UserError,
            match="at most 16x12 px",
        ):
            LEARNED[name](PUBLISHED_TASKS["invert"](finer), SIZE)


@pytest.mark.parametrize(("task", "name"), NAMES)
def test_one_frame_of_one_pixel(task, name):
    pixel = np.array([[[[10, 100, 200]]]], np.uint8)
    learned = learned_baselines(pixel[None], widths=(2, 9))
    baseline = {**BASELINES[task], **learned}[name]
    context = Context(video=pixel, observed=np.ones((1, 1, 1), bool))
    assert np.array_equal(baseline(context, (1, 1)), pixel)


@pytest.mark.parametrize("clips", [CLIPS[:0], CLIPS[:, :0]])
def test_no_training_clips(clips):
    with pytest.raises(UserError, match="at least one training clip"):
        learned_baselines(clips)

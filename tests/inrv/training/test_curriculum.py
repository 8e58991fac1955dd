import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videospace.inrv.training.curriculum import next_stage_index, stage_at, stage_sizes


@pytest.mark.parametrize(
    ("num_clips", "sizes"),
    [
        (1, [1]),
        (2, [1, 2]),
        (10, [1, 10]),
        (11, [1, 10, 11]),
        (100, [1, 10, 100]),
        (34_526, [1, 10, 100, 1000, 10_000, 34_526]),
    ],
)
def test_known_sizes(num_clips, sizes):
    assert stage_sizes(num_clips) == sizes


@settings(deadline=None)
@given(st.integers(1, 10**7))
def test_stages_grow_from_one_clip_to_all(num_clips):
    sizes = stage_sizes(num_clips)
    assert sizes[0] == 1
    assert sizes[-1] == num_clips
    assert all(size < following <= 10 * size for size, following in zip(sizes, sizes[1:]))  # noqa: B905, RUF007
    stages = [stage_at(num_clips, index) for index in range(len(sizes))]
    assert [stage.num_clips for stage in stages] == sizes
    assert [stage.is_last for stage in stages] == [False] * (len(sizes) - 1) + [True]


@settings(deadline=None)
@given(st.integers(1, 10**5), st.floats(0, 4), st.floats(1e-6, 1), st.data())
def test_a_stage_goes_on_until_the_error_is_below_the_threshold(num_clips, error, threshold, data):
    last = len(stage_sizes(num_clips)) - 1
    index = data.draw(st.integers(0, last))
    following = next_stage_index(num_clips, index, error, threshold)
    assert following == (index + 1 if error < threshold and index < last else index)


def test_the_published_threshold():
    assert next_stage_index(50, 1, error=0.99e-3) == 2
    assert next_stage_index(50, 1, error=1e-3) == 1
    assert next_stage_index(50, 2, error=0.0) == 2

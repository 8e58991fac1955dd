"""Bootstrap intervals of clustered answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videospace.metrics.bootstrap import Interval, bootstrap_mean


def test_answers_of_one_word_count_as_one_observation():
    """40 answers about 4 words tell about as much as 4 answers about 4 words."""
    right = [1, 1, 0, 0]
    few = bootstrap_mean(right, "abcd", [0] * 4)
    many = bootstrap_mean(right * 10, "abcd" * 10, [0] * 40)
    alone = bootstrap_mean(right * 10, range(40), [0] * 40)
    assert (many.low, many.high) == (few.low, few.high)
    assert alone.high - alone.low < 0.5 * (many.high - many.low)


def test_seeds_that_differ_widen_the_interval():
    words = list(range(100)) * 2
    same = bootstrap_mean([w % 2 for w in words], words, [0] * 100 + [1] * 100)
    differ = bootstrap_mean([1] * 100 + [0] * 100, words, [0] * 100 + [1] * 100)
    assert same.mean == differ.mean == 0.5
    assert (differ.low, differ.high) == (0.0, 1.0)
    assert same.high - same.low < 0.25


def test_an_interval_of_known_width():
    """The standard error of a fraction of 0.5 over 400 words is 0.025."""
    values = [number % 2 for number in range(400)]
    found = bootstrap_mean(values, range(400), [0] * 400)
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.025, rel=0.1)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 2)), min_size=1))
def test_the_mean_lies_inside(answers):
    values, words, seeds = zip(*answers, strict=True)
    found = bootstrap_mean(values, words, seeds, num_resamples=50)
    assert found.mean == pytest.approx(np.mean(values))
    assert 0 <= found.low <= found.high <= 1


def test_nothing_has_no_mean():
    with pytest.raises(ValueError, match="at least one value"):
        bootstrap_mean([], [], [])


def test_text():
    assert Interval(mean=0.5, low=0.25, high=1.0).text() == "50.0 % (25.0 to 100.0)"

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from videospace.metrics.intervals import MeanInterval, mean_interval, paired_difference
from videospace.runtime.errors import UserError

FIGURES = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20)


@pytest.mark.parametrize(
    ("values", "quantile"),
    [([0.0, 2.0], 12.706), ([1, 2, 3, 4, 5], 2.776), ([0.0, 1.0] * 8, 2.131)],
)
def test_the_interval_is_that_of_the_printed_table_of_t(values, quantile):
    found = mean_interval(values)
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    assert found.mean == np.mean(values)
    assert found.half_width == pytest.approx(quantile * error, rel=1e-3)
    assert found.low == found.mean - found.half_width
    assert found.high == found.mean + found.half_width
    assert (found.num_values, found.num_left_out) == (len(values), 0)


def test_the_interval_covers_the_truth_19_times_in_20():
    draws = np.random.default_rng(0).normal(3, 2, (2000, 5))
    found = [mean_interval(draw.tolist()) for draw in draws]
    covered = np.mean([interval.low <= 3 <= interval.high for interval in found])
    assert 0.935 < covered < 0.965


def test_one_value_has_no_interval():
    found = mean_interval([4.0])
    assert found == MeanInterval(mean=4.0, half_width=None, num_values=1, num_left_out=0)
    assert found.low is None
    assert found.high is None
    assert found.text() == "4.00"


@pytest.mark.parametrize("values", [[], [math.nan, math.nan]])
def test_no_value_has_no_mean(values):
    found = mean_interval(values)
    expected = MeanInterval(mean=None, half_width=None, num_values=0, num_left_out=len(values))
    assert found == expected
    assert found.low is None
    assert found.text() == "–"


def test_nan_is_left_out_and_counted():
    found = mean_interval([1.0, math.nan, 3.0, math.nan])
    known = mean_interval([1.0, 3.0])
    assert (found.mean, found.half_width) == (known.mean, known.half_width)
    assert (found.num_values, found.num_left_out) == (2, 2)


def test_tensors_are_taken():
    values = torch.tensor([1.0, 2.0, 4.0])
    assert mean_interval(values) == mean_interval(values.tolist())
    assert paired_difference(values, values / 2) == paired_difference([1, 2, 4], [0.5, 1, 2])


def test_text_has_the_decimals_asked_for():
    interval = MeanInterval(mean=38.125, half_width=0.456, num_values=9, num_left_out=0)
    assert interval.text(1) == "38.1 ± 0.5"


@given(FIGURES)
def test_a_constant_advantage_is_certain(values):
    found = paired_difference([value + 2 for value in values], values)
    assert found.mean == pytest.approx(2)
    assert found.half_width == pytest.approx(0, abs=1e-9)


@given(FIGURES, st.randoms(use_true_random=False))
def test_the_difference_changes_sign_with_the_order(values, random):
    others = [random.uniform(-10, 10) for _ in values]
    there, back = paired_difference(values, others), paired_difference(others, values)
    assert there.mean == pytest.approx(-back.mean, abs=1e-9)
    assert there.half_width == pytest.approx(back.half_width)


def test_pairing_sees_what_two_intervals_hide():
    random = np.random.default_rng(0)
    difficulty = random.normal(30, 5, 12)
    ours = (difficulty + 0.5 + random.normal(0, 0.1, 12)).tolist()
    theirs = difficulty.tolist()
    assert mean_interval(ours).low < mean_interval(theirs).mean
    assert paired_difference(ours, theirs).low > 0


def test_a_pair_counts_where_both_have_the_figure():
    found = paired_difference([1.0, math.nan, 3.0, 5.0], [0.0, 1.0, math.nan, 2.0])
    assert (found.mean, found.num_values, found.num_left_out) == (2, 2, 2)


@pytest.mark.parametrize("bad", [math.inf, -math.inf])
def test_infinite_figures_are_refused(bad):
    with pytest.raises(UserError, match="infinite"):
        mean_interval([30.0, bad])
    with pytest.raises(UserError, match="infinite"):
        paired_difference([bad], [bad])


def test_figures_of_other_clips_are_refused():
    with pytest.raises(UserError, match="same clips"):
        paired_difference([1.0, 2.0], [1.0, 2.0, 3.0])

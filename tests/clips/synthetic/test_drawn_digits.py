"""Drawn digits: they vary, and can be told apart."""

import numpy as np
import pytest

from videospace.clips.synthetic.drawn_digits import drawn_digits


@pytest.fixture(scope="module")
def digits():
    """Twenty drawings of each."""
    return drawn_digits(seed=0, num_of_each=20)


def test_the_seed_decides(digits):
    np.testing.assert_array_equal(digits, drawn_digits(seed=0, num_of_each=20))
    other = drawn_digits(seed=1, num_of_each=20)
    assert (digits != other).any(axis=(1, 2)).all()


def test_bright_on_dark_with_soft_edges(digits):
    assert digits.dtype == np.uint8
    assert digits.shape == (200, 28, 28)
    assert (digits.max(axis=(1, 2)) == 255).all()
    rim = np.ones((28, 28), bool)
    rim[1:-1, 1:-1] = False
    assert digits[:, rim].max() == 0
    soft = (digits > 0) & (digits < 255)
    assert 0.05 < soft.mean() < 0.25
    assert 0.05 < (digits / 255).mean() < 0.2


def test_each_drawing_is_another(digits):
    assert len(np.unique(digits.reshape(200, -1), axis=0)) == 200


def test_a_digit_resembles_its_kind(digits):
    """The nearest of other drawings is the same digit: 1 in 10 by chance."""
    others = drawn_digits(seed=1, num_of_each=20).reshape(200, -1).astype(float)
    drawn = digits.reshape(200, -1).astype(float)
    distances = ((drawn[:, None] - others[None]) ** 2).sum(axis=2)
    kinds = np.arange(200) // 20
    assert (kinds[distances.argmin(axis=1)] == kinds).mean() > 0.9

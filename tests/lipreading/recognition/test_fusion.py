import numpy as np
import pytest

from videospace.lipreading.recognition.fusion import (
    fitted_weights,
    fused_log_probabilities,
    standardized,
)


def test_standardized_scores_do_not_depend_on_the_scale():
    scores = np.random.default_rng(0).normal(size=(5, 7))
    np.testing.assert_allclose(standardized(scores * 30 - 5), standardized(scores), atol=1e-9)
    assert (standardized(np.full((2, 3), 0.1)) == 0).all()
    assert (standardized(np.full((2, 3), np.nan)) == 0).all()


def test_fitted_weights_are_calibrated_and_beat_each_alone():
    chance = np.random.default_rng(0)
    targets = chance.integers(0, 10, 600)
    right = np.eye(10)[targets]
    scores = {name: 2 * right + chance.normal(size=right.shape) for name in ("a", "b")}
    scores["noise"] = chance.normal(size=right.shape)
    weights = fitted_weights(scores, targets)
    log = fused_log_probabilities(scores, weights)
    accuracy = (log.argmax(1) == targets).mean()
    assert accuracy > (scores["a"].argmax(1) == targets).mean() + 0.05
    assert np.exp(log).max(1).mean() == pytest.approx(accuracy, abs=0.05)
    assert weights["noise"] < 0.2 * weights["a"]

"""Fusion of the scores of several scorers into one calibrated probability."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.special import log_softmax

from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.runtime.errors import UserError

DEFAULT_WEIGHT = 1.5
"""Weight of a scorer that was never calibrated."""

Scores = Float[np.ndarray, "clip word"]


@runtime_checkable
class Scorer(Protocol):
    """Scores the words of a vocabulary for clips."""

    words: list[str]
    """The words, in the order of the scores."""

    def scores(self, clips: Sequence[MouthClip]) -> Scores:
        """Score every word for every clip.

        Larger is likelier, on any scale; nan where the scorer does not know a word.
        """
        ...

    def prepare(self, clip: MouthClip) -> Any:
        """Prepare a clip for :meth:`add`; everything that can fail happens here."""
        ...

    def add(self, word: str, prepared: Any) -> None:
        """Add a clip of a new or a known word."""
        ...


def standardized(scores: Scores) -> Scores:
    """Standardize the scores of every clip to mean 0 and deviation 1 over the words.

    Unknown words, and rows of equal scores, become 0.

    Example:
        >>> standardized(np.array([[1.0, 3.0, np.nan]])).tolist()
        [[-1.0, 1.0, 0.0]]

    Source: Auckenthaler et al., "Score normalization for text-independent speaker verification
    systems", 2000 (test normalization).
    """
    known = np.isfinite(scores)
    count = np.maximum(known.sum(1, keepdims=True), 1)
    filled = np.where(known, scores, 0.0)
    centered = np.where(known, filled - filled.sum(1, keepdims=True) / count, 0.0)
    deviation = np.sqrt((centered**2).sum(1, keepdims=True) / count)
    flat = deviation < 1e-6 * (1e-6 + np.abs(filled).max(1, keepdims=True))
    return np.where(flat, 0.0, centered / np.where(flat, 1.0, deviation))


def fused_log_probabilities(scores: Mapping[str, Scores], weights: Mapping[str, float]) -> Scores:
    """Compute log-probabilities of the words from a weighted sum of standardized scores.

    Args:
        scores: Scores by name of the scorer, all of the same shape.
        weights: Weights by the same names.
    """
    logits = sum(weights[name] * standardized(each) for name, each in scores.items())
    return log_softmax(np.asarray(logits, np.float64), axis=1)


def fitted_weights(
    scores: Mapping[str, Scores], targets: Int[np.ndarray, " clip"]
) -> dict[str, float]:
    """Fit non-negative weights that make the right words most likely.

    The weights determine how much each scorer counts, and how confident the result is.

    Args:
        scores: Scores of clips by name of the scorer; a word that no scorer knows is not part of
            the clip's vocabulary.
        targets: Column of the right word of each clip.

    Raises:
        UserError: There is no clip.

    Example:
        >>> good = np.array([[3.0, 1.0, 0.0], [0.0, 3.0, 1.0], [0.0, 1.0, 3.0]])
        >>> weights = fitted_weights({"good": good, "bad": -good}, np.array([0, 1, 2]))
        >>> weights["good"] > 1 and weights["bad"] < 0.5
        True

    Source: Brümmer and du Preez, "Application-independent evaluation of speaker detection", 2006
    (linear logistic fusion).
    """
    if not len(targets):
        raise UserError("expected at least one clip to calibrate on, got none")
    inputs = torch.tensor(np.stack([standardized(each) for each in scores.values()]))
    unknown = torch.tensor(~np.isfinite(np.stack(list(scores.values()))).any(0))
    right = torch.from_numpy(np.asarray(targets, np.int64))
    raw = torch.full((len(scores),), DEFAULT_WEIGHT, dtype=torch.float64).expm1().log()
    raw.requires_grad_()
    optimizer = torch.optim.LBFGS([raw], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        weights = torch.nn.functional.softplus(raw)
        logits = torch.einsum("s,scw->cw", weights, inputs)
        logits = logits.masked_fill(unknown, -torch.inf)
        # A small penalty keeps the weights finite where all clips are right.
        value = torch.nn.functional.cross_entropy(logits, right) + 1e-3 * weights.square().sum()
        value.backward()
        return value

    optimizer.step(loss)  # type: ignore[arg-type]
    weights = torch.nn.functional.softplus(raw).tolist()
    return dict(zip(scores, weights, strict=True))


def fitted_temperature(logits: Scores, targets: Int[np.ndarray, " clip"]) -> float:
    """Fit the factor of logits, between 1/4 and 4, that makes the right words most likely.

    A penalty as strong as four clips keeps the factor near 1 where there are few clips.

    Example:
        >>> wrong_half = np.log(np.array([[0.9, 0.1], [0.9, 0.1]]))
        >>> fitted_temperature(wrong_half, np.array([0, 1])) < 1
        True

    Source: Guo et al., "On calibration of modern neural networks", 2017.
    """
    factors = np.geomspace(0.25, 4.0, 65)
    scaled = log_softmax(factors[:, None, None] * logits, axis=2)
    losses = -scaled[:, np.arange(len(targets)), targets].sum(1) + 4 * np.log(factors) ** 2
    return float(factors[losses.argmin()])

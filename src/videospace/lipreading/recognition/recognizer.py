"""A person's recognizer: from a clip of a mouthed word to the words that it may be."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from scipy.special import softmax

from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.recognition.fusion import Scorer, Scores, fused_log_probabilities
from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recognition:
    """What a clip may say.

    Example:
        >>> Recognition(words=["yes", "no"], probabilities=[0.9, 0.1], confident=True).words[0]
        'yes'
    """

    words: list[str]
    """The likeliest words, best first."""
    probabilities: list[float]
    """Their probabilities in [0, 1], each out of the whole vocabulary."""
    confident: bool
    """Whether the first word may be taken without asking: it is likely enough among the words of
    the vocabulary, and the clip resembles that word more than words outside do."""


class Recognizer:
    """Recognizes the words of one person; a new word or clip counts at once.

    Args:
        scorers: What looks at a clip, by name; all of them know the same words.
        weights: How much each of them counts (see :mod:`videospace.lipreading.recognition.fusion`).
        confident_at: Probability from which the first word may count as confident, in [0, 1].
        rejection_thresholds: By the name of a scorer, the score that the first word also has to
            exceed with it (see :mod:`videospace.lipreading.recognition.open_set`).
        use_counts: How often the person has used each word; None treats all words alike.

    Raises:
        UserError: No scorer, or a weight is missing.
    """

    def __init__(
        self,
        scorers: Mapping[str, Scorer],
        weights: Mapping[str, float],
        *,
        confident_at: float = 0.6,
        rejection_thresholds: Mapping[str, float] | None = None,
        use_counts: Mapping[str, int] | None = None,
    ):
        if not scorers or scorers.keys() - weights.keys():
            raise UserError(
                f"expected a weight for each of at least one scorer, got scorers "
                f"{sorted(scorers)} and weights {sorted(weights)}"
            )
        if not 0 <= confident_at <= 1:
            raise UserError(f"expected confident_at in [0, 1], got {confident_at}")
        self.scorers = dict(scorers)
        self.weights = dict(weights)
        self.confident_at = confident_at
        self.rejection_thresholds = dict(rejection_thresholds or {})
        self.use_counts = None if use_counts is None else Counter(use_counts)

    @property
    def words(self) -> list[str]:
        """The vocabulary, in the order of the columns of :meth:`probabilities`."""
        return next(iter(self.scorers.values())).words

    def recognize(self, clip: MouthClip, k: int = 5) -> Recognition:
        """Name the likeliest words of a clip.

        Args:
            clip: One mouthed word.
            k: How many words to name; fewer where the vocabulary has fewer.

        Raises:
            UserError: ``k`` is below 1, no word has a clip yet, or the clip is too long.
        """
        if k < 1:
            raise UserError(f"expected k of at least 1, got {k}")
        scores = self._scores([clip])
        probabilities = self._probabilities(scores)[0]
        best = np.argsort(-probabilities, kind="stable")[:k]
        familiar = all(
            scores[name][0, best[0]] > limit for name, limit in self.rejection_thresholds.items()
        )
        return Recognition(
            words=[self.words[index] for index in best],
            probabilities=[float(probabilities[index]) for index in best],
            confident=familiar and bool(probabilities[best[0]] >= self.confident_at),
        )

    def probabilities(self, clips: Sequence[MouthClip]) -> Float[np.ndarray, "clip word"]:
        """Calibrated probabilities of all words for several clips; each row sums to 1.

        Raises:
            UserError: No word has a clip yet, or a clip is too long.
        """
        if self.words and not clips:
            return np.zeros((0, len(self.words)), np.float32)
        return self._probabilities(self._scores(clips))

    def _scores(self, clips: Sequence[MouthClip]) -> dict[str, Scores]:
        if not self.words:
            raise UserError("expected at least one word with a clip, got none: add one first")
        return {name: scorer.scores(clips) for name, scorer in self.scorers.items()}

    def _probabilities(self, scores: Mapping[str, Scores]) -> Float[np.ndarray, "clip word"]:
        logits = fused_log_probabilities(scores, self.weights)
        if self.use_counts is not None:
            counts = np.array([self.use_counts[word] + 1.0 for word in self.words])
            logits = logits + np.log(counts / counts.sum())
        return softmax(logits, axis=1).astype(np.float32)

    def add(self, word: str, clip: MouthClip) -> None:
        """Take a clip of a new or a known word into account, without training.

        Raises:
            UserError: The word is empty, or the clip is too long. Nothing has changed then.
        """
        if not word.strip():
            raise UserError("expected a word, got an empty text")
        prepared = {name: scorer.prepare(clip) for name, scorer in self.scorers.items()}
        for name, scorer in self.scorers.items():  # beyond this point nothing can fail
            scorer.add(word, prepared[name])

    def count_use(self, word: str) -> None:
        """Note that the person used a word; only where use is counted."""
        if self.use_counts is not None:
            self.use_counts[word] += 1

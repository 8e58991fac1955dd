"""The recognizer of a person: from a clip of a mouthed word to likely words."""

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
    """The likely words of a clip.

    Example:
        >>> Recognition(words=["yes", "no"], probabilities=[0.9, 0.1], confident=True).words[0]
        'yes'
    """

    words: list[str]
    """The most likely words, best first."""
    probabilities: list[float]
    """Probabilities of these words among the whole vocabulary, in [0, 1]."""
    confident: bool
    """Whether the first word may be taken without asking: it is likely enough among the words of
    the vocabulary, and open-set rejection accepts the clip."""


class Recognizer:
    """Recognizes the words of one person; a new word or clip counts at once.

    Use :func:`videospace.lipreading.learn` or ``open_recognizer`` to make one.

    Args:
        scorers: Scorers by name; all of them know the same words.
        weights: Weight of each scorer (see :mod:`videospace.lipreading.recognition.fusion`).
        confident_at: Probability from which the first word may count as confident, in [0, 1].
        rejection_thresholds: By the name of a scorer, the score that the first word also has to
            exceed with it (see :mod:`videospace.lipreading.recognition.open_set`).
        use_counts: How often the person has used each word; None treats all words alike.

    Raises:
        UserError: There is no scorer, a weight is missing, or ``confident_at`` is out of range.
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
        """Find the most likely words of a clip.

        Args:
            clip: A clip of one mouthed word.
            k: Number of words to return; fewer where the vocabulary has fewer.

        Raises:
            UserError: ``k`` is below 1, no word has a clip yet, or the clip is too long.
        """
        if k < 1:
            raise UserError(f"expected k of at least 1, got {k}")
        scores = self._scores([clip])
        probabilities = self._probabilities(scores)[0]
        best = np.argsort(-probabilities, kind="stable")[:k]
        is_accepted = all(
            scores[name][0, best[0]] > threshold
            for name, threshold in self.rejection_thresholds.items()
        )
        return Recognition(
            words=[self.words[index] for index in best],
            probabilities=[float(probabilities[index]) for index in best],
            confident=is_accepted and bool(probabilities[best[0]] >= self.confident_at),
        )

    def probabilities(self, clips: Sequence[MouthClip]) -> Float[np.ndarray, "clip word"]:
        """Compute calibrated probabilities of all words for several clips.

        Args:
            clips: Clips of one mouthed word each.

        Returns:
            One row per clip, which sums to 1, and one column per word of :attr:`words`.

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
        """Add a clip of a new or a known word, without training.

        Args:
            word: The word; a new one joins the vocabulary.
            clip: A clip of the word.

        Raises:
            UserError: The word is empty, or the clip is too long; nothing has changed then.
        """
        if not word.strip():
            raise UserError("expected a word, got an empty text")
        prepared = {name: scorer.prepare(clip) for name, scorer in self.scorers.items()}
        for name, scorer in self.scorers.items():  # beyond this point nothing can fail
            scorer.add(word, prepared[name])

    def count_use(self, word: str) -> None:
        """Count that the person used a word; does nothing where uses are not counted."""
        if self.use_counts is not None:
            self.use_counts[word] += 1

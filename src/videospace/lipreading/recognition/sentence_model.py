"""Which word comes next: a small n-gram model of a person's own sentences."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from videospace.lipreading.recognition.recognizer import Recognition
from videospace.runtime.errors import UserError

ORDER = 3
"""Length of the longest sequences that are counted: a word and the two before it."""
WEIGHT = 0.25
"""Weight of the sentence against the lips; see ``benchmarks/sentence_context.py``."""
_START = ("",)


class SentenceModel:
    """Counts which words followed which, and interpolates between longer and shorter contexts.

    Source: Witten and Bell, 1991: a context that had n different words after it gives n parts of
    its probability to the next shorter context.

    Example:
        >>> model = SentenceModel()
        >>> model.learn(["want", "water"])
        >>> model.learn(["want", "tea"])
        >>> model.learn(["want", "water"])
        >>> model.likeliest(["want"], 2)
        ['water', 'tea']
        >>> model.probabilities(["want"], ["water", "tea", "want"]).round(2).tolist()
        [0.61, 0.32, 0.07]
    """

    def __init__(self) -> None:
        self._counts: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)

    def learn(self, sentence: Sequence[str]) -> None:
        """Learn from a sentence, word by word."""
        words = [*_START, *sentence]
        for index in range(1, len(words)):
            for length in range(ORDER):
                if length <= index:
                    self._counts[tuple(words[index - length : index])][words[index]] += 1

    def probabilities(
        self, before: Sequence[str], words: Sequence[str]
    ) -> Float[np.ndarray, " word"]:
        """Compute how likely each of some words comes next.

        Args:
            before: The sentence so far.
            words: All words that may come.

        Returns:
            A probability for each word, above 0; they sum to 1.

        Raises:
            UserError: There are no words.
        """
        if not words:
            raise UserError("expected at least one word that may come next, got none")
        found = np.full(len(words), 1 / len(words))
        for context in reversed(self._contexts(before)):
            counts = self._counts.get(context)
            if counts is None:
                continue
            seen = np.array([counts[word] for word in words], float)
            total, different = seen.sum(), np.count_nonzero(seen)
            if total:
                found = (seen + different * found) / (total + different)
        return found / found.sum()

    def likeliest(self, before: Sequence[str], count: int) -> list[str]:
        """The words that most often came next, first those after the longest context."""
        found: list[str] = []
        for context in self._contexts(before):
            counts = self._counts.get(context, Counter())
            found += [word for word, _ in counts.most_common() if word not in found]
        return found[:count]

    def _contexts(self, before: Sequence[str]) -> list[tuple[str, ...]]:
        """What the counts may know about a sentence so far, the longest first."""
        words = [*_START, *before]
        return [
            tuple(words[len(words) - length :])
            for length in range(ORDER - 1, -1, -1)
            if length <= len(words)
        ]


def rerank(
    found: Recognition, likely: Float[np.ndarray, " word"], *, weight: float = WEIGHT
) -> Recognition:
    """Weigh what the lips show with what fits the sentence.

    The first word stays confident only if it was the first one before, too, and is no less likely
    than the limit that the recognizer had for it.

    Args:
        found: All words of the vocabulary, with their probabilities.
        likely: The probability of each of these words to come next, above 0.
        weight: Exponent of ``likely``; 0 changes nothing.

    Example:
        >>> found = Recognition(words=["bat", "mat"], probabilities=[0.5, 0.5], confident=False)
        >>> rerank(found, np.array([0.1, 0.9])).words
        ['mat', 'bat']
    """
    joint = np.array(found.probabilities) * likely**weight
    joint = joint / joint.sum() if joint.sum() > 0 else np.array(found.probabilities)
    order = np.argsort(-joint, kind="stable")
    is_same = order[0] == 0 and joint[0] >= min(found.probabilities[0], 0.9)
    return Recognition(
        words=[found.words[index] for index in order],
        probabilities=[float(joint[index]) for index in order],
        confident=found.confident and bool(is_same),
    )

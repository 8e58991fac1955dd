"""Open-set rejection: whether a clip may be a word of the vocabulary at all."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.phonetics.units import overlapping_phrases, part_positions
from videospace.lipreading.recognition.fusion import Scorer
from videospace.lipreading.recognition.scorers import ScorerName

OPEN_SET_SCORER: ScorerName = "dtw-normalized"
"""The scorer that decides under most strategies whether a clip may be a word of the vocabulary at
all. It is not trained on the clips."""

REJECTED_FRACTION = 0.8
"""Fraction of clips of words outside the vocabulary that are to be rejected."""
FEW_WORDS, MARGIN_OF_FEW = 10, 0.05
"""With fewer words the threshold is uncertain, and is raised by this fraction."""
MOST_TESTED = 30
"""Most clips that are tested, so that a large vocabulary opens quickly."""


def rejection_threshold(words: Sequence[str], clips: Sequence[MouthClip], scorer: Scorer) -> float:
    """Find the score that a clip has to exceed to be accepted as a word of the vocabulary.

    For each clip, its word and all phrases that share a part with it are left out, and the best
    score among the other words is found. This is how well a word outside the vocabulary scores. The
    threshold is the score that four in five of the person's clips do not exceed in this way.

    The rule was chosen on MIRACL (see docs/log.md). It needs only the person's own clips, and one
    clip per word is enough. The scorer must not have been trained on the clips.

    Args:
        words: The word of each clip.
        clips: The person's clips.
        scorer: A scorer that was built from exactly these clips, with minus a distance as score.

    Returns:
        The threshold; infinite where there are fewer than two words, so that all clips are
        rejected.

    Source: the idea of leaving known classes out is that of Jain, Scheirer and Boult, "Multi-class
    open set recognition using probability of inclusion", 2014.
    """
    if len(scorer.words) < 2:
        return math.inf
    step = math.ceil(len(clips) / MOST_TESTED)
    tested = range(0, len(clips), step)
    scores = scorer.scores([clips[row] for row in tested])
    alike = _alike([words[row] for row in tested], scorer.words)
    nearest = np.sort(np.where(alike, -np.inf, scores).max(axis=1))
    rank = math.ceil(REJECTED_FRACTION * (len(nearest) + 1)) - 1
    threshold = float(nearest[min(rank, len(nearest) - 1)])
    return threshold + (MARGIN_OF_FEW * abs(threshold) if len(scorer.words) < FEW_WORDS else 0.0)


def _alike(tested: Sequence[str], words: Sequence[str]) -> Bool[np.ndarray, "clip word"]:
    """Mask of the words that share a part with the tested one; where all do, the word itself."""
    parts = overlapping_phrases(words)
    of_word = {word: set(part_positions(parts.get(word, (word,)))) for word in words}
    sharing = np.array([[bool(of_word[one] & of_word[other]) for other in words] for one in tested])
    same = np.array([[one == other for other in words] for one in tested])
    return np.where(sharing.all(axis=1, keepdims=True), same, sharing)

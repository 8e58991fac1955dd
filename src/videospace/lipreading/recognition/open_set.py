"""Whether a clip may be a word of the vocabulary at all, from one clip of each word."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.phonetics.units import part_positions, shared_parts
from videospace.lipreading.recognition.fusion import Scorer
from videospace.lipreading.recognition.scorers import ScorerName

OPEN_SET_SCORER: ScorerName = "dtw-normalized"
"""The scorer that decides under every strategy whether a clip may be a word of the vocabulary at
all. It is not trained on the clips."""

REJECTED_FRACTION = 0.8
"""Share of the words outside a vocabulary that are to be told from those inside."""
FEW_WORDS, MARGIN_OF_FEW = 10, 0.05
"""Among fewer words the limit itself is uncertain, and is drawn tighter by this share."""
MOST_ASKED = 30
"""Clips that are compared, so that a large vocabulary opens quickly."""


def rejection_threshold(words: Sequence[str], clips: Sequence[MouthClip], scorer: Scorer) -> float:
    """How much a clip has to resemble a clip of its word to be taken for that word.

    Rule: take the word of a clip out of the vocabulary, with all phrases that share a part with it,
    and see how much the clip resembles the nearest word that is left. That is how much a word
    outside resembles one inside. The limit is what four in five of the person's clips do not reach
    this way.

    It was chosen on MIRACL (see docs/log.md). No clip beside the person's own is needed, and no
    word needs more than one; a scorer that was trained on the very clips would be fooled.

    Args:
        words: The word of each clip.
        clips: The person's clips.
        scorer: That scores by minus a distance and knows exactly these clips.

    Returns:
        A score; infinite where there are fewer than two words, so that nothing reaches it.

    Source: the idea of leaving known classes out is that of Jain, Scheirer and Boult, "Multi-class
    open set recognition using probability of inclusion", 2014.
    """
    if len(scorer.words) < 2:
        return math.inf
    step = math.ceil(len(clips) / MOST_ASKED)
    asked = range(0, len(clips), step)
    scores = scorer.scores([clips[row] for row in asked])
    alike = _alike([words[row] for row in asked], scorer.words)
    nearest = np.sort(np.where(alike, -np.inf, scores).max(axis=1))
    place = math.ceil(REJECTED_FRACTION * (len(nearest) + 1)) - 1
    limit = float(nearest[min(place, len(nearest) - 1)])
    return limit * (1 - MARGIN_OF_FEW) if len(scorer.words) < FEW_WORDS else limit


def _alike(asked: Sequence[str], words: Sequence[str]) -> Bool[np.ndarray, "asked word"]:
    """Which words are the asked one or share a part with it; where all do, the word itself."""
    parts = shared_parts(words)
    of_word = {word: set(part_positions(parts.get(word, (word,)))) for word in words}
    sharing = np.array([[bool(of_word[one] & of_word[other]) for other in words] for one in asked])
    same = np.array([[one == other for other in words] for one in asked])
    return np.where(sharing.all(axis=1, keepdims=True), same, sharing)

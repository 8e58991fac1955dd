"""How much every opinion counts, measured on clips that the model has not learned from."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from videospace.lipreading.corpus import LabelledClip
from videospace.lipreading.fusion import (
    Scores,
    fitted_temperature,
    fitted_weights,
    fused_log_probabilities,
)
from videospace.lipreading.members import FUSED, Member, Units, build_scorers
from videospace.lipreading.mouth_model import MouthModel


def calibrate(
    model: MouthModel, clips: Sequence[LabelledClip], *, units: Units | None = None
) -> dict[str, dict[str, float]]:
    """Weights for every set of scorers, from speakers that the model was not trained on.

    For each speaker the first take of a word is the shot, all others are tests. Sets without the
    classifier serve vocabularies that the model was not taught: where words were kept out of its
    training, too, such a set is weighed on tests of these words alone, among all words.

    Args:
        model: After training.
        clips: Of the speakers kept out.
        units: What each word is made of.

    Returns:
        Weights by the names of a set, sorted and joined by ``+``; none without tests.
    """
    taught = set(model.words)
    unseen = {clip.word for clip in clips} - taught
    weights = _weights(model, [clip for clip in clips if clip.word in taught], taught, units)
    if unseen:
        found = _weights(model, clips, unseen, units)
        weights |= {key: each for key, each in found.items() if "words" not in each}
    return weights


def own_temperature(
    members: Sequence[Member],
    shots: Sequence[LabelledClip],
    model: MouthModel | None,
    weights: Mapping[str, float],
    *,
    units: Units | None = None,
    mirror: bool = False,
) -> float:
    """How far to trust the weights, from the person's own clips of words that have two.

    The first clip of such a word is tested against all the others. This is not for a model that
    was trained on these very clips, which would be too sure.

    Args:
        members: The scorers.
        shots: The person's clips.
        model: Where the scorers need one.
        weights: By name of the scorer.
        units: What each word is made of.
        mirror: Embed each clip in the mirror as well.

    Returns:
        The factor on the weights; 1 where no word has two clips.
    """
    clips_of: dict[str, list[LabelledClip]] = defaultdict(list)
    for shot in shots:
        clips_of[shot.word].append(shot)
    held = [clips[0] for clips in clips_of.values() if len(clips) > 1]
    rest = [shot for shot in shots if shot not in held]
    if not held or len(clips_of) < 2:
        return 1.0
    scorers = build_scorers(members, rest, model, units=units, mirror=mirror)
    words = next(iter(scorers.values())).words
    scores = {name: scorer.scores([shot.clip for shot in held]) for name, scorer in scorers.items()}
    logits = fused_log_probabilities(scores, weights)
    targets = np.array([words.index(shot.word) for shot in held])
    return fitted_temperature(logits, targets)


def _weights(
    model: MouthModel, clips: Sequence[LabelledClip], asked: set[str], units: Units | None
) -> dict[str, dict[str, float]]:
    """The weights under which tests of the asked words come out best."""
    everything: dict[str, list[Scores]] = {}
    targets: list[int] = []
    for speaker in dict.fromkeys(clip.speaker for clip in clips):
        shots: dict[str, LabelledClip] = {}
        tests: list[LabelledClip] = []
        for clip in (clip for clip in clips if clip.speaker == speaker):
            if shots.setdefault(clip.word, clip) is not clip and clip.word in asked:
                tests.append(clip)
        if not tests or len(shots) < 2:
            continue
        scorers = build_scorers(("dtw", *FUSED), list(shots.values()), model, units=units)
        for name, scorer in scorers.items():
            scores = scorer.scores([test.clip for test in tests])
            everything.setdefault(name, []).append(scores)
        targets += [list(shots).index(test.word) for test in tests]
    if not targets:
        return {}
    most = max(scores.shape[1] for scores in everything["dtw"])
    together = {
        name: np.concatenate([_widened(each, most) for each in parts])
        for name, parts in everything.items()
        if len(parts) == len(everything["dtw"])
    }
    return {
        "+".join(names): fitted_weights({n: together[n] for n in names}, np.array(targets))
        for size in range(1, len(together) + 1)
        for names in combinations(sorted(together), size)
        if size == 1 or "dtw" not in names  # the floor stands alone
    }


def _widened(scores: Scores, num_words: int) -> Scores:
    """Fill up with words that nobody knows, so that speakers with fewer words fit in."""
    return np.pad(scores, ((0, 0), (0, num_words - scores.shape[1])), constant_values=np.nan)

"""Calibration: weights of scorers from clips that the model was not trained on."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import cast

import numpy as np

from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.phonetics.units import overlapping_phrases
from videospace.lipreading.recognition.fusion import (
    Scorer,
    Scores,
    fitted_temperature,
    fitted_weights,
    fused_log_probabilities,
)
from videospace.lipreading.recognition.scorers import (
    FUSED,
    ScorerName,
    Units,
    UnitScorer,
    build_scorers,
    mostly_overlapping,
)
from videospace.lipreading.recognition.templates import TemplateScorer

MOST_PHRASES = 24
"""Most clips of phrases that are tested to find the temperature."""


def calibrate(
    model: MouthModel, clips: Sequence[LabeledClip], *, units: Units | None = None
) -> dict[str, dict[str, float]]:
    """Fit the weights of every set of scorers on speakers that the model was not trained on.

    For each speaker, the first take of a word is the shot and all others are tests. Sets without
    the classifier are for vocabularies that the model was not trained on. Where words were kept out
    of its training, the weights of such a set are fitted on tests of these words only, among all
    words.

    Args:
        model: A trained model.
        clips: Clips of the speakers that were kept out.
        units: The units of each word.

    Returns:
        Weights by the names of a set, sorted and joined by ``+``; empty without tests.
    """
    trained = set(model.words)
    held_out = {clip.word for clip in clips} - trained
    weights = _weights(model, [clip for clip in clips if clip.word in trained], trained, units)
    if held_out:
        found = _weights(model, clips, held_out, units)
        weights |= {key: each for key, each in found.items() if "words" not in each}
    return weights


def own_temperature(
    scorers: Mapping[str, Scorer],
    shots: Sequence[LabeledClip],
    model: MouthModel | None,
    weights: Mapping[str, float],
    *,
    units: Units | None = None,
    mirror: bool = False,
) -> float:
    """Fit a common factor of the weights on the person's own clips.

    The first clip of every word that has several is tested against all other clips. Where most
    words are phrases that share their parts, up to 24 clips of such phrases are tested, each
    against all others. Do not use it for a model that was trained on these clips: it would be
    overconfident.

    Args:
        scorers: Scorers by name, built from all the clips.
        shots: The person's clips.
        model: The model, where the scorers need one.
        weights: Weights by name of the scorer.
        units: The units of each word.
        mirror: Also embed the mirror image of each clip, and take the mean.

    Returns:
        The factor; 1 where there is nothing to test.
    """
    words = [shot.word for shot in shots]
    if mostly_overlapping(words) and all(map(_leave_one_out_phrases, scorers.values())):
        return _temperature_of_phrases(scorers, shots, weights)
    clips_of: dict[str, list[LabeledClip]] = defaultdict(list)
    for shot in shots:
        clips_of[shot.word].append(shot)
    held = [clips[0] for clips in clips_of.values() if len(clips) > 1]
    rest = [shot for shot in shots if shot not in held]
    if not held or len(clips_of) < 2:
        return 1.0
    names: list[ScorerName] = [cast(ScorerName, name) for name in scorers]
    scorers = build_scorers(names, rest, model, units=units, mirror=mirror)
    scores = {name: scorer.scores([shot.clip for shot in held]) for name, scorer in scorers.items()}
    return _temperature(scores, weights, scorers, [shot.word for shot in held])


def _temperature_of_phrases(
    scorers: Mapping[str, Scorer], shots: Sequence[LabeledClip], weights: Mapping[str, float]
) -> float:
    parts = overlapping_phrases(shot.word for shot in shots)
    rows = [row for row, shot in enumerate(shots) if shot.word in parts]
    rows = rows[:: -(-len(rows) // MOST_PHRASES)]
    clips = [shots[row].clip for row in rows]
    scores = {
        name: scorer.scores_of_templates(rows)
        if isinstance(scorer, TemplateScorer)
        else scorer.scores(clips)
        for name, scorer in scorers.items()
    }
    return _temperature(scores, weights, scorers, [shots[row].word for row in rows])


def _leave_one_out_phrases(scorer: Scorer) -> bool:
    """Whether a scorer can recognize a phrase whose only clip is left out."""
    if isinstance(scorer, TemplateScorer):
        return scorer.split_overlapping
    return isinstance(scorer, UnitScorer)  # it uses none of the clips


def _temperature(
    scores: Mapping[str, Scores],
    weights: Mapping[str, float],
    scorers: Mapping[str, Scorer],
    said: Sequence[str],
) -> float:
    words = next(iter(scorers.values())).words
    logits = fused_log_probabilities(scores, weights)
    return fitted_temperature(logits, np.array([words.index(word) for word in said]))


def _weights(
    model: MouthModel, clips: Sequence[LabeledClip], asked: set[str], units: Units | None
) -> dict[str, dict[str, float]]:
    """Fit weights on tests of the asked words."""
    everything: dict[str, list[Scores]] = {}
    targets: list[int] = []
    for speaker in dict.fromkeys(clip.speaker for clip in clips):
        shots: dict[str, LabeledClip] = {}
        tests: list[LabeledClip] = []
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
        if size == 1 or "dtw" not in names  # it is never fused
    }


def _widened(scores: Scores, num_words: int) -> Scores:
    """Add columns of unknown words, so that speakers with fewer words fit in."""
    return np.pad(scores, ((0, 0), (0, num_words - scores.shape[1])), constant_values=np.nan)

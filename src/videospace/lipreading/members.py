"""The opinions that strategies are made of, by name, and how they are calibrated."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal

import numpy as np

from videospace.lipreading.corpus import LabelledClip
from videospace.lipreading.fusion import DEFAULT_WEIGHT, Scorer, Scores, fitted_weights
from videospace.lipreading.mouth_model import MouthModel
from videospace.lipreading.scorers import (
    PrototypeScorer,
    SharedEmbedder,
    UnitScorer,
    WordScorer,
)
from videospace.lipreading.templates import TemplateScorer, normalised_cosine_features
from videospace.runtime.errors import UserError

Member = Literal["dtw", "dtw-normalised", "dtw-embeddings", "prototypes", "words", "units"]
WITHOUT_MODEL: tuple[Member, ...] = ("dtw", "dtw-normalised")
FUSED: tuple[Member, ...] = ("dtw-normalised", "dtw-embeddings", "prototypes", "words", "units")

Units = Mapping[str, Sequence[str]]


def build_scorers(
    members: Sequence[Member],
    shots: Sequence[LabelledClip],
    model: MouthModel | None,
    *,
    units: Units | None = None,
    mirror: bool = False,
) -> dict[str, Scorer]:
    """Make the scorers of a strategy out of the person's clips.

    Args:
        members: Which of them; ``words`` and ``units`` are left out of several where the model
            knows fewer than two of the person's words, or no units.
        shots: The person's clips.
        model: Needed by all but the ``dtw`` ones without embeddings.
        units: What each word is made of.
        mirror: Embed each clip in the mirror as well.

    Raises:
        UserError: There is no clip, or a model is needed.
    """
    if not shots:
        raise UserError("expected at least one clip of the person, came none: add one first")
    words, clips = [shot.word for shot in shots], [shot.clip for shot in shots]
    missing = [member for member in members if member not in WITHOUT_MODEL]
    if model is None and missing:
        raise UserError(
            f"{', '.join(missing)} needs a pretrained model: make one with "
            "videospace lipread pretrain, or use dtw-normalised"
        )
    scorers: dict[str, Scorer] = {}
    embedder = SharedEmbedder(model, mirror=mirror) if model is not None else None
    for member in members:
        if member == "dtw":
            scorers[member] = TemplateScorer(words, clips)
        elif member == "dtw-normalised":
            scorers[member] = TemplateScorer(words, clips, normalised_cosine_features, centre=True)
        elif embedder is None:
            raise AssertionError("refused above")
        elif member == "dtw-embeddings":
            scorers[member] = TemplateScorer(words, clips, embedder.frames, centre=True)
        elif member == "prototypes":
            scorers[member] = PrototypeScorer(words, clips, embedder)
        elif member == "words":
            if len(members) == 1 or len(set(words) & set(embedder.model.words)) > 1:
                scorers[member] = WordScorer(words, embedder)
        elif embedder.model.units and units:
            scorers[member] = UnitScorer(words, embedder, units)
    return scorers


def weights_for(scorers: Mapping[str, Scorer], model: MouthModel | None) -> dict[str, float]:
    """The calibrated weights of some scorers; even ones where the model has none for them."""
    key = "+".join(sorted(scorers))
    if model is not None and key in model.calibration:
        return dict(model.calibration[key])
    return dict.fromkeys(scorers, DEFAULT_WEIGHT)


def calibrate(
    model: MouthModel, clips: Sequence[LabelledClip], *, units: Units | None = None
) -> dict[str, dict[str, float]]:
    """Weights for every set of scorers, from speakers that the model was not trained on.

    For each speaker the first take of a word is the shot, all others are tests.

    Args:
        model: After training.
        clips: Of the speakers kept out.
        units: What each word is made of.

    Returns:
        Weights by the names of a set, sorted and joined by ``+``; none without tests.
    """
    everything: dict[str, list[Scores]] = {}
    targets: list[int] = []
    for speaker in dict.fromkeys(clip.speaker for clip in clips):
        shots: dict[str, LabelledClip] = {}
        tests: list[LabelledClip] = []
        for clip in (clip for clip in clips if clip.speaker == speaker):
            if shots.setdefault(clip.word, clip) is not clip:
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
    weights = {}
    for size in range(1, len(together) + 1):
        for names in combinations(sorted(together), size):
            if size > 1 and "dtw" in names:
                continue  # the floor stands alone
            chosen = {name: together[name] for name in names}
            weights["+".join(names)] = fitted_weights(chosen, np.array(targets))
    return weights


def _widened(scores: Scores, num_words: int) -> Scores:
    """Fill up with words that nobody said, so that speakers with fewer words fit in."""
    return np.pad(scores, ((0, 0), (0, num_words - scores.shape[1])), constant_values=np.nan)

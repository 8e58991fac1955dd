"""The scorers: a table of all, and those that use a trained model.

Templates score without a model (see :mod:`videospace.lipreading.recognition.templates`).
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.model.mouth_model import ClipEmbeddings, MouthModel
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.phonetics.units import overlapping_phrases
from videospace.lipreading.recognition.fusion import DEFAULT_WEIGHT, Scorer, Scores
from videospace.lipreading.recognition.template_features import (
    detailed_cosine_features,
    landmark_features,
    normalized_cosine_features,
    projected_features,
)
from videospace.lipreading.recognition.templates import TemplateScorer
from videospace.runtime.errors import UserError

FREE_ENDS, HUB_CORRECTION = 1, 0.5
"""Of the three scorers of the strategy ``templates`` (see :class:`TemplateScorer`), chosen on GRID
and MIRACL."""
TEMPLATE_FEATURES = {
    "templates": detailed_cosine_features,
    "projected": projected_features,
    "landmarks": landmark_features,
}


class SharedEmbedder:
    """Embeds clips with a model, and keeps the last result for the next scorer that asks."""

    def __init__(self, model: MouthModel, *, mirror: bool = False):
        self.model = model
        self._mirror = mirror
        self._last: tuple[tuple[MouthClip, ...], ClipEmbeddings] | None = None

    def __call__(self, clips: Sequence[MouthClip]) -> ClipEmbeddings:
        """Embeddings of the clips."""
        last = self._last
        if last is None or last[0] != tuple(clips):
            last = tuple(clips), self.model.embed(clips, mirror=self._mirror)
            self._last = last
        return last[1]

    def frames(self, clips: Sequence[MouthClip]) -> list[Tensor]:
        """Frame embeddings of the clips, for dynamic time warping."""
        return self(clips).frames


class PrototypeScorer:
    """Scores words by the cosine to their prototype, the mean embedding of their clips.

    The mean of all prototypes is subtracted first: it depends on the speaker, not on the word.
    """

    def __init__(self, words: Sequence[str], clips: Sequence[MouthClip], embedder: SharedEmbedder):
        self.words: list[str] = []
        self._embedder = embedder
        self._clips_of: dict[str, list[Tensor]] = {}
        for word, embedded in zip(words, embedder(clips).clips, strict=True):
            self.add(word, embedded)

    def prepare(self, clip: MouthClip) -> Tensor:
        """Embed a clip for :meth:`add`."""
        return self._embedder([clip]).clips[0]

    def add(self, word: str, prepared: Tensor) -> None:
        """Add a clip to the prototype of its word."""
        if word not in self._clips_of:
            self.words.append(word)
        self._clips_of.setdefault(word, []).append(prepared)

    def scores(self, clips: Sequence[MouthClip]) -> Scores:
        """Compute the cosine of each clip to each prototype."""
        prototypes = torch.stack([torch.stack(self._clips_of[w]).mean(0) for w in self.words])
        mean = prototypes.mean(0) if len(prototypes) > 1 else torch.zeros(prototypes.shape[1])
        queries = functional.normalize(self._embedder(clips).clips - mean, dim=-1)
        return (queries @ functional.normalize(prototypes - mean, dim=-1).T).numpy()


class WordScorer:
    """Scores words by the model's classifier.

    For a word that the classifier was not trained on, the mean of its clips' embeddings becomes its
    weights. A clip that is added later enters the mean with the weights.

    Source: Qi et al., "Low-shot learning with imprinted weights", 2018.
    """

    def __init__(self, words: Sequence[str], clips: Sequence[MouthClip], embedder: SharedEmbedder):
        self.words = list(dict.fromkeys(words))
        self._embedder = embedder
        model = embedder.model
        known = functional.normalize(model.word_weights.detach().cpu(), dim=-1)
        self._weights = {word: [known[row]] for row, word in enumerate(model.words)}
        unknown = set(words) - self._weights.keys()
        if unknown:
            directions = functional.normalize(embedder(clips).clips, dim=-1)
            for word, direction in zip(words, directions, strict=True):
                if word in unknown:
                    self.add(word, direction)

    def prepare(self, clip: MouthClip) -> Tensor:
        """Embed a clip for :meth:`add`."""
        return functional.normalize(self._embedder([clip]).clips[0], dim=-1)

    def add(self, word: str, prepared: Tensor) -> None:
        """Add a clip to the weights of its word."""
        if word not in self.words:
            self.words.append(word)
        self._weights.setdefault(word, []).append(prepared)

    def scores(self, clips: Sequence[MouthClip]) -> Scores:
        """Compute the cosine of each clip to the weights of each word."""
        queries = functional.normalize(self._embedder(clips).clips, dim=-1)
        weights = torch.stack([torch.stack(self._weights[word]).mean(0) for word in self.words])
        return (queries @ functional.normalize(weights, dim=-1).T).numpy()


class UnitScorer:
    """Scores words by how well their units, such as visemes, explain the frames.

    Source: Graves et al., "Connectionist temporal classification", 2006.
    """

    def __init__(
        self,
        words: Sequence[str],
        embedder: SharedEmbedder,
        units_of: Mapping[str, Sequence[str]],
    ):
        self.words = list(dict.fromkeys(words))
        self._embedder = embedder
        self._units_of = units_of

    def prepare(self, clip: MouthClip) -> None:
        """Do nothing: clips are not used."""

    def add(self, word: str, prepared: None) -> None:
        """Add a word to the vocabulary; it is scored where its units are known."""
        if word not in self.words:
            self.words.append(word)

    def scores(self, clips: Sequence[MouthClip]) -> Scores:
        """Log-probability per frame; nan where a word has a unit that the model does not know."""
        known = {unit: index + 1 for index, unit in enumerate(self._embedder.model.units)}
        spellings = [[known.get(u, 0) for u in self._units_of.get(w, ())] for w in self.words]
        columns = [column for column, units in enumerate(spellings) if units and 0 not in units]
        scores = np.full((len(clips), len(self.words)), np.nan, np.float32)
        if not columns:
            return scores
        targets = [torch.tensor(spellings[column]) for column in columns]
        lengths = torch.tensor([len(units) for units in targets])
        padded = torch.nn.utils.rnn.pad_sequence(targets, batch_first=True)
        for row, log_units in enumerate(self._embedder(clips).unit_log_probabilities):
            losses = functional.ctc_loss(
                log_units[:, None].expand(-1, len(columns), -1),
                padded,
                torch.full_like(lengths, len(log_units)),
                lengths,
                reduction="none",
            )
            scores[row, columns] = (-losses / len(log_units)).clamp(min=-100).numpy()
        return scores


ScorerName = Literal[
    "dtw",
    "dtw-normalized",
    "templates",
    "projected",
    "landmarks",
    "dtw-embeddings",
    "prototypes",
    "words",
    "units",
]

Units = Mapping[str, Sequence[str]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScorerKind:
    """What is known of a scorer before it is built."""

    needs_model: bool = True
    """Whether it scores with a trained model."""
    for_phrases: bool = True
    """Whether it is among several scorers where most words are phrases that share their parts."""


SCORERS: dict[ScorerName, ScorerKind] = {
    "dtw": ScorerKind(needs_model=False),
    "dtw-normalized": ScorerKind(needs_model=False),
    "templates": ScorerKind(needs_model=False),
    "projected": ScorerKind(needs_model=False),
    "landmarks": ScorerKind(needs_model=False),
    "dtw-embeddings": ScorerKind(),
    "prototypes": ScorerKind(for_phrases=False),
    "words": ScorerKind(for_phrases=False),
    "units": ScorerKind(),
}
"""All scorers."""

FUSED: tuple[ScorerName, ...] = ("dtw-normalized", "dtw-embeddings", "prototypes", "words", "units")
"""The scorers that are fused. ``dtw`` stands alone, as the floor that others are compared with;
``templates``, ``projected`` and ``landmarks`` are for people without a model."""

WEIGHTS: dict[str, dict[str, float]] = {
    "projected+templates": {"projected": 0.7, "templates": 0.7},
    "landmarks+projected+templates": {"landmarks": 0.27, "projected": 0.53, "templates": 0.53},
}
"""Weights of sets of scorers without a model, chosen on MIRACL and GRID (see docs/log.md)."""


def build_scorers(
    names: Sequence[ScorerName],
    shots: Sequence[LabeledClip],
    model: MouthModel | None,
    *,
    units: Units | None = None,
    mirror: bool = False,
) -> dict[str, Scorer]:
    """Build scorers from the person's clips.

    Some of several scorers are left out where they would do harm: ``words`` where the model does
    not know all of the person's words, since it would always prefer those it knows; ``units`` where
    the model or the vocabulary has none; ``landmarks`` where a clip has none; and those that take
    phrases as a whole where most words are phrases that share their parts, since a phrase has one
    clip where its parts have many.

    Args:
        names: Names of the scorers.
        shots: The person's clips.
        model: A trained model; None for scorers that need none.
        units: The units that each word is made of.
        mirror: Also embed the mirror image of each clip, and take the mean.

    Raises:
        UserError: There is no clip, or a model is needed.
    """
    if not shots:
        raise UserError("expected at least one clip of the person, got none: add one first")
    words, clips = [shot.word for shot in shots], [shot.clip for shot in shots]
    if model is None and (without := [name for name in names if SCORERS[name].needs_model]):
        raise UserError(
            f"{', '.join(without)} needs a pretrained model: make one with "
            "videospace lipread pretrain, or use templates"
        )
    if len(names) > 1 and not all(clip.landmarks is not None for clip in clips):
        names = [name for name in names if name != "landmarks"]
    if len(names) > 1 and mostly_overlapping(words):
        names = [name for name in names if SCORERS[name].for_phrases]
    embedder = None if model is None else SharedEmbedder(model, mirror=mirror)
    scorers: dict[str, Scorer] = {}
    for name in names:
        if embedder is None or not SCORERS[name].needs_model:
            scorers[name] = _training_free_scorer(name, words, clips)
        elif name == "dtw-embeddings":
            scorers[name] = TemplateScorer(
                words, clips, embedder.frames, center=True, split_overlapping=True
            )
        elif name == "prototypes":
            scorers[name] = PrototypeScorer(words, clips, embedder)
        elif name == "words":
            if len(names) == 1 or set(words) <= set(embedder.model.words):
                scorers[name] = WordScorer(words, clips, embedder)
        elif embedder.model.units and units:
            scorers[name] = UnitScorer(words, embedder, units)
    return scorers


def _training_free_scorer(
    name: ScorerName, words: Sequence[str], clips: Sequence[MouthClip]
) -> TemplateScorer:
    if name == "dtw":
        return TemplateScorer(words, clips)
    if name == "dtw-normalized":
        return TemplateScorer(
            words, clips, normalized_cosine_features, center=True, split_overlapping=True
        )
    return TemplateScorer(
        words,
        clips,
        TEMPLATE_FEATURES[name],
        center=name != "landmarks",
        split_overlapping=True,
        free_ends=FREE_ENDS,
        hub_correction=HUB_CORRECTION,
    )


def mostly_overlapping(words: Sequence[str]) -> bool:
    """Whether most words of a vocabulary are phrases that share their parts."""
    return 2 * len(overlapping_phrases(words)) > len(set(words))


def weights_for(scorers: Mapping[str, Scorer], model: MouthModel | None) -> dict[str, float]:
    """The calibrated weights of some scorers; equal ones where there are none for them."""
    key = "+".join(sorted(scorers))
    for calibration in (WEIGHTS, {} if model is None else model.calibration):
        if key in calibration:
            return dict(calibration[key])
    return dict.fromkeys(scorers, DEFAULT_WEIGHT)

"""The opinions that strategies are made of, by name."""

from collections.abc import Mapping, Sequence
from typing import Literal

from videospace.lipreading.corpus import LabelledClip
from videospace.lipreading.fusion import DEFAULT_WEIGHT, Scorer
from videospace.lipreading.mouth_model import MouthModel
from videospace.lipreading.scorers import (
    PrototypeScorer,
    SharedEmbedder,
    UnitScorer,
    WordScorer,
)
from videospace.lipreading.templates import TemplateScorer, normalised_cosine_features
from videospace.lipreading.units import shared_parts
from videospace.runtime.errors import UserError

Member = Literal["dtw", "dtw-normalised", "dtw-embeddings", "prototypes", "words", "units"]
WITHOUT_MODEL: tuple[Member, ...] = ("dtw", "dtw-normalised")
FUSED: tuple[Member, ...] = ("dtw-normalised", "dtw-embeddings", "prototypes", "words", "units")
OF_WHOLE_PHRASES: tuple[Member, ...] = ("prototypes", "words")

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
            does not know all of the person's words, or no units. (A classifier that knows some
            of them would always choose among those.) Where most of the words are phrases that
            share their parts, ``words`` and ``prototypes`` are left out of several: they look at
            whole phrases, each of which has one clip where its parts have many.
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
    if len(members) > 1 and mostly_share_parts(words):
        members = [member for member in members if member not in OF_WHOLE_PHRASES]
    scorers: dict[str, Scorer] = {}
    embedder = SharedEmbedder(model, mirror=mirror) if model is not None else None
    for member in members:
        if member == "dtw":
            scorers[member] = TemplateScorer(words, clips)
        elif member == "dtw-normalised":
            scorers[member] = TemplateScorer(
                words, clips, normalised_cosine_features, centre=True, share_parts=True
            )
        elif embedder is None:
            raise AssertionError("refused above")
        elif member == "dtw-embeddings":
            scorers[member] = TemplateScorer(
                words, clips, embedder.frames, centre=True, share_parts=True
            )
        elif member == "prototypes":
            scorers[member] = PrototypeScorer(words, clips, embedder)
        elif member == "words":
            if len(members) == 1 or set(words) <= set(embedder.model.words):
                scorers[member] = WordScorer(words, clips, embedder)
        elif embedder.model.units and units:
            scorers[member] = UnitScorer(words, embedder, units)
    return scorers


def mostly_share_parts(words: Sequence[str]) -> bool:
    """Whether most words of a vocabulary are phrases that share their parts."""
    return 2 * len(shared_parts(words)) > len(set(words))


def weights_for(scorers: Mapping[str, Scorer], model: MouthModel | None) -> dict[str, float]:
    """The calibrated weights of some scorers; even ones where the model has none for them."""
    key = "+".join(sorted(scorers))
    if model is not None and key in model.calibration:
        return dict(model.calibration[key])
    return dict.fromkeys(scorers, DEFAULT_WEIGHT)

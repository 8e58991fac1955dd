"""The strategies by which a person's words are learned, as a table.

Source: thesis 2.3–2.4 (Table 2.2) for ``cl-*`` and ``ve-*``.
"""

import dataclasses
from typing import Any, Literal, cast

from videospace.lipreading.data.augmentation import (
    NO_AUGMENTATION,
    PUBLISHED,
    STRONG,
    AugmentationConfig,
)
from videospace.lipreading.recognition.open_set import OPEN_SET_SCORER
from videospace.lipreading.recognition.scorers import FUSED, SCORERS, ScorerName
from videospace.runtime.errors import UserError

StrategyName = Literal[
    "cl-r",
    "cl-r+s",
    "cl-r+aug",
    "cl-r+s+aug",
    "ve-r",
    "ve-r+s",
    "ve-r+s-mod",
    "ve-r+aug",
    "ve-r+s+aug",
    "prototypes",
    "dtw",
    "dtw-normalized",
    "templates",
    "dtw-embeddings",
    "fusion",
    "fusion+adapted",
]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Strategy:
    """How a recognizer is learned from a person's clips."""

    scorers: tuple[ScorerName, ...]
    """The scorers that take part. Where most words are phrases that share their parts, several
    scorers do without those that take each phrase as a whole."""
    trains: Literal["nothing", "classifier", "variational"] = "nothing"
    """What is trained on the person's clips: one encoder with its classifier, or Variational
    Encoders."""
    synthetic: bool = False
    """Also train on the clips of a second domain."""
    distance: bool = True
    """Keep the distance term of the Variational Encoders; False is the thesis's ``-mod``."""
    augmentation: AugmentationConfig = NO_AUGMENTATION
    """How the clips are varied in training."""
    open_set_scorer: ScorerName = OPEN_SET_SCORER
    """The scorer that decides whether a clip may be a word of the vocabulary at all."""
    reads_units: bool = False
    """Also train the model to read the units of words, where they are given."""

    @property
    def needs_model(self) -> bool:
        """Whether a pretrained model is needed."""
        return any(SCORERS[name].needs_model for name in self.scorers)

    @property
    def needs_training(self) -> bool:
        """Whether anything is trained on the person's clips."""
        return self.trains != "nothing"


CLASSIFIER = Strategy(scorers=("words",), trains="classifier")
VARIATIONAL = dataclasses.replace(CLASSIFIER, trains="variational")

STRATEGIES: dict[StrategyName, Strategy] = {
    "cl-r": CLASSIFIER,
    "cl-r+s": dataclasses.replace(CLASSIFIER, synthetic=True),
    "cl-r+aug": dataclasses.replace(CLASSIFIER, augmentation=PUBLISHED),
    "cl-r+s+aug": dataclasses.replace(CLASSIFIER, synthetic=True, augmentation=PUBLISHED),
    "ve-r": VARIATIONAL,
    "ve-r+s": dataclasses.replace(VARIATIONAL, synthetic=True),
    "ve-r+s-mod": dataclasses.replace(VARIATIONAL, synthetic=True, distance=False),
    "ve-r+aug": dataclasses.replace(VARIATIONAL, augmentation=PUBLISHED),
    "ve-r+s+aug": dataclasses.replace(VARIATIONAL, synthetic=True, augmentation=PUBLISHED),
    "prototypes": Strategy(scorers=("prototypes",)),
    "dtw": Strategy(scorers=("dtw",)),
    "dtw-normalized": Strategy(scorers=("dtw-normalized",)),
    "templates": Strategy(
        scorers=("templates", "projected", "landmarks"), open_set_scorer="projected"
    ),
    "dtw-embeddings": Strategy(scorers=("dtw-embeddings",)),
    "fusion": Strategy(scorers=FUSED),
    "fusion+adapted": Strategy(
        scorers=FUSED, trains="classifier", augmentation=STRONG, reads_units=True
    ),
}
"""All strategies. To add one, add its name to :data:`StrategyName` and its record here."""


def strategy_named(name: str) -> Strategy:
    """The record of a strategy.

    Raises:
        UserError: There is no strategy of that name.

    Example:
        >>> strategy_named("dtw").needs_model, strategy_named("fusion").needs_model
        (False, True)
    """
    if name not in STRATEGIES:
        raise UserError(f"expected one of the strategies {', '.join(STRATEGIES)}, got '{name}'")
    return STRATEGIES[cast(StrategyName, name)]


def strategy_like(name: str, **changes: Any) -> StrategyName | None:
    """The strategy that differs from another one in some fields only; None where there is none.

    Args:
        name: The other strategy.
        changes: New values of fields of its record.

    Example:
        >>> strategy_like("ve-r+s-mod", trains="classifier", distance=True)
        'cl-r+s'
    """
    wanted = dataclasses.replace(strategy_named(name), **changes)
    return next((other for other, record in STRATEGIES.items() if record == wanted), None)

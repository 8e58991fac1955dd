"""The ways to learn a person's words, by name: those of the thesis, and ours.

Source: thesis 2.3–2.4 (Table 2.2) for ``cl-*`` and ``ve-*``.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from videospace.lipreading.adaptation.adaptation import AdaptationConfig, adapted
from videospace.lipreading.data.augmentation import NO_AUGMENTATION, PUBLISHED, STRONG
from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.model.variational import VariationalConfig
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.recognition.calibration import own_temperature
from videospace.lipreading.recognition.open_set import rejection_threshold
from videospace.lipreading.recognition.recognizer import Recognizer
from videospace.lipreading.recognition.scorers import (
    FUSED,
    WITHOUT_MODEL,
    ScorerName,
    Units,
    build_scorers,
    weights_for,
)
from videospace.runtime.device import choose_device
from videospace.runtime.errors import UserError
from videospace.runtime.progress import Progress
from videospace.runtime.renamed import renamed

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
    "dtw-embeddings",
    "fusion",
    "fusion+adapted",
]
STRATEGY_NAMES: tuple[StrategyName, ...] = get_args(StrategyName)
OPEN_SET_SCORER: ScorerName = "dtw-normalized"
"""The scorer that tells whether a clip may be one of the words at all, whatever the strategy: it
learns nothing from the clips."""


@renamed(fields={"sure_at": "confident_at"})
@dataclasses.dataclass(frozen=True, kw_only=True)
class LearningSettings:
    """How a person's recognizer is learned, and how it answers."""

    confident_at: float = 0.6
    """Probability from which the first word may count as sure; the clip has to resemble the word,
    too (see :mod:`videospace.lipreading.recognition.open_set`)."""
    learning_rate: float | None = None
    """Of adaptation; None: 3e-5 as published, and 3e-4 for ``compact``."""
    epochs: int = 200
    """Most passes over the clips in adaptation."""
    unit_weight: float = 1.0
    """Of reading the units of words in ``fusion+adapted``, where they are given."""
    variational: VariationalConfig = VariationalConfig()
    """The terms of ``ve-*``; ``-mod`` leaves out the distance whatever stands here."""
    mirror: bool = False
    """Recognize with the mean of each clip's embedding and that of its mirror image."""
    seed: int = 0
    """Of everything random."""
    device: str = "auto"
    """``auto``, ``cpu`` or ``cuda``."""
    time_budget_seconds: float | None = None
    """Most time that adaptation may take; None: as its number of epochs asks."""
    progress: Progress = None
    """Where progress is shown; None shows a bar in a terminal."""

    def __post_init__(self) -> None:
        if not 0 <= self.confident_at <= 1:
            raise UserError(f"expected confident_at in [0, 1], got {self.confident_at}")
        if self.time_budget_seconds is not None and not self.time_budget_seconds > 0:
            raise UserError(
                f"expected more than 0 seconds for training, got {self.time_budget_seconds:g}"
            )


def scorers_of(strategy: str) -> tuple[ScorerName, ...]:
    """The scorers of a strategy."""
    _require_known(strategy)
    if strategy.startswith("fusion"):
        return FUSED
    if strategy.startswith(("cl-", "ve-")):
        return ("words",)
    return (strategy,)  # type: ignore[return-value]


def needs_model(strategy: str) -> bool:
    """Whether a strategy needs a pretrained model.

    Example:
        >>> needs_model("dtw"), needs_model("fusion")
        (False, True)
    """
    return not set(scorers_of(strategy)) <= set(WITHOUT_MODEL)


def needs_training(strategy: str) -> bool:
    """Whether :func:`adapt` trains (``cl-*``, ``ve-*``, ``fusion+adapted``)."""
    _require_known(strategy)
    return strategy.startswith(("cl-", "ve-")) or strategy == "fusion+adapted"


def needs_synthetic(strategy: str) -> bool:
    """Whether a strategy wants clips of a second domain (``+s``)."""
    _require_known(strategy)
    return "+s" in strategy


def adaptation_of(strategy: str, settings: LearningSettings) -> AdaptationConfig:
    """How a strategy trains on the person's clips, but for the learning rate."""
    augmentation = PUBLISHED if "+aug" in strategy else NO_AUGMENTATION
    variational = None
    if strategy.startswith("ve-"):
        changes = {"distance": False} if "-mod" in strategy else {}
        variational = dataclasses.replace(settings.variational, **changes)
    of_ours = strategy == "fusion+adapted"
    return AdaptationConfig(
        epochs=settings.epochs,
        augmentation=STRONG if of_ours else augmentation,
        variational=variational,
        unit_weight=settings.unit_weight if of_ours else 0.0,
    )


def adapt(
    strategy: str,
    shots: Sequence[LabeledClip],
    model: MouthModel,
    settings: LearningSettings | None = None,
    *,
    synthetic: Sequence[LabeledClip] = (),
    pseudo_labeled: Sequence[LabeledClip] = (),
    footage: Sequence[MouthClip] = (),
    units: Units | None = None,
) -> MouthModel:
    """The slow part: train a copy of the model on the person's clips.

    Args:
        strategy: By name.
        shots: The person's clips.
        model: Pretrained.
        settings: How to learn.
        synthetic: Clips of the second domain, for ``+s``.
        pseudo_labeled: Further clips of the second domain, for any strategy that trains.
        footage: Clips of the person of which nobody knows what they say (see
            :mod:`videospace.lipreading.data.footage`).
        units: What each word is made of, such as visemes, for ``fusion+adapted``.

    Returns:
        The trained model, to be kept with ``save_pretrained``; the same model where the strategy
        trains nothing.

    Raises:
        UserError: An unknown strategy, fewer than two words, or ``+s`` without a second domain.
    """
    settings = settings or LearningSettings()
    if not needs_training(strategy):
        return model
    if needs_synthetic(strategy) and not synthetic:
        raise UserError(
            f"{strategy} learns from clips of a second domain too, got none: give a folder of "
            f"them, or use {strategy.replace('+s', '').replace('-mod', '')}"
        )
    config = adaptation_of(strategy, settings)
    compact = type(model.encoder).__name__ == "CompactEncoder"
    rate = settings.learning_rate or config.learning_rate * (10 if compact else 1)
    trained = adapted(
        model.to(choose_device(settings.device)),
        shots,
        [*(synthetic if needs_synthetic(strategy) else ()), *pseudo_labeled],
        dataclasses.replace(config, learning_rate=rate),
        units=units,
        footage=footage,
        seed=settings.seed,
        time_budget_seconds=settings.time_budget_seconds,
        progress=settings.progress,
    )
    trained.calibration = {name: dict(each) for name, each in model.calibration.items()}
    return trained


def recognizer(
    strategy: str,
    shots: Sequence[LabeledClip],
    model: MouthModel | None = None,
    settings: LearningSettings | None = None,
    *,
    use_counts: Mapping[str, int] | None = None,
    units: Units | None = None,
) -> Recognizer:
    """The quick part: a recognizer out of the person's clips and a model.

    Args:
        strategy: By name.
        shots: The person's clips.
        model: What :func:`adapt` returned; None for ``dtw`` and ``dtw-normalized``.
        settings: How to answer.
        use_counts: How often each word was used, for a prior; None treats all words alike.
        units: What each word is made of.

    Raises:
        UserError: An unknown strategy, no clip, or a model is needed.

    Example:
        >>> import numpy as np
        >>> from videospace.lipreading.mouth.mouth_clip import MouthClip
        >>> clip = MouthClip(frames=np.zeros((10, 88, 88), np.uint8), fps=25.0)
        >>> shot = LabeledClip(word="yes", speaker="me", take="1", domain="real", clip=clip)
        >>> recognizer("dtw", [shot]).recognize(clip).words
        ['yes']
    """
    settings = settings or LearningSettings()
    members = scorers_of(strategy)
    if model is not None:
        model = model.to(choose_device(settings.device))
    scorers = build_scorers(members, shots, model, units=units, mirror=settings.mirror)
    weights = weights_for(scorers, model)
    temperature = 1.0
    if not needs_training(strategy):
        temperature = own_temperature(
            scorers, shots, model, weights, units=units, mirror=settings.mirror
        )
    weights = {name: weight * temperature for name, weight in weights.items()}
    if OPEN_SET_SCORER not in scorers:
        scorers |= build_scorers((OPEN_SET_SCORER,), shots, None)
    limit = rejection_threshold(
        [shot.word for shot in shots], [shot.clip for shot in shots], scorers[OPEN_SET_SCORER]
    )
    return Recognizer(
        scorers,
        {OPEN_SET_SCORER: 0.0} | weights,
        confident_at=settings.confident_at,
        rejection_thresholds={OPEN_SET_SCORER: limit},
        use_counts=use_counts,
    )


def learn(
    strategy: str,
    shots: Sequence[LabeledClip],
    model: MouthModel | None = None,
    settings: LearningSettings | None = None,
    *,
    synthetic: Sequence[LabeledClip] = (),
    use_counts: Mapping[str, int] | None = None,
    units: Units | None = None,
) -> Recognizer:
    """Both: :func:`adapt`, then :func:`recognizer`."""
    if model is not None:
        model = adapt(strategy, shots, model, settings, synthetic=synthetic, units=units)
    return recognizer(strategy, shots, model, settings, use_counts=use_counts, units=units)


def _require_known(strategy: str) -> None:
    if strategy not in STRATEGY_NAMES:
        raise UserError(
            f"expected one of the strategies {', '.join(STRATEGY_NAMES)}, got '{strategy}'"
        )

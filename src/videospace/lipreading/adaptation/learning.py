"""From a person's clips to their recognizer, by one of the strategies."""

import dataclasses
from collections.abc import Mapping, Sequence

from videospace.lipreading.adaptation.adaptation import AdaptationConfig, adapted
from videospace.lipreading.adaptation.strategies import strategy_like, strategy_named
from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.model.variational import VariationalConfig
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.recognition.calibration import own_temperature
from videospace.lipreading.recognition.open_set import rejection_threshold
from videospace.lipreading.recognition.recognizer import Recognizer
from videospace.lipreading.recognition.scorers import Units, build_scorers, weights_for
from videospace.runtime.device import choose_device
from videospace.runtime.errors import UserError
from videospace.runtime.progress import Progress
from videospace.runtime.reading.renamed import renamed


@renamed(fields={"sure_at": "confident_at"})
@dataclasses.dataclass(frozen=True, kw_only=True)
class LearningSettings:
    """How a person's recognizer is learned, and how it answers."""

    confident_at: float = 0.6
    """Probability from which the first word may count as confident, in [0, 1]; the clip also has
    to be like the word's clips (see :mod:`videospace.lipreading.recognition.open_set`)."""
    learning_rate: float | None = None
    """Of adaptation; None takes the encoder's own: 3e-5 as published, and 3e-4 for ``compact``."""
    epochs: int = 200
    """Most passes over the clips in adaptation."""
    unit_weight: float = 1.0
    """Weight of reading the units of words in ``fusion+adapted``, where they are given."""
    variational: VariationalConfig = VariationalConfig()
    """The terms of ``ve-*``; ``-mod`` always leaves out the distance."""
    mirror: bool = False
    """Recognize with the mean of each clip's embedding and that of its mirror image."""
    seed: int = 0
    """Seed of everything random."""
    device: str = "auto"
    """``auto``, ``cpu`` or ``cuda``."""
    time_budget_seconds: float | None = None
    """Most time that adaptation may take; None sets no limit beside the number of epochs."""
    progress: Progress = None
    """Where progress is shown; None shows a bar in a terminal."""

    def __post_init__(self) -> None:
        if not 0 <= self.confident_at <= 1:
            raise UserError(f"expected confident_at in [0, 1], got {self.confident_at}")
        if self.seed < 0:
            raise UserError(f"expected a seed of at least 0, got {self.seed}")
        if self.time_budget_seconds is not None and not self.time_budget_seconds > 0:
            raise UserError(
                f"expected more than 0 seconds for training, got {self.time_budget_seconds:g}"
            )


def adaptation_of(strategy: str, settings: LearningSettings) -> AdaptationConfig:
    """How a strategy trains on the person's clips.

    Args:
        strategy: By name.
        settings: The epochs, the learning rate and the weights of terms.
    """
    record = strategy_named(strategy)
    variational = None
    if record.trains == "variational":
        distance = record.distance and settings.variational.distance
        variational = dataclasses.replace(settings.variational, distance=distance)
    return AdaptationConfig(
        learning_rate=settings.learning_rate,
        epochs=settings.epochs,
        augmentation=record.augmentation,
        variational=variational,
        unit_weight=settings.unit_weight if record.reads_units else 0.0,
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
    """Train a copy of a pretrained model on the person's clips; this is the slow part of learning.

    Args:
        strategy: Name of a strategy (see :data:`STRATEGIES`).
        shots: The person's clips.
        model: A pretrained model; it stays as it is.
        settings: How to learn; None takes the defaults.
        synthetic: Clips of a second domain, for the strategies that learn from them.
        pseudo_labeled: Further clips of the second domain, for any strategy that trains.
        footage: Unlabeled clips of the person (see :mod:`videospace.lipreading.data.footage`).
        units: The units that each word is made of, such as visemes, for ``fusion+adapted``.

    Returns:
        The trained model, which ``save_pretrained`` keeps; ``model`` itself where the strategy
        trains nothing.

    Raises:
        UserError: The strategy is unknown, there are fewer than two words, or a strategy that
            learns from a second domain gets no clips of it.
    """
    settings, record = settings or LearningSettings(), strategy_named(strategy)
    if not record.needs_training:
        return model
    if record.synthetic and not synthetic:
        without = strategy_like(strategy, synthetic=False, distance=True)
        raise UserError(
            f"{strategy} also learns from clips of a second domain, got none: give a folder of "
            f"them, or use {without}"
        )
    trained = adapted(
        model.to(choose_device(settings.device)),
        shots,
        [*(synthetic if record.synthetic else ()), *pseudo_labeled],
        adaptation_of(strategy, settings),
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
    """Build a recognizer from the person's clips and a model; this is the quick part of learning.

    Args:
        strategy: Name of a strategy (see :data:`STRATEGIES`).
        shots: The person's clips.
        model: The model that :func:`adapt` returned; None for ``dtw``,
            ``dtw-normalized`` and ``templates``.
        settings: How to answer; None takes the defaults.
        use_counts: How often each word was used, for a prior; None treats all words alike.
        units: The units that each word is made of.

    Raises:
        UserError: The strategy is unknown, there is no clip, or a model is needed.

    Example:
        >>> import numpy as np
        >>> from videospace.lipreading.mouth.mouth_clip import MouthClip
        >>> clip = MouthClip(frames=np.zeros((10, 88, 88), np.uint8), fps=25.0)
        >>> shot = LabeledClip(word="yes", speaker="me", take="1", domain="real", clip=clip)
        >>> recognizer("dtw", [shot]).recognize(clip).words
        ['yes']
    """
    settings, record = settings or LearningSettings(), strategy_named(strategy)
    if model is not None:
        model = model.to(choose_device(settings.device))
    scorers = build_scorers(record.scorers, shots, model, units=units, mirror=settings.mirror)
    weights = weights_for(scorers, model)
    temperature = 1.0
    if not record.needs_training:
        temperature = own_temperature(
            scorers, shots, model, weights, units=units, mirror=settings.mirror
        )
    weights = {name: weight * temperature for name, weight in weights.items()}
    judge = record.open_set_scorer
    if judge not in scorers:
        scorers |= build_scorers((judge,), shots, None)
    threshold = rejection_threshold(
        [shot.word for shot in shots], [shot.clip for shot in shots], scorers[judge]
    )
    return Recognizer(
        scorers,
        {judge: 0.0} | weights,
        confident_at=settings.confident_at,
        rejection_thresholds={judge: threshold},
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
    """Learn a person's recognizer: :func:`adapt`, then :func:`recognizer`.

    Args:
        strategy: Name of a strategy (see :data:`STRATEGIES`).
        shots: The person's clips, at least one.
        model: A pretrained model; None for ``dtw``,
            ``dtw-normalized`` and ``templates``.
        settings: How to learn and to answer; None takes the defaults.
        synthetic: Clips of a second domain, for the strategies that learn from them.
        use_counts: How often each word was used, for a prior; None treats all words alike.
        units: The units that each word is made of, such as visemes.

    Raises:
        UserError: The strategy is unknown, there are too few clips or words, or a model is needed.
    """
    if model is not None:
        model = adapt(strategy, shots, model, settings, synthetic=synthetic, units=units)
    return recognizer(strategy, shots, model, settings, use_counts=use_counts, units=units)

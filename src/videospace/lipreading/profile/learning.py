"""From the clips of a profile to a recogniser, and the training that goes before it."""

import dataclasses
from collections.abc import Sequence
from typing import cast

from videospace.lipreading.corpus import LabelledClip
from videospace.lipreading.footage import pseudo_labelled
from videospace.lipreading.mouth_clip import MouthClip
from videospace.lipreading.mouth_model import MouthModel
from videospace.lipreading.profile.models import keep_model, model_in_progress, newest_model
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.records import ModelRecord
from videospace.lipreading.recogniser import Recogniser
from videospace.lipreading.strategies import (
    STRATEGY_NAMES,
    LearningSettings,
    StrategyName,
    adapt,
    needs_model,
    needs_training,
    recogniser,
)
from videospace.lipreading.units import spell
from videospace.runtime.errors import UserError

WITHOUT_MODEL: StrategyName = "dtw-normalised"
"""The strategy of a profile that has no pretrained model."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class OpenedRecogniser:
    """A person's recogniser, and how it came about."""

    recogniser: Recogniser
    """Knows every word of the profile that has a clip."""
    strategy: StrategyName
    """How it learned: the profile's strategy or, until that has been trained, the best one that
    needs no training."""
    words_without_clip: tuple[str, ...]
    """Words that it cannot recognise yet."""


def checked_strategy(name: str) -> StrategyName:
    """A strategy by its name.

    Raises:
        UserError: There is none of that name.
    """
    if name not in STRATEGY_NAMES:
        raise UserError(f"no strategy '{name}': choose from {', '.join(STRATEGY_NAMES)}")
    return cast(StrategyName, name)


def adopt_model(profile: Profile, model: MouthModel) -> ModelRecord:
    """Keep a copy of a model that learned from other people in the profile.

    Raises:
        UserError: Another process trains, or the disk is full.
    """
    with model_in_progress(profile) as unfinished:
        model.save_pretrained(unfinished)
        return keep_model(profile, unfinished, kind="encoder", strategy="pretrained")


def learning_clips(profile: Profile) -> tuple[list[LabelledClip], list[LabelledClip]]:
    """The person's own clips, and the synthetic ones.

    Raises:
        UserError: Fewer than two words have a clip of their own.
    """
    clips = profile.labelled_clips()
    shots = [clip for clip in clips if clip.domain == "real"]
    words = {clip.word for clip in shots}
    if len(words) < 2:
        raise UserError(
            f"expected clips of at least 2 words to tell apart, came {len(words)}: "
            "add words with 'videospace lipread add'"
        )
    return shots, [clip for clip in clips if clip.domain == "synthetic" and clip.word in words]


def units_of(profile: Profile) -> dict[str, tuple[str, ...]]:
    """What each word is made of: mouth shapes, or the words that phrases share."""
    spoken = {word.text: word.spoken for word in profile.words()}
    return spell(spoken, profile.settings.language)


def name_footage(
    profile: Profile, footage: Sequence[MouthClip], settings: LearningSettings
) -> list[LabelledClip]:
    """Clips of unlabelled footage whose word the person's recogniser is sure about.

    Raises:
        UserError: Fewer than two words have clips.
    """
    by_what_needs_no_training = _possible(profile, "fusion")
    opened = open_recogniser(profile, settings, strategy=by_what_needs_no_training)
    return pseudo_labelled(footage, opened.recogniser, speaker=profile.settings.person)


def train(
    profile: Profile,
    strategy: StrategyName,
    settings: LearningSettings,
    *,
    footage: Sequence[MouthClip] = (),
    named_footage: Sequence[LabelledClip] = (),
) -> ModelRecord | None:
    """Train the profile's recogniser, where its strategy is one that trains.

    Clips may be added meanwhile; they are taken into account without training.

    Args:
        profile: The profile.
        strategy: How to learn, which the profile keeps.
        settings: Of learning.
        footage: Clips of the person of which nobody knows what they say; they are not kept.
        named_footage: Those of :func:`name_footage`.

    Returns:
        The new model, or None where nothing had to be trained.

    Raises:
        UserError: Too few words have clips, there is no pretrained model, another process trains,
            or clips were deleted meanwhile.
    """
    if footage and not needs_training(strategy):
        raise UserError(
            f"the strategy '{strategy}' trains nothing, so that footage has no effect: choose one "
            "that trains, such as fusion+adapted"
        )
    shots, synthetic = learning_clips(profile)
    record = None
    if needs_training(strategy):
        model, _ = _model(profile, strategy, trained=False)
        assert model is not None
        with model_in_progress(profile) as unfinished:
            units = units_of(profile)
            adapted = adapt(
                strategy,
                shots,
                model,
                settings,
                synthetic=synthetic,
                pseudo_labelled=named_footage,
                footage=footage,
                units=units,
            )
            adapted.save_pretrained(unfinished)
            taken = [clip.take for clip in (*shots, *synthetic)]
            record = keep_model(
                profile, unfinished, kind="recogniser", strategy=strategy, clips=taken
            )
    profile.change_settings(dataclasses.replace(profile.settings, strategy=strategy))
    return record


def open_recogniser(
    profile: Profile, settings: LearningSettings | None = None, *, strategy: str | None = None
) -> OpenedRecogniser:
    """A recogniser of all words that have clips, without training.

    Clips that came after the training count as they do when they are added to an open recogniser.

    Args:
        profile: The profile.
        settings: Of learning; None takes the defaults.
        strategy: Instead of the profile's.

    Raises:
        UserError: Fewer than two words have clips, or a given strategy lacks its model.
    """
    shots, _ = learning_clips(profile)
    chosen = checked_strategy(strategy or profile.settings.strategy)
    if strategy is None:
        chosen = _possible(profile, chosen)
    words = profile.words()
    counts = {word.text: word.num_uses for word in words} if profile.settings.prior else None
    model, learned_from = _model(profile, chosen, trained=True)
    learned = [shot for shot in shots if learned_from is None or shot.take in learned_from]
    opened = recogniser(
        chosen, learned, model, settings, use_counts=counts, units=units_of(profile)
    )
    for shot in shots:
        if shot not in learned:
            opened.add(shot.word, shot.clip)
    known = {clip.word for clip in shots}
    return OpenedRecogniser(
        recogniser=opened,
        strategy=chosen,
        words_without_clip=tuple(word.text for word in words if word.text not in known),
    )


def base_model(profile: Profile) -> MouthModel | None:
    """The model that learned from other people, if there is one."""
    found = newest_model(profile, "encoder")
    return None if found is None else MouthModel.from_pretrained(found[1])


def _possible(profile: Profile, strategy: StrategyName) -> StrategyName:
    """The strategy itself, or what can be done until it has been trained."""
    trained = newest_model(profile, "recogniser")
    if needs_training(strategy):
        if trained is not None and trained[0].strategy == strategy:
            return strategy
        strategy = "fusion"
    if needs_model(strategy) and newest_model(profile, "encoder") is None:
        return WITHOUT_MODEL
    return strategy


def _model(
    profile: Profile, strategy: StrategyName, *, trained: bool
) -> tuple[MouthModel | None, frozenset[str] | None]:
    """The model of a strategy, and the clips it was trained on where it is the person's own."""
    if not needs_model(strategy):
        return None, None
    if trained and needs_training(strategy):
        found = newest_model(profile, "recogniser")
        if found is None or found[0].strategy != strategy:
            raise UserError(
                f"the strategy '{strategy}' has not been trained on this profile: "
                "run 'videospace lipread train' first"
            )
        return MouthModel.from_pretrained(found[1]), frozenset(found[0].clips)
    model = base_model(profile)
    if model is None:
        raise UserError(
            f"the strategy '{strategy}' needs a pretrained model, and the profile has none: give "
            "one with --model (see 'videospace lipread pretrain'), or choose the strategy "
            f"'{WITHOUT_MODEL}'"
        )
    return model, None

"""Train the recognizer of a profile, and open it."""

import dataclasses
from collections.abc import Sequence

from videospace.lipreading.adaptation.learning import LearningSettings, adapt, recognizer
from videospace.lipreading.adaptation.pseudo_labels import pseudo_labeled
from videospace.lipreading.adaptation.strategies import StrategyName, strategy_named
from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.phonetics.units import spell
from videospace.lipreading.profile.model_selection import (
    base_for,
    checked_strategy,
    load_model,
    model_for,
    possible_strategy,
)
from videospace.lipreading.profile.models import keep_model, model_in_progress
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import PRETRAINED, AnswerRecord, ModelRecord
from videospace.lipreading.recognition.recognizer import Recognition, Recognizer
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message


@dataclasses.dataclass(frozen=True, kw_only=True)
class ProfileRecognizer:
    """A person's recognizer, with the strategy and the model behind it."""

    recognizer: Recognizer
    """A recognizer of every word that has a clip."""
    strategy: StrategyName
    """The profile's strategy or, until it has been trained, the best one that needs no training."""
    model: str | None
    """Id of the model that it uses; None where the strategy needs none."""
    words_without_clip: tuple[str, ...]
    """Words without a clip, which it cannot recognize yet."""

    def record_of(self, found: Recognition) -> AnswerRecord:
        """Turn an answer into the record that a profile keeps of it."""
        return AnswerRecord(
            words=tuple(found.words),
            probabilities=tuple(found.probabilities),
            confident=found.confident,
            strategy=self.strategy,
            model=self.model,
        )


def adopt_model(profile: Profile, model: MouthModel) -> ModelRecord:
    """Copy a pretrained model into the profile.

    Raises:
        UserError: Another process is training, or the disk is full.
    """
    with model_in_progress(profile) as unfinished:
        model.save_pretrained(unfinished)
        return keep_model(profile, unfinished, kind="encoder", strategy=PRETRAINED)


def training_clips(profile: Profile) -> tuple[list[LabeledClip], list[LabeledClip]]:
    """The person's own clips, and the synthetic clips of the same words.

    Raises:
        UserError: Fewer than two words have a clip of their own.
    """
    clips = profile.labeled_clips()
    shots = [clip for clip in clips if clip.domain == "real"]
    words = {clip.word for clip in shots}
    if len(words) < 2:
        raise UserError(
            Message(
                "expected recordings of at least 2 words to tell apart, got {count}: "
                "record another word",
                count=len(words),
            )
        )
    return shots, [clip for clip in clips if clip.domain == "synthetic" and clip.word in words]


def units_of(profile: Profile) -> dict[str, tuple[str, ...]]:
    """Spell each word in units: mouth shapes, or the words of phrases."""
    spoken = {word.text: word.spoken for word in profile.words()}
    return spell(spoken, profile.settings.language)


def require_training(strategy: StrategyName) -> None:
    """Refuse footage for a strategy that trains nothing.

    Raises:
        UserError: The strategy trains nothing.
    """
    if not strategy_named(strategy).needs_training:
        raise UserError(
            f"the strategy '{strategy}' trains nothing, so that footage has no effect: choose one "
            "that trains, such as fusion+adapted"
        )


def pseudo_label_footage(
    profile: Profile, footage: Sequence[MouthClip], settings: LearningSettings
) -> list[LabeledClip]:
    """Select the clips of unlabeled footage whose word the recognizer is confident about.

    Raises:
        UserError: Fewer than two words have clips.
    """
    untrained = possible_strategy(profile, "fusion")
    opened = open_recognizer(profile, settings, strategy=untrained)
    return pseudo_labeled(footage, opened.recognizer, speaker=profile.settings.person)


def train(
    profile: Profile,
    strategy: StrategyName,
    settings: LearningSettings,
    *,
    footage: Sequence[MouthClip] = (),
    pseudo_labeled_footage: Sequence[LabeledClip] = (),
) -> ModelRecord | None:
    """Set the strategy of a profile, and train its model where the strategy trains one.

    Clips may be added meanwhile; they count without training.

    Args:
        profile: The profile.
        strategy: The strategy, which the profile keeps.
        settings: The settings of learning.
        footage: Unlabeled clips of the person; they are not kept.
        pseudo_labeled_footage: The clips that :func:`pseudo_label_footage` returned.

    Returns:
        The new model; None where the strategy trains none.

    Raises:
        UserError: Too few words have clips, there is no pretrained model, another process is
            training, or clips were deleted meanwhile.
    """
    if footage:
        require_training(strategy)
    shots, synthetic = training_clips(profile)
    record = None
    if strategy_named(strategy).needs_training:
        model = load_model(profile, base_for(profile, strategy))
        with model_in_progress(profile) as unfinished:
            units = units_of(profile)
            adapted = adapt(
                strategy,
                shots,
                model,
                settings,
                synthetic=synthetic,
                pseudo_labeled=pseudo_labeled_footage,
                footage=footage,
                units=units,
            )
            adapted.save_pretrained(unfinished)
            taken = [clip.take for clip in (*shots, *synthetic)]
            record = keep_model(
                profile, unfinished, kind="recognizer", strategy=strategy, clips=taken
            )
    profile.change_settings(dataclasses.replace(profile.settings, strategy=strategy))
    return record


def open_recognizer(
    profile: Profile, settings: LearningSettings | None = None, *, strategy: str | None = None
) -> ProfileRecognizer:
    """Open the recognizer of all words that have clips; nothing is trained.

    Clips that were added after the training count as if they were added to an open recognizer.

    Args:
        profile: The profile.
        settings: The settings of learning; None takes the defaults.
        strategy: A strategy to use instead of the profile's.

    Raises:
        UserError: Fewer than two words have clips, or a given strategy lacks its model.
    """
    shots, _ = training_clips(profile)
    chosen = checked_strategy(strategy or profile.settings.strategy)
    if strategy is None:
        chosen = possible_strategy(profile, chosen)
    words = profile.words()
    counts = {word.text: word.num_uses for word in words} if profile.settings.prior else None
    record = model_for(profile, chosen)
    model = None if record is None else load_model(profile, record)
    learned = shots
    if record is not None and record.kind == "recognizer":
        learned = [shot for shot in shots if shot.take in set(record.clips)]
    opened = recognizer(
        chosen, learned, model, settings, use_counts=counts, units=units_of(profile)
    )
    for shot in shots:
        if shot not in learned:
            opened.add(shot.word, shot.clip)
    known = {clip.word for clip in shots}
    return ProfileRecognizer(
        recognizer=opened,
        strategy=chosen,
        model=None if record is None else record.id,
        words_without_clip=tuple(word.text for word in words if word.text not in known),
    )

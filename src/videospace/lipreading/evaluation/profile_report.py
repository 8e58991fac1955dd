"""How well a person's words are told apart, measured on recordings that were left out."""

import dataclasses
from collections import Counter
from collections.abc import Sequence

from videospace.lipreading.adaptation.learning import LearningSettings, learn
from videospace.lipreading.adaptation.strategies import StrategyName
from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.evaluation.evaluation import Answer, evaluate, score
from videospace.lipreading.profile.learning import training_clips, units_of
from videospace.lipreading.profile.model_selection import base_model, possible_strategy
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.recognition.recognizer import Recognizer
from videospace.metrics.bootstrap import Interval
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message

MAX_SHOTS = 5
MAX_CONFUSIONS = 12
SEEDS = (0, 1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShotScore:
    """Accuracy after a number of recordings of each word."""

    num_shots: int
    num_answers: int
    top1: Interval
    top5: Interval


@dataclasses.dataclass(frozen=True, kw_only=True)
class FilmedConfusion:
    """Two words that were confused, with a recording of each."""

    said: str
    answered: str
    times: int
    said_clip: str
    """Id of a recording that was taken for the other word."""
    answered_clip: str
    """Id of a recording of that word."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ProfileReport:
    """The learning curve of a profile, and its confusions with the most recordings."""

    strategy: StrategyName
    curve: tuple[ShotScore, ...]
    confusions: tuple[FilmedConfusion, ...]


def report_on(profile: Profile, settings: LearningSettings | None = None) -> ProfileReport:
    """Learn from one, two and more recordings of each word, and test on those that were left out.

    Nothing is trained: a strategy that trains is measured as it was before.

    Args:
        profile: The profile.
        settings: The settings of learning; None takes the defaults.

    Raises:
        UserError: Fewer than two words have recordings, or no word has two.
    """
    clips, synthetic = training_clips(profile)
    strategy = possible_strategy(profile, "fusion")
    model, units = base_model(profile), units_of(profile)
    if strategy == "dtw-normalized":
        model = None

    def learned(shots: list[LabeledClip], seed: int) -> Recognizer:
        own = dataclasses.replace(settings or LearningSettings(), seed=seed)
        return learn(strategy, shots, model, own, synthetic=synthetic, units=units)

    counts = sorted(Counter(clip.word for clip in clips).values())
    if counts[-1] < 2:
        raise UserError(
            Message(
                "every word has one recording, so none is left to test with: record some words "
                "once more, then measure again"
            )
        )
    # Up to as many shots as half of the words can give and still be tested.
    max_shots = max(1, min(counts[len(counts) // 2] - 1, MAX_SHOTS))
    curve, answers = [], []
    for num_shots in range(1, max_shots + 1):
        answers = evaluate(clips, learned, num_shots=num_shots, num_reserved=max_shots, seeds=SEEDS)
        scores = score(answers)
        curve.append(
            ShotScore(
                num_shots=num_shots,
                num_answers=scores.num_answers,
                top1=scores.top1,
                top5=scores.top5,
            )
        )
    return ProfileReport(
        strategy=strategy, curve=tuple(curve), confusions=_confusions(answers, clips)
    )


def _confusions(
    answers: Sequence[Answer], clips: Sequence[LabeledClip]
) -> tuple[FilmedConfusion, ...]:
    wrong = [answer for answer in answers if not answer.within(1)]
    counted = Counter((answer.asked.word, answer.words[0]) for answer in wrong)
    example = {(answer.asked.word, answer.words[0]): answer.asked.take for answer in wrong}
    first = {clip.word: clip.take for clip in reversed(clips)}
    return tuple(
        FilmedConfusion(
            said=said,
            answered=answered,
            times=times,
            said_clip=example[said, answered],
            answered_clip=first[answered],
        )
        for (said, answered), times in counted.most_common(MAX_CONFUSIONS)
    )

"""Evaluate a recognizer on clips that it has not learned from."""

import dataclasses
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.recognition.recognizer import Recognition
from videospace.metrics.bootstrap import Interval, bootstrap_mean
from videospace.runtime.errors import UserError
from videospace.runtime.text import counted

NUM_NAMED = 5
"""Number of words that an answer names."""


@runtime_checkable
class AnyRecognizer(Protocol):
    """Anything that answers as a recognizer does."""

    def recognize(self, clip: MouthClip, k: int = 5) -> Recognition:
        """Name the likeliest words of a clip."""
        ...


Learn = Callable[[list[LabeledClip], int], AnyRecognizer]
"""Makes a recognizer from shots and a seed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer of a recognizer to one clip."""

    asked: LabeledClip
    """The clip that was recognized."""
    words: list[str]
    """The likeliest words, best first."""
    probabilities: list[float]
    """The probability of each word, in [0, 1]."""
    confident: bool
    """Whether the recognizer was confident about the first word."""
    seconds: float
    """Time from the clip to the answer."""
    seed: int = 0
    """The training seed of the recognizer."""

    def within(self, num_words: int) -> bool:
        """Whether the right word is among the first ``num_words``."""
        return self.asked.word in self.words[:num_words]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scores:
    """Fractions of right answers, each with a 95 % interval over words and seeds."""

    top1: Interval
    """How often the first word is right."""
    top3: Interval
    """How often one of the first three words is right."""
    top5: Interval
    """How often one of the first five words is right."""
    confident_fraction: float
    """Fraction of the answers that were confident."""
    top1_when_confident: float | None
    """Fraction of the confident answers that are right; None where there are none."""
    num_answers: int
    median_seconds: float
    """Median time from the clip to the answer."""


def ask(recognizer: AnyRecognizer, clips: Sequence[LabeledClip], *, seed: int = 0) -> list[Answer]:
    """Show clips to a recognizer, one by one.

    Args:
        recognizer: A recognizer that has not learned from these clips.
        clips: The clips to recognize.
        seed: The training seed of the recognizer, which is kept with the answers.
    """
    answers = []
    for clip in clips:
        start = time.perf_counter()
        said = recognizer.recognize(clip.clip, k=NUM_NAMED)
        answers.append(
            Answer(
                asked=clip,
                words=list(said.words),
                probabilities=list(said.probabilities),
                confident=said.confident,
                seconds=time.perf_counter() - start,
                seed=seed,
            )
        )
    return answers


def score(answers: Sequence[Answer]) -> Scores:
    """Summarize answers.

    Raises:
        UserError: There are no answers.
    """
    if not answers:
        raise UserError("expected at least one answer to score, got none")
    words = [(answer.asked.speaker, answer.asked.word) for answer in answers]
    seeds = [answer.seed for answer in answers]

    def top(num_words: int) -> Interval:
        return bootstrap_mean([answer.within(num_words) for answer in answers], words, seeds)

    confident = [answer for answer in answers if answer.confident]
    right = sum(answer.within(1) for answer in confident)
    return Scores(
        top1=top(1),
        top3=top(3),
        top5=top(5),
        confident_fraction=len(confident) / len(answers),
        top1_when_confident=right / len(confident) if confident else None,
        num_answers=len(answers),
        median_seconds=sorted(answer.seconds for answer in answers)[len(answers) // 2],
    )


def confusions(answers: Sequence[Answer]) -> list[tuple[str, str, int]]:
    """Count confused words as (spoken, answered, times), the most frequent first."""
    wrong = Counter((a.asked.word, a.words[0]) for a in answers if not a.within(1))
    return [(spoken, answered, times) for (spoken, answered), times in wrong.most_common()]


def split_shots(
    clips: Sequence[LabeledClip], num_shots: int, *, seed: int, num_reserved: int | None = None
) -> tuple[list[LabeledClip], list[LabeledClip]]:
    """Split the clips of each word into shots to learn from and test clips.

    Args:
        clips: The clips of one person.
        num_shots: Real clips of each word to learn from; a word with fewer gives all it has.
        seed: Seed of the random choice of shots.
        num_reserved: Clips of each word that are never test clips, so that several numbers of shots
            are tested on the same clips; None takes ``num_shots``.

    Returns:
        The shots and the test clips. Synthetic clips are in neither.
    """
    by_word = defaultdict(list)
    for clip in clips:
        if clip.domain == "real":
            by_word[clip.word].append(clip)
    shots, tests = [], []
    for word, recordings in by_word.items():
        order = sorted(recordings, key=lambda clip: clip.take)
        random.Random(f"{seed} {word}").shuffle(order)
        shots += order[:num_shots]
        tests += order[max(num_shots, num_reserved or 0) :]
    return shots, tests


def evaluate(
    clips: Sequence[LabeledClip],
    learn: Learn,
    *,
    num_shots: int = 1,
    num_reserved: int | None = None,
    seeds: Sequence[int] = (0, 1, 2),
) -> list[Answer]:
    """Learn from some clips of each word and test on the others, once for every seed.

    Args:
        clips: The clips of one person.
        learn: Makes a recognizer from shots and a seed.
        num_shots: Clips of each word to learn from.
        num_reserved: As in :func:`split_shots`.
        seeds: Each seed chooses other shots, and trains again.

    Raises:
        UserError: Fewer than two words have clips, or no word has a test clip left.
    """
    answers = []
    for seed in seeds:
        shots, tests = split_shots(clips, num_shots, seed=seed, num_reserved=num_reserved)
        num_words = len({clip.word for clip in shots})
        if num_words < 2:
            raise UserError(
                f"expected clips of at least 2 words to tell apart, got {num_words}: add words"
            )
        if not tests:
            spent = counted(max(num_shots, num_reserved or 0), "clip")
            raise UserError(
                f"no word has more than {spent}, so that no test clip is left: "
                "record some words once more"
            )
        answers += ask(learn(shots, seed), tests, seed=seed)
    return answers


def shot_curve(
    clips: Sequence[LabeledClip],
    learn: Learn,
    *,
    max_shots: int,
    seeds: Sequence[int] = (0, 1, 2),
) -> dict[int, Scores]:
    """Scores for one shot, two shots and so on, always on the same test clips.

    Args:
        clips: The clips of one person.
        learn: Makes a recognizer from shots and a seed.
        max_shots: Most clips of a word to learn from; a word needs one more to be tested.
        seeds: As in :func:`evaluate`.

    Raises:
        UserError: As in :func:`evaluate`.
    """
    return {
        num_shots: score(
            evaluate(clips, learn, num_shots=num_shots, num_reserved=max_shots, seeds=seeds)
        )
        for num_shots in range(1, max_shots + 1)
    }

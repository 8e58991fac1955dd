"""How much does unlabeled footage of a person improve recognition?

Each person has one clip of every MIRACL class, and unlabeled footage: further takes in a row with
a rest after each, which is cut at the pauses. A strategy that trains

- learns from the clips alone (``without``),
- also learns to tell the pieces of footage apart (``told apart``),
- also learns the words of pieces for which an untrained fusion is confident (``pseudo-labels``),
- or knows the word of every take (``true labels``), the most that labels can bring.

All take about as many steps. Fractions are in per cent.
"""

import dataclasses
import itertools
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.lipreading_table import (
    LipreadingOptions,
    difference,
    pretrained,
    print_rows,
    row,
    units_of,
)
from benchmarks.support.common import data_path, run_benchmark, say
from benchmarks.support.lipreading_protocols import Task, tasks
from videospace.lipreading.adaptation.learning import LearningSettings, adapt, recognizer
from videospace.lipreading.adaptation.pseudo_labels import pseudo_labeled
from videospace.lipreading.adaptation.strategies import StrategyName, strategy_named
from videospace.lipreading.data.corpora import LabeledClip, read_corpus
from videospace.lipreading.data.footage import segments
from videospace.lipreading.evaluation.evaluation import Answer, ask
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.runtime.errors import UserError

WAYS = ("without", "told apart", "pseudo-labels", "true labels")
"""How footage is used; the others are compared with the first one."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LipreadingFootageOptions(LipreadingOptions):
    """Footage: what do further clips of a person bring whose words are not known?"""

    methods: tuple[StrategyName, ...] = ("cl-r",)
    """Strategies that train on the person."""
    footage_takes: int = 4
    """Number of takes of each word that become footage; those after them are the test."""
    rest_seconds: float = 0.7
    """How long the last picture of each take stands still in the footage."""
    epochs: int = 200
    """Number of passes over the clips without footage; fewer where there are more clips."""

    def __post_init__(self) -> None:
        for method in self.methods:
            if not strategy_named(method).needs_training:
                raise UserError(f"expected ways to learn that train, got {method}")
        if self.footage_takes < 1 or not self.rest_seconds > 0:
            raise UserError("expected at least one take of footage, and a rest above 0 s")


def measure(options: LipreadingFootageOptions, work: Path) -> dict[str, Any]:
    """Learn with and without footage, for every speaker, seed and method."""
    answers: dict[str, list[Answer]] = defaultdict(list)
    learn_seconds: dict[str, list[float]] = defaultdict(list)
    footage: list[dict[str, Any]] = []
    clips = read_corpus(options.corpus or data_path("miracl"), fps=options.fps)
    for task in tasks("miracl-1", clips, None, options.speakers):
        takes, tests = split_takes(task, options.footage_takes)
        pieces = segments(joined(takes, options.rest_seconds))
        for seed in options.seeds:
            model, _ = pretrained(task, seed, options, work)
            settings = LearningSettings(seed=seed, device=options.device, progress=False)
            units = units_of(task.shots)
            untrained = recognizer("fusion", task.shots, model, settings, units=units)
            named = pseudo_labeled(pieces, untrained, speaker=task.speaker)
            footage.append({"speaker": task.speaker, "seed": seed, **counts(takes, pieces, named)})
            labeled = {"pseudo-labels": named, "true labels": as_second_domain(takes)}
            for method, help_ in itertools.product(options.methods, WAYS):
                further = labeled.get(help_, [])
                started = time.perf_counter()
                adapted = adapt(
                    method,
                    task.shots,
                    model,
                    with_as_many_steps(settings, options.epochs, task.shots, further),
                    pseudo_labeled=further,
                    footage=pieces if help_ == "told apart" else (),
                    units=units,
                )
                learned = recognizer(method, task.shots, adapted, settings, units=units)
                name = f"{method}, {help_}"
                learn_seconds[name].append(time.perf_counter() - started)
                new = ask(learned, tests, seed=seed)
                answers[name] += new
                right = 100 * sum(answer.within(1) for answer in new) / len(new)
                say(f"{task.speaker}, seed {seed}, {name}: top-1 {right:.1f} %")
    rows = {name: row(given, learn_seconds[name]) for name, given in answers.items()}
    print_rows("footage, per cent", rows)
    return {
        "methods": rows,
        "differences": {
            f"{method}, {help_} minus {WAYS[0]}": difference(
                answers[f"{method}, {help_}"], answers[f"{method}, {WAYS[0]}"]
            )
            for method, help_ in itertools.product(options.methods, WAYS[1:])
        },
        "footage": footage,
    }


def with_as_many_steps(
    settings: LearningSettings,
    epochs: int,
    shots: Sequence[LabeledClip],
    further: Sequence[LabeledClip],
) -> LearningSettings:
    """Settings with fewer passes over more clips."""
    fraction = len(shots) / (len(shots) + len(further))
    return dataclasses.replace(settings, epochs=max(1, round(epochs * fraction)))


def as_second_domain(takes: Sequence[LabeledClip]) -> list[LabeledClip]:
    """Clips in the domain of pseudo-labels."""
    return [dataclasses.replace(take, domain="synthetic") for take in takes]


def split_takes(task: Task, num_takes: int) -> tuple[list[LabeledClip], list[LabeledClip]]:
    """Split the test clips into the first takes of each word, take by take, and the rest."""
    num_takes_of: dict[str, int] = defaultdict(int)
    first: list[tuple[int, LabeledClip]] = []
    others: list[LabeledClip] = []
    for clip in task.tests:  # takes come in order
        take = num_takes_of[clip.word] = num_takes_of[clip.word] + 1
        if take <= num_takes:
            first.append((take, clip))
        else:
            others.append(clip)
    if not others:
        raise UserError(f"no take is left to ask {task.speaker} about: lower --footage-takes")
    return [clip for _, clip in sorted(first, key=lambda each: each[0])], others


def joined(takes: Sequence[LabeledClip], rest_seconds: float) -> MouthClip:
    """Join takes; the last picture of each stands still for a while."""
    fps = takes[0].clip.fps
    rest = round(rest_seconds * fps)
    frames = [
        part
        for take in takes
        for part in (take.clip.frames, np.repeat(take.clip.frames[-1:], rest, axis=0))
    ]
    return MouthClip(frames=np.concatenate(frames), fps=fps)


def counts(
    takes: Sequence[LabeledClip], pieces: Sequence[MouthClip], named: Sequence[LabeledClip]
) -> dict[str, Any]:
    """Count the pieces, those that got a word, and those of them that got the right one.

    The right word is known where there are as many pieces as takes, in the same order.
    """
    right = None
    if len(pieces) == len(takes):
        word_of = {id(piece): take.word for piece, take in zip(pieces, takes, strict=True)}
        right = sum(word_of[id(clip.clip)] == clip.word for clip in named)
    return {
        "num_takes": len(takes),
        "num_pieces": len(pieces),
        "num_named": len(named),
        "num_right": right,
    }


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark(
        "lipreading_footage", __doc__, LipreadingFootageOptions, measure, arguments
    )


if __name__ == "__main__":
    main()

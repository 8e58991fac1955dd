"""Lipreading from one clip of each word: which strategy recognizes how much?

The rows of the thesis's Table 2.2, and ours, on a corpus whose test speakers are left out of the
pretraining. Fractions are in per cent; intervals are over words and seeds.
"""

import dataclasses
import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.support.common import BenchmarkOptions, data_path, print_table, run_benchmark, say
from benchmarks.support.grid_pairs import read_grid_pairs
from benchmarks.support.lipreading_protocols import MIRACL_TEXTS, Protocol, Task, tasks
from videospace.lipreading.adaptation.learning import LearningSettings, learn
from videospace.lipreading.adaptation.strategies import StrategyName, strategy_like, strategy_named
from videospace.lipreading.data.corpora import LabeledClip, read_corpus
from videospace.lipreading.evaluation.evaluation import Answer, ask, score
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.phonetics.units import spell
from videospace.lipreading.pretraining.config import PretrainConfig, PretrainOptions
from videospace.lipreading.pretraining.pretrain import pretrain
from videospace.lipreading.profile.storage.clip_files import clip_id
from videospace.metrics.bootstrap import Interval, bootstrap_mean
from videospace.runtime.device import choose_device

MIRACL_FPS = 15.0
COLUMNS = ("top1", "top1_interval", "top5", "seconds", "learn_seconds")


@dataclasses.dataclass(frozen=True, kw_only=True)
class LipreadingOptions(BenchmarkOptions):
    """The options of every benchmark of lipreading."""

    corpus: Path | None = None
    """Corpus of the test speakers; None takes MIRACL or GRID s1 of the recordings."""
    fps: float = MIRACL_FPS
    """Frames per second of the corpora's images."""
    speakers: tuple[str, ...] = ()
    """Test speakers; none stands for all."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds of pretraining and learning."""
    pretrain_seconds: float | None = None
    """The most seconds of one pretraining; None takes as long as its configuration says."""
    pretrain: PretrainConfig = PretrainConfig()
    """The pretraining; with a unit weight above 0 it teaches the mouth shapes of MIRACL's classes,
    too."""
    device: str = "auto"
    """Device to compute on: auto, cpu or cuda."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LipreadingTableOptions(LipreadingOptions):
    """Lipreading from one clip of each word: which strategy recognizes how much?"""

    protocol: Protocol
    """Which clips are learned from and recognized."""
    pretrain_corpus: Path | None = None
    """Corpus to pretrain on, without the test speakers; None takes the corpus's other speakers, and
    MIRACL for GRID."""
    methods: tuple[StrategyName, ...] = ("dtw", "prototypes", "dtw-embeddings", "fusion")
    """Strategies to compare."""


def measure(options: LipreadingTableOptions, work: Path) -> dict[str, Any]:
    """Pretrain, learn and recognize, for every speaker, seed and strategy."""
    answers: dict[str, list[Answer]] = defaultdict(list)
    learn_seconds: dict[str, list[float]] = defaultdict(list)
    pretraining: list[dict[str, Any]] = []
    for task in tasks(options.protocol, *_corpora(options, work), options.speakers):
        for seed in options.seeds:
            # Nothing is drawn in template matching, so that one seed says it all.
            methods: list[StrategyName]
            methods = [m for m in options.methods if m != "dtw" or seed == options.seeds[0]]
            model = None
            if any(strategy_named(method).needs_model for method in methods):
                model, seconds = pretrained(task, seed, options, work)
                pretraining.append({"speaker": task.speaker, "seed": seed, "seconds": seconds})
            for method in methods:
                started = time.perf_counter()
                recognizer = learn(
                    method,
                    task.shots,
                    model if strategy_named(method).needs_model else None,
                    LearningSettings(seed=seed, device=options.device, progress=False),
                    synthetic=task.others if strategy_named(method).synthetic else (),
                    units=units_of(task.shots),
                )
                learn_seconds[method].append(time.perf_counter() - started)
                new = ask(recognizer, task.tests, seed=seed)
                answers[method] += new
                right = 100 * sum(answer.within(1) for answer in new) / len(new)
                say(f"{task.speaker} {task.part}, seed {seed}, {method}: top-1 {right:.1f} %")
    found = {name: row(answers[name], learn_seconds[name]) for name in options.methods}
    print_rows(f"{options.protocol}, per cent", found)
    return {
        "corpora": [path.name for path in (options.corpus, options.pretrain_corpus) if path],
        "methods": found,
        "differences": differences(answers),
        "pretraining": pretraining,
    }


def pretrained(
    task: Task, seed: int, options: LipreadingOptions, work: Path
) -> tuple[MouthModel, float | None]:
    """A model that was pretrained without the person; the seconds are None where it was kept."""
    config = dataclasses.replace(options.pretrain, seed=seed)
    units = units_of(task.pretraining) if config.unit_weight else None
    device = str(choose_device(options.device))
    digest = hashlib.sha256(repr((config, units, options.pretrain_seconds)).encode())
    for clip in task.pretraining:
        digest.update(f"{clip.speaker}/{clip.word}/{clip_id(clip.clip)}".encode())
    folder = work / "models" / digest.hexdigest()[:16]
    done = folder / "pretrained.json"
    if done.exists():
        return MouthModel.from_pretrained(folder, device), None
    say(f"pretraining for {task.speaker} {task.part}, seed {seed}: {len(task.pretraining)} clips")
    started = time.perf_counter()
    training = PretrainOptions(time_budget_seconds=options.pretrain_seconds, device=options.device)
    model = pretrain(task.pretraining, folder, config, training, units=units)
    seconds = time.perf_counter() - started
    is_whole = model.scores["steps"] >= config.steps
    if not is_whole and seconds < (options.pretrain_seconds or float("inf")):
        raise KeyboardInterrupt  # which ended the training in good order; the rest is for later
    done.write_text(json.dumps({"seconds": seconds}))
    return model, seconds


def units_of(clips: Sequence[LabeledClip]) -> dict[str, tuple[str, ...]]:
    """The units that the words of some clips are made of."""
    return spell({clip.word: MIRACL_TEXTS.get(clip.word, clip.word) for clip in clips})


def row(answers: Sequence[Answer], learn_seconds: Sequence[float]) -> dict[str, Any]:
    """The figures of one strategy, fractions in per cent."""
    scores = score(answers)
    by_speaker: dict[str, list[bool]] = defaultdict(list)
    for answer in answers:
        by_speaker[answer.asked.speaker].append(answer.within(1))
    confident = scores.top1_when_confident
    return {
        "top1": 100 * scores.top1.mean,
        "top3": 100 * scores.top3.mean,
        "top5": 100 * scores.top5.mean,
        "top1_interval": _per_cent(scores.top1),
        "top5_interval": _per_cent(scores.top5),
        "seconds": scores.median_seconds,
        "learn_seconds": sorted(learn_seconds)[len(learn_seconds) // 2],
        "confident_fraction": 100 * scores.confident_fraction,
        "top1_when_confident": None if confident is None else 100 * confident,
        "num_answers": scores.num_answers,
        "speakers": {name: 100 * sum(r) / len(r) for name, r in by_speaker.items()},
    }


def print_rows(title: str, rows: dict[str, dict[str, Any]]) -> None:
    """Print the table of all strategies."""
    shown = {name: {**of, "top1_interval": _ends(of)} for name, of in rows.items()}
    print_table(title, shown, COLUMNS)


def differences(answers: dict[str, list[Answer]]) -> dict[str, Any]:
    """By how much each ``ve`` is ahead of its ``cl`` in top-1 and top-5, on the same clips."""
    found = {}
    for name in answers:
        if strategy_named(name).trains == "variational":
            other = strategy_like(name, trains="classifier", distance=True)
            if other in answers:
                found[f"{name} minus {other}"] = difference(answers[name], answers[other])
    return found


def difference(one: Sequence[Answer], other: Sequence[Answer]) -> dict[str, Any]:
    """By how much one is ahead of the other in top-1 and top-5, on the same clips."""
    words = [(answer.asked.speaker, answer.asked.word) for answer in one]
    seeds = [answer.seed for answer in one]
    pairs = list(zip(one, other, strict=True))
    by_rank = {}
    for rank in (1, 5):
        ahead = [float(a.within(rank)) - float(b.within(rank)) for a, b in pairs]
        interval = bootstrap_mean(ahead, words, seeds)
        by_rank[f"top{rank}"] = 100 * interval.mean
        by_rank[f"top{rank}_interval"] = _per_cent(interval)
    return by_rank


def _corpora(
    options: LipreadingTableOptions, work: Path
) -> tuple[list[LabeledClip], list[LabeledClip] | None]:
    """Clips of the test speakers, and those of a separate corpus to pretrain on."""
    pool_folder = options.pretrain_corpus
    if options.protocol == "grid-pairs-1":
        clips = read_grid_pairs(options.corpus or data_path("grid_s1"), work=work)
        pool_folder = pool_folder or data_path("miracl")
    else:
        clips = read_corpus(options.corpus or data_path("miracl"), fps=options.fps)
    return clips, None if pool_folder is None else read_corpus(pool_folder, fps=options.fps)


def _per_cent(interval: Interval) -> list[float]:
    return [100 * interval.low, 100 * interval.high]


def _ends(found: dict[str, Any]) -> str:
    low, high = found["top1_interval"]
    return f"{low:.1f}–{high:.1f}"


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("lipreading_table", __doc__, LipreadingTableOptions, measure, arguments)


if __name__ == "__main__":
    main()

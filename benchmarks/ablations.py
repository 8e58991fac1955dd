"""Effect of one setting at a time.

Every variant trains the same clips for the same time, from the same seeds. The scores are those of
training clips, and of held-out clips whose latents a short inversion finds, evenly spread over the
store.
A gain is the mean over seeds of the difference to ``base`` with the same seed; a spread is the
standard deviation over seeds. Runs go side by side on their part of the
cores, seed after seed, so that an early end leaves a whole table of fewer seeds. The measured runs
stay in WORK, and the same command goes on from there.

A training is timed by the time of its processors, so that other work on the machine does not count.
``cpu_fraction`` says how much of its cores a run had.
"""

import concurrent.futures
import contextlib
import dataclasses
import hashlib
import json
import math
import multiprocessing
import os
import statistics
import tempfile
import time
import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple
from unittest import mock

import torch

from benchmarks.support.common import BenchmarkOptions, medians, print_table, run_benchmark, say
from benchmarks.support.spaces import UNLIMITED_POINTS, warm_up
from benchmarks.tasks import STORES, TasksOptions
from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.completion.completion import complete_clips
from videospace.inrv.inversion.inversion import InversionConfig
from videospace.inrv.inversion.tasks import everything
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training import loop as training
from videospace.inrv.training.config import TrainingConfig
from videospace.inrv.training.evaluation import evaluate, evenly_spread
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.inrv.training.presets import fast, tiny
from videospace.metrics.fidelity import fidelity
from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write

BASES: dict[str, Callable[[], TrainingConfig]] = {
    "grid-faces": fast,
    "bouncing-ball": tiny,
    "moving-mnist": fast,
}
"""By data set, the preset that its variants change."""


OCTAVES = ("time_octaves", "height_octaves", "width_octaves")


VARIANTS: dict[str, dict[str, Any]] = {
    "base": {},
    "muon": {"optimizer.kind": "muon"},
    "code-rate-low": {"optimizer.code_learning_rate": lambda rate: 0.3 * rate},
    "code-rate-high": {"optimizer.code_learning_rate": lambda rate: 3 * rate},
    "weight-rate-low": {"optimizer.learning_rate": lambda rate: 0.5 * rate},
    "weight-rate-high": {"optimizer.learning_rate": lambda rate: 2 * rate},
    "gaussian-codes": {"code_init.method": "gaussian"},
    "component-codes": {"code_init.method": "pca"},
    "hidden-128": {"model.hypernetwork.hidden_width": 128},
    "hidden-512": {"model.hypernetwork.hidden_width": 512},
    "two-layers": {"model.hypernetwork.num_hidden_layers": 2},
    "low-rank": {"model.hypernetwork.kind": "low-rank"},
    "scale-shift": {"model.hypernetwork.kind": "scale-shift"},
    "gelu": {"model.inr.activation": "gelu"},
    "relu": {"model.inr.activation": "relu"},
    "octaves-2": {f"model.encoding.{axis}": 2 for axis in OCTAVES},
    "octaves-6": {f"model.encoding.{axis}": 6 for axis in OCTAVES},
    "important-0": {"batch.important_fraction": 0.0},
    "important-0.25": {"batch.important_fraction": 0.25},
    "important-0.5": {"batch.important_fraction": 0.5},
    "curriculum": {"curriculum": True},
    "gaussian-regularizer": {"gaussian_weight": 1.0},
    "video-clip": {"model.latent.semantic": "video-clip"},
}
"""By name, the fields that change and their values; a function takes the value of the base."""


def with_changes(config: Any, changes: dict[str, Any]) -> Any:
    """Change some fields of a configuration, named by their paths.

    Example:
        >>> with_changes(tiny(), VARIANTS["weight-rate-high"]).optimizer.learning_rate
        0.004
    """
    for path, value in changes.items():
        name, _, rest = path.partition(".")
        old = getattr(config, name)
        if rest:
            value = with_changes(old, {rest: value})
        config = dataclasses.replace(config, **{name: value(old) if callable(value) else value})
    return config


SCORES = ("psnr_db", "psnr_moving_db")
FIGURES = (*SCORES, *(f"heldout_{name}" for name in SCORES))
"""Scores of training clips, and of held-out clips."""
COSTS = ("steps", "num_parameters", "cpu_fraction")
COLUMNS = (
    *("runs", "psnr_db", "psnr_db_spread", "heldout_psnr_db", "heldout_psnr_db_spread"),
    *(f"{name}_gain" for name in FIGURES),
    *COSTS,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class AblationsOptions(BenchmarkOptions):
    """Ablations: what does one change of the settings bring, all else equal?"""

    datasets: tuple[Literal["grid-faces", "bouncing-ball", "moving-mnist"], ...] = (
        "bouncing-ball",
        "grid-faces",
    )
    """The clips to train on and to hold out; the preset is ``tiny`` for balls and ``fast`` for the
    others."""
    variants: tuple[str, ...] = tuple(VARIANTS)
    """Names of the variants; ``base`` is always measured."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds of the runs."""
    budget_seconds: float = 40.0
    """Processor seconds of training of each run."""
    processes: int = 2
    """Number of runs side by side, each on its part of the cores."""
    sitting_seconds: float | None = None
    """Begin no run after this time, finish those that have begun, and print the table of what is
    measured; None makes all runs."""
    num_sources: int | None = None
    """Number of recordings, balls or clips of the data sets; None takes as many as ``tasks``."""
    scored_clips: int = 20
    """Number of training clips, and of held-out clips, to score."""
    inversion_steps: int = 100
    """Number of steps of the inversion of held-out clips."""

    def __post_init__(self) -> None:
        if unknown := set(self.variants) - VARIANTS.keys():
            raise UserError(
                f"expected variants among {', '.join(VARIANTS)}, got {', '.join(sorted(unknown))}"
            )
        if not (self.datasets and self.seeds and self.budget_seconds > 0):
            raise UserError("expected at least one data set and seed, and a budget above 0 s")
        if min(self.processes, self.scored_clips, self.inversion_steps) < 1:
            raise UserError("expected processes, scored_clips and inversion_steps of at least 1")


class Job(NamedTuple):
    """One run: a variant with a seed on a data set."""

    dataset: str
    variant: str
    seed: int
    config: TrainingConfig
    options: AblationsOptions
    store: Path
    work: Path

    @property
    def file(self) -> Path:
        """The file that keeps its figures; other settings have another file."""
        options = self.options
        sizes = (self.store.name, options.scored_clips, options.inversion_steps, options.processes)
        settings = json.dumps([dataclasses.asdict(self.config), sizes])
        key = hashlib.sha256(settings.encode()).hexdigest()[:8]
        name = f"{self.dataset}-{self.variant}-seed{self.seed}-{options.budget_seconds:g}s-{key}"
        return self.work / "ablations" / f"{name}.json"


def all_jobs(options: AblationsOptions, work: Path) -> list[Job]:
    """List the runs seed after seed, without variants that equal the base of a data set."""
    stores = {}
    for dataset in options.datasets:
        chosen = TasksOptions(dataset=dataset, num_sources=options.num_sources)
        stores[dataset] = STORES[dataset](chosen, work).folder
    jobs = []
    for seed in options.seeds:
        for dataset in options.datasets:
            base = dataclasses.replace(BASES[dataset](), seed=seed, total_points=UNLIMITED_POINTS)
            for variant in dict.fromkeys(("base", *options.variants)):
                config = with_changes(base, VARIANTS[variant])
                if variant == "base" or config != base:
                    jobs.append(Job(dataset, variant, seed, config, options, stores[dataset], work))
    return jobs


def measure(options: AblationsOptions, work: Path) -> dict[str, Any]:
    """Make the missing runs and compare them all."""
    jobs = all_jobs(options, work.resolve())
    with tempfile.TemporaryDirectory(dir=work) as scratch:
        _run_all([job for job in jobs if not job.file.exists()], options, scratch)
    done = [job for job in jobs if job.file.exists()]
    say(f"{len(done)} of {len(jobs)} runs are made")
    tables = {}
    for dataset in options.datasets:
        runs = [json.loads(job.file.read_text()) for job in done if job.dataset == dataset]
        tables[dataset] = summary(runs)
        print_table(
            f"{dataset}, {options.budget_seconds:g} s: PSNR in dB of training and held-out clips",
            tables[dataset],
            COLUMNS,
        )
    return {"num_runs": len(done), "num_missing_runs": len(jobs) - len(done), "datasets": tables}


def _run_all(jobs: Iterable[Job], options: AblationsOptions, scratch: str) -> None:
    """Keep the processes busy until the runs are made or the sitting is over."""
    threads = max(1, (os.cpu_count() or 1) // options.processes)
    with concurrent.futures.ProcessPoolExecutor(
        options.processes, multiprocessing.get_context("spawn"), _begin, (threads, scratch)
    ) as pool:
        try:
            _feed(pool, jobs, options)
        except BaseException:  # else the runs that have begun would be waited for
            for process in multiprocessing.active_children():
                process.kill()
            raise


def _feed(
    pool: concurrent.futures.Executor, jobs: Iterable[Job], options: AblationsOptions
) -> None:
    last_start = time.monotonic() + (options.sitting_seconds or math.inf)
    running: set[concurrent.futures.Future] = set()
    for job in jobs:
        while len(running) == options.processes:
            running = _wait_for_one(running)
        if time.monotonic() > last_start:
            break
        running.add(pool.submit(run, job))
    while running:
        running = _wait_for_one(running)


def _wait_for_one(
    running: set[concurrent.futures.Future],
) -> set[concurrent.futures.Future]:
    done, running = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
    for future in done:
        say(future.result())
    return running


def _begin(threads: int, scratch: str) -> None:
    tempfile.tempdir = scratch
    torch.set_num_threads(threads)
    warm_up()


def run(job: Job) -> str:
    """Make a run and keep its figures, or the reason why it failed."""
    try:
        figures = scores_of(job)
        said = f"{figures['psnr_db']:.2f} dB"
    except UserError as error:  # such as a loss that is not finite
        figures, said = {"failure": str(error)}, str(error)
    job.file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(job.file) as unfinished:
        unfinished.write_text(json.dumps({"variant": job.variant, "seed": job.seed, **figures}))
    return f"{job.dataset}, {job.variant}, seed {job.seed}: {said}"


def scores_of(job: Job) -> dict[str, Any]:
    """Train; score training clips and held-out clips."""
    options, store = job.options, ClipStore.open(job.store)
    saving = TrainingOptions(
        time_budget_seconds=options.budget_seconds, checkpoint_seconds=math.inf, progress=False
    )
    with tempfile.TemporaryDirectory() as folder:
        wall, cpu = time.perf_counter(), time.process_time()
        with timed_by_processors():
            report = train(store, folder, job.config, saving)
        cpu_fraction = (time.process_time() - cpu) / (time.perf_counter() - wall)
        if not report.finished:
            raise KeyboardInterrupt
        space = VideoSpace.from_pretrained(folder)
    trained = evaluate(space, store, max_clips=options.scored_clips, progress=False).summary()
    heldout = inverted(space, store, options, job.seed)
    return {
        **{name: trained[name] for name in SCORES},
        **{f"heldout_{name}": heldout[name] for name in SCORES},
        "steps": report.step,
        "train_seconds": report.seconds,
        "num_parameters": sum(value.numel() for value in space.model.parameters()),
        "cpu_fraction": cpu_fraction / torch.get_num_threads(),
    }


@contextlib.contextmanager
def timed_by_processors() -> Iterator[None]:
    """Time a training by the processor time of its threads."""
    num_threads = torch.get_num_threads()
    clock = types.SimpleNamespace(monotonic=lambda: time.process_time() / num_threads)
    with mock.patch.object(training, "time", clock):
        yield


def inverted(
    space: VideoSpace, store: ClipStore, options: AblationsOptions, seed: int
) -> dict[str, float | None]:
    """Scores of held-out clips whose latents an inversion finds."""
    truth = store.frames(evenly_spread(store.rows("holdout"), options.scored_clips))
    config = InversionConfig(max_steps=options.inversion_steps, seed=seed)
    videos, _ = complete_clips(space, [everything(clip) for clip in truth], config)
    return fidelity(torch.from_numpy(videos), torch.from_numpy(truth)).means()


def summary(runs: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """By variant, means over seeds, their spread, and the gain over the base.

    Example:
        >>> base = dict.fromkeys((*FIGURES, *COSTS), 30.0)
        >>> runs = [{"variant": "base", "seed": 0, **base}]
        >>> runs += [{"variant": "muon", "seed": 0, **base, "psnr_db": 32.0}]
        >>> summary(runs)["muon"]["psnr_db_gain"]
        2.0
    """
    made = [run for run in runs if "failure" not in run]
    bases = {run["seed"]: run for run in made if run["variant"] == "base"}
    table: dict[str, dict[str, Any]] = {}
    for variant in dict.fromkeys(run["variant"] for run in runs):
        mine = [run for run in made if run["variant"] == variant]
        row: dict[str, Any] = {"runs": len(mine)}
        for name in FIGURES if mine else ():
            values = [run[name] for run in mine]
            gains = [run[name] - bases[run["seed"]][name] for run in mine if run["seed"] in bases]
            row[name] = statistics.mean(values)
            row[f"{name}_spread"] = statistics.stdev(values) if len(values) > 1 else None
            row[f"{name}_gain"] = statistics.mean(gains) if gains else None
        row |= medians(mine, COSTS)
        table[variant] = {**row, "by_seed": [run for run in runs if run["variant"] == variant]}
    return table


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("ablations", __doc__, AblationsOptions, measure, arguments)


if __name__ == "__main__":
    main()

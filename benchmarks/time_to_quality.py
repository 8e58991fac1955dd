"""Time to quality: how long does a preset train until it shows its clips at a given PSNR?

The quality is the mean PSNR of rendered training clips, evenly spread over the store, with the
weights that a user would get at that moment. The clock starts with the call of ``train`` and
includes all that it does before the first step. It stops while a snapshot is saved; snapshots are
rendered and scored when the training is over. The time to a target is that of the first snapshot
that reaches it, so it is never too short. A preset that does not reach a target has null, and its
budget as a lower bound. A schedule ends with the budget, so a smaller budget can reach low targets
sooner.
"""

import dataclasses
import math
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from benchmarks.support.common import RESULTS, print_table, run_benchmark, say
from benchmarks.support.spaces import UNLIMITED_POINTS, PresetName, SpaceOptions, warm_up
from benchmarks.support.step_costs import (
    matrix_product_peaks,
    now,
    operations,
    peak_memory,
    seconds_by_part,
)
from benchmarks.tasks import STORES, TasksOptions
from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.model.inrv_model import InrvModel
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.config import TrainingConfig
from videospace.inrv.training.evaluation import evaluate
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.inrv.training.presets import preset
from videospace.inrv.training.state import TrainingState
from videospace.runtime.checkpoint import load_tensors, save_tensors
from videospace.runtime.device import choose_device
from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write

FIRST_SNAPSHOT = 1 / 128
"""The time of the first snapshot as a fraction of the budget; the others follow in equal ratios."""
MEDIANS = (
    *("psnr_db", "points_per_second", "steps", "gflops", "fraction_of_matmul_peak"),
    *("setup_seconds", "train_seconds", "peak_rss_mib", "peak_gpu_mib"),
)
"""Figures of a run that become medians over seeds."""
CLOCKED_SECONDS = 3.0
"""About how many seconds the steps take whose parts are timed."""
Curve = dict[str, list[float]]
"""Times in seconds, and the PSNR in dB at each of them."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TimeToQualityOptions(SpaceOptions):
    """Time to quality: how long does a preset train until it shows its clips at a given PSNR?"""

    dataset: Literal["grid-faces", "bouncing-ball", "moving-mnist"] = "grid-faces"
    """The clips to train on."""
    store: str | None = None
    """Name of a prepared store to train on instead, a folder in WORK/clips."""
    num_sources: int | None = None
    """Number of recordings of faces (None: 100), of balls (50), or of clips of digits (1000)."""
    presets: tuple[PresetName, ...] = ("fast", "paper")
    """The presets to train, one after the other; the others are compared with paper."""
    targets: tuple[float, ...] = (25.0, 30.0, 33.0, 36.0)
    """PSNRs to reach, in dB."""
    budget_seconds: float = 240.0
    """Seconds of training of each space."""
    paper_budget_seconds: float | None = None
    """Seconds of training of the preset paper; None takes as long as the others."""
    num_measurements: int = 16
    """Number of snapshots of a run, at times in equal ratios up to its end."""
    scored_clips: int = 20
    """Number of training clips to score each time; for the preset paper, paper_clips."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.targets or self.num_measurements < 2 or self.scored_clips < 1:
            raise UserError(
                "expected at least one target, two measurements and one clip to score, got targets "
                f"{self.targets}, {self.num_measurements} measurements and "
                f"{self.scored_clips} clips"
            )

        if self.store is not None and Path(self.store).name != self.store:
            raise UserError(f"expected the name of a store in WORK/clips, got '{self.store}'")
        seconds = self.paper_budget_seconds
        if seconds is not None and not seconds > 0:
            raise UserError(f"expected paper_budget_seconds above 0, got {seconds:g}")

    @property
    def clips_name(self) -> str:
        """Name of the clips to train on."""
        return self.store or self.dataset

    def results_name(self, benchmark: str) -> str:
        """A file of its own for each set of clips."""
        return f"{benchmark}_{self.clips_name}"


def measure(options: TimeToQualityOptions, work: Path) -> dict[str, Any]:
    """Train every preset with snapshots, and compare."""
    store = _store(options, work)
    device = choose_device()
    warm_up()
    peaks = matrix_product_peaks(device)
    presets = {
        name: of_seeds(
            [measure_run(store, name, seed, options, work, peaks) for seed in options.seeds],
            options.targets,
        )
        for name in options.presets
    }
    for name, found in presets.items():
        found["seconds_of_step"] = _clocked(store, name, device, found)
    first = presets[options.presets[0]]
    rows = {
        name: {**{f"{t:g} dB": found["seconds_to"][f"{t:g}"] for t in options.targets}, **found}
        for name, found in presets.items()
    }
    columns = ("psnr_db", "points_per_second", "fraction_of_matmul_peak", "peak_rss_mib")
    num_clips = len(store.rows("train"))
    print_table(
        f"Seconds to a PSNR, {num_clips} training clips of {options.clips_name}",
        rows,
        (*(f"{target:g} dB" for target in options.targets), *columns),
    )
    if options.save:
        path = options.out or RESULTS / f"{options.results_name('time_to_quality')}.json"
        curves = {name: [r["curve"] for r in found["runs"]] for name, found in presets.items()}
        plot(path.with_suffix(".png"), curves, options.targets, title=options.clips_name)
    return {
        "clips": options.clips_name,
        "num_training_clips": num_clips,
        "clip_size": [store.num_frames, store.height, store.width],
        "quality": "mean PSNR of rendered training clips",
        "seconds_to": {name: found["seconds_to"] for name, found in presets.items()},
        "longer_than_seconds": {
            name: found["longer_than_seconds"] for name, found in presets.items()
        },
        "times_faster_than_paper": times_faster(presets),
        "fraction_of_matmul_peak": first["fraction_of_matmul_peak"],
        "matmul_peak_gflops": peaks,
        "presets": presets,
    }


def _store(options: TimeToQualityOptions, work: Path) -> ClipStore:
    if options.store:
        return ClipStore.open(work / "clips" / options.store)
    held_out = 1 if options.dataset == "moving-mnist" else None  # which are not looked at here
    chosen = TasksOptions(
        dataset=options.dataset, num_sources=options.num_sources, max_clips=held_out
    )
    return STORES[options.dataset](chosen, work)


def measure_run(
    store: ClipStore,
    name: str,
    seed: int,
    options: TimeToQualityOptions,
    work: Path,
    peaks: dict[str, float],
) -> dict[str, Any]:
    """Train a preset once and score its snapshots."""
    budget = options.budget_seconds
    if name == "paper" and options.paper_budget_seconds:
        budget = options.paper_budget_seconds
    config = dataclasses.replace(preset(name), seed=seed, total_points=UNLIMITED_POINTS)
    say(f"{name}, seed {seed}: training for {budget:g} s")
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work) as folder:
        snapshots = Snapshots(Path(folder), budget, options.num_measurements)
        saving = TrainingOptions(time_budget_seconds=budget, checkpoint_seconds=math.inf)
        with peak_memory() as memory:
            report = train(store, Path(folder) / "space", config, saving, snapshots)
        if not report.finished:
            raise KeyboardInterrupt
        space = VideoSpace.from_pretrained(Path(folder) / "space", choose_device())
        max_clips = options.paper_clips if name == "paper" else options.scored_clips
        curve = []
        for snapshot in snapshots.saved:
            restore(space, snapshot.file, config)
            scores = evaluate(space, store, max_clips=max_clips, progress=False).summary()
            curve.append((snapshot.seconds, scores["psnr_db"]))
            snapshot.file.unlink()
    seconds = report.seconds - snapshots.paused_seconds
    gflops = operations(config, store, report.points) / seconds / 1e9
    return {
        "seed": seed,
        "budget_seconds": budget,
        "setup_seconds": snapshots.setup_seconds,
        "train_seconds": seconds,
        "paused_seconds": snapshots.paused_seconds,
        "steps": report.step,
        "points_per_second": report.points / seconds,
        "precision": snapshots.precision,
        "gflops": gflops,
        "fraction_of_matmul_peak": gflops / peaks[snapshots.precision],
        **memory,
        "psnr_db": curve[-1][1],
        "num_scored_clips": min(max_clips, len(space.ids)),
        "curve": {
            "seconds": [seconds for seconds, _ in curve],
            "psnr_db": [psnr for _, psnr in curve],
        },
    }


def first_reached(curve: dict[str, list[float]], target_db: float) -> float | None:
    """The first time at which a target is reached; None where it never is.

    Example:
        >>> first_reached({"seconds": [1.0, 2.0, 4.0], "psnr_db": [20.0, 31.0, 33.0]}, 30.0)
        2.0
    """
    pairs = zip(curve["seconds"], curve["psnr_db"], strict=True)
    return next((seconds for seconds, psnr in pairs if psnr >= target_db), None)


def of_seeds(runs: list[dict[str, Any]], targets: tuple[float, ...]) -> dict[str, Any]:
    """Medians over runs; a run that never reaches a target counts as slower than all that do."""
    seconds_to: dict[str, float | None] = {}
    longer_than: dict[str, float | None] = {}
    for target in targets:
        found = [first_reached(run["curve"], target) for run in runs]
        middle = statistics.median_high(math.inf if s is None else s for s in found)
        reached = math.isfinite(middle)
        seconds_to[f"{target:g}"] = middle if reached else None
        ends = [run["curve"]["seconds"][-1] for run in runs]
        longer_than[f"{target:g}"] = None if reached else min(ends)
    middles = {
        name: statistics.median(run[name] for run in runs) for name in MEDIANS if name in runs[0]
    }
    return {
        "seconds_to": seconds_to,
        "longer_than_seconds": longer_than,
        **middles,
        "precision": runs[0]["precision"],
        "runs": runs,
    }


def times_faster(presets: dict[str, dict[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """By preset and target, how many times sooner than paper, and whether that is a lower bound.

    Example:
        >>> fast = {"seconds_to": {"30": 2.0}, "longer_than_seconds": {"30": None}}
        >>> paper = {"seconds_to": {"30": None}, "longer_than_seconds": {"30": 100.0}}
        >>> times_faster({"fast": fast, "paper": paper})
        {'fast': {'30': {'times': 50.0, 'at_least': True}}}
    """
    if "paper" not in presets:
        return {}
    reached, bounds = presets["paper"]["seconds_to"], presets["paper"]["longer_than_seconds"]
    return {
        name: {
            target: {
                "times": (reached[target] or bounds[target]) / seconds,
                "at_least": reached[target] is None,
            }
            for target, seconds in found["seconds_to"].items()
            if seconds is not None
        }
        for name, found in presets.items()
        if name != "paper"
    }


def _clocked(
    store: ClipStore, name: str, device: torch.device, found: dict[str, Any]
) -> dict[str, float]:
    """Seconds of a step by part, from a number of steps that the speed of the runs allows."""
    num_steps = found["steps"] / found["train_seconds"] * CLOCKED_SECONDS
    return seconds_by_part(store, preset(name), device, min(max(3, round(num_steps)), 200))


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """The state of a run at some time."""

    seconds: float
    """Time since the call of ``train``, without pauses."""
    file: Path
    """File of the weights and codes."""


class Snapshots:
    """Saves the state of a run at several times, the end included, as its ``on_step``.

    Args:
        folder: Folder to save to.
        budget_seconds: Seconds of training of the run.
        num_measurements: Number of snapshots, at times in equal ratios.
    """

    def __init__(self, folder: Path, budget_seconds: float, num_measurements: int) -> None:
        ratio = FIRST_SNAPSHOT ** (1 / (num_measurements - 1))
        self.saved: list[Snapshot] = []
        self.paused_seconds = 0.0
        self.setup_seconds = 0.0
        self.precision = "float32"
        self._folder = folder
        self._budget_seconds = budget_seconds
        self._due = [budget_seconds * ratio**number for number in range(1, num_measurements)]
        self._started = time.perf_counter()

    def __call__(self, state: TrainingState) -> None:
        """Save a snapshot if it is due, after every step."""
        progress = state.progress
        if progress.step == 1:
            self.setup_seconds = time.perf_counter() - self._started - progress.seconds
            self.precision = progress.precision
        is_last = progress.seconds >= self._budget_seconds
        seconds = progress.seconds - self.paused_seconds
        if not is_last and not (self._due and seconds >= self._due[-1]):
            return
        start = now(state.codes.device)
        while self._due and seconds >= self._due[-1]:
            self._due.pop()
        file = self._folder / f"{len(self.saved)}.safetensors"
        averaged = state.config.optimizer.average_decay > 0
        weights = state.average.weights if averaged else state.model.state_dict()
        save_tensors(file, {**weights, "codes": state.codes})
        self.saved.append(Snapshot(self.setup_seconds + seconds, file))
        if not is_last:
            self.paused_seconds += now(state.codes.device) - start


def restore(space: VideoSpace, file: Path, config: TrainingConfig) -> None:
    """Give a space the weights and latents of a snapshot."""
    tensors, _ = load_tensors(file, str(space.device))
    codes = tensors.pop("codes")
    model = InrvModel(config.model).to(space.device)
    model.load_state_dict(tensors)
    space.model = model.eval().requires_grad_(False)
    with torch.no_grad():
        space.latents = torch.cat([model.latents(some, None) for some in codes.split(1024)])


def plot(
    path: Path, curves: dict[str, list[Curve]], targets: Sequence[float], *, title: str
) -> None:
    """Draw the quality over time: a color for each preset, a line for each of its runs."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for number, (name, runs) in enumerate(curves.items()):
        for curve in runs:
            label = name if curve is runs[0] else None
            axes.plot(
                *(curve["seconds"], curve["psnr_db"], "o-"),
                **{"markersize": 3, "color": f"C{number}", "label": label},
            )
    for target in targets:
        axes.axhline(target, color="0.8", linewidth=0.8, zorder=0)
    axes.set_title(title)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("seconds since the start of training")
    axes.set_ylabel("PSNR of rendered training clips, dB")
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as unfinished:
        figure.savefig(unfinished, dpi=120)
    say(f"written: {path}")


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("time_to_quality", __doc__, TimeToQualityOptions, measure, arguments)


if __name__ == "__main__":
    main()

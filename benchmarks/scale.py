"""Scale: what does a step cost with more clips, points, latent numbers and processes?

Trains the preset fast, from Gaussian codes, on clips of noise of 13 frames of 16x16 px, since the
content does not matter to the time. A step runs in one thread. It is timed by the clock and by the
processor, whose time other programs on the machine lengthen less; both are medians over steps after
the first few. The runs with one and two processes are the command as a user gives it, one thread
each; their rate is taken from metrics.jsonl. Formulas go on from these figures to many GPUs.
``benchmarks.scale`` goes on from these figures to many GPUs.
"""

import contextlib
import dataclasses
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.support.common import BenchmarkOptions, print_table, run_benchmark, say
from benchmarks.support.step_costs import operations
from videospace.clips.store.clip_store import ClipStore
from videospace.clips.store.records import ClipRecord
from videospace.inrv.semantic.clip_pca import clip_components
from videospace.inrv.training import data as training_data
from videospace.inrv.training.code_init import CodeInitConfig
from videospace.inrv.training.config import TrainingConfig
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.inrv.training.presets import fast
from videospace.inrv.training.state import ROW_TABLES, TrainingState
from videospace.runtime.checkpoint import save_tensors
from videospace.runtime.log import read_metrics
from videospace.runtime.random import random_stream


@dataclasses.dataclass(frozen=True, kw_only=True)
class Assumptions:
    """The assumptions of a projection, which are not measured here."""

    points_per_clip: float = 60e6 / 270
    """Points of each clip in a whole run, as ``fast`` takes them of GRID faces."""
    clips_per_step: int = 1024
    """Number of clips of a step on each GPU."""
    points_per_clip_and_step: int = 256
    """Number of points of each clip in a step."""
    gpu_operations_per_second: float = 0.4 * 989e12
    """40 % of the dense bfloat16 peak of an H200, the fraction that this project aims at."""
    bytes_per_second_inside: float = 450e9
    """Rate between the GPUs of one machine, in one direction."""
    bytes_per_second_outside: float = 50e9
    """Rate of each GPU to other machines."""
    gpus_per_machine: int = 8
    """Number of GPUs of one machine."""
    clip_bytes: int = 25 * 64 * 64 * 3
    """Size of a clip of 25 frames of 64x64 px."""


NUM_CLIPS = (100_000, 1_000_000, 100_000_000)


NUM_GPUS = (8, 64, 512)


SIZE = (13, 16, 16)
WARM_UP_STEPS = 5
CLOCKS = {"seconds": time.perf_counter, "processor_seconds": time.process_time}
CPU = torch.device("cpu")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScaleOptions(BenchmarkOptions):
    """Scale: what does a step cost with more clips, points, latent numbers and processes?"""

    num_clips: tuple[int, ...] = (300, 3000, 30_000)
    """Numbers of clips of a store; the first is that of all other measurements."""
    points_per_clip: tuple[int, ...] = (64, 256, 1024)
    """Numbers of points of each clip in a step."""
    latent_widths: tuple[int, ...] = (32, 128, 512)
    """Widths of a latent at each of 13 keyframes."""
    steps: int = 40
    """Number of steps of each run."""
    rounds: int = 3
    """How often everything is measured, in turn; the figures are medians."""
    processes: bool = True
    """Whether to compare one process with two as well, which takes most of the time."""


def measure(options: ScaleOptions, work: Path) -> dict[str, Any]:
    """Measure steps, then processes, then the parts that grow with the clips, and project."""
    torch.set_num_threads(1)
    stores = {count: noise_store(work / f"noise-{count}", count) for count in options.num_clips}
    store = stores[options.num_clips[0]]
    runs: dict[str, tuple[ClipStore, TrainingConfig]] = {}
    for count, clips in stores.items():
        runs[f"{count} clips"] = clips, config(options.steps)
    for points in options.points_per_clip:
        runs[f"{points} points"] = store, config(options.steps, points=points)
    for width in options.latent_widths:
        runs[f"{width} numbers"] = store, config(options.steps, width=width)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in runs}
    for _ in range(options.rounds):
        for name, (clips, settings) in runs.items():
            found[name].append(seconds_of_step(clips, settings, work / "space"))
    steps = {
        name: {clock: statistics.median(run[clock] for run in values) for clock in CLOCKS}
        for name, values in found.items()
    }
    print_table("A step on one core", steps, tuple(CLOCKS))
    rates = rates_of_processes(store, options, work) if options.processes else None
    parts = costs_by_clip(stores[sorted(stores)[len(stores) // 2]], config(options.steps))
    few, many = (steps[f"{count} clips"] for count in (min(stores), max(stores)))
    assume = Assumptions()
    return {
        "clip_size": SIZE,
        "seconds_of_step": steps,
        "runs": found,
        "many_clips_to_few": {name: many[name] / few[name] for name in CLOCKS},
        "processes": rates,
        "parts": parts,
        "assumptions": dataclasses.asdict(assume),
        "projections": projections(parts, assume),
    }


def config(num_steps: int, points: int = 256, width: int = 128) -> TrainingConfig:
    """The preset fast with a latent of another width, for some steps."""
    preset = fast()
    latent = dataclasses.replace(preset.model.latent, width=width)
    batch = dataclasses.replace(preset.batch, points_per_clip=points)
    return dataclasses.replace(
        preset,
        model=dataclasses.replace(preset.model, latent=latent),
        code_init=CodeInitConfig(method="gaussian"),
        batch=batch,
        total_points=float(num_steps * batch.num_clips * points),
    )


def noise_store(folder: Path, count: int) -> ClipStore:
    """A store of so many clips of noise."""
    store = ClipStore.create(folder, num_frames=SIZE[0], height=SIZE[1], width=SIZE[2])
    generator = np.random.default_rng(0)
    while len(store) < count:
        numbers = range(len(store), min(len(store) + 1000, count))
        pixels = generator.integers(0, 256, (len(numbers), *SIZE, 3), np.uint8)
        records = [
            ClipRecord(id=f"noise-{n}", source="noise", first_frame=n, fps=25.0, split="train")
            for n in numbers
        ]
        store.append(list(zip(records, pixels, strict=True)))
    return store


def seconds_of_step(store: ClipStore, settings: TrainingConfig, out: Path) -> dict[str, float]:
    """The median times of a step of a new run, which is not saved."""
    ends: dict[str, list[float]] = {name: [] for name in CLOCKS}

    def after_step(state: TrainingState) -> None:
        for name, clock in CLOCKS.items():
            ends[name].append(clock())
        if state.progress.points >= settings.total_points:
            raise _EnoughError

    with contextlib.suppress(_EnoughError):
        train(store, out, settings, TrainingOptions(progress=False, device="cpu"), after_step)
    return {
        name: statistics.median(np.diff(times)[WARM_UP_STEPS:].tolist())
        for name, times in ends.items()
    }


class _EnoughError(Exception):
    """All steps are measured."""


def rates_of_processes(store: ClipStore, options: ScaleOptions, work: Path) -> dict[str, Any]:
    """Points per second of one process on one core, and of two on two.

    At the same batch, which tells how much sooner a run is over; and with as many clips for each
    process as the one has, which tells how much more two can take on. Both for few and for many
    points of a clip, since what the weights cost is the same for both.
    """
    found = {}
    for points in (256, max(options.points_per_clip)):
        rates: dict[str, list[float]] = {}
        for _ in range(options.rounds):
            for name, count, times in (
                ("one", 1, 1),
                ("two", 2, 1),
                ("two, twice the clips", 2, 2),
            ):
                settings = config(times * 3 * options.steps, points)
                clips = times * settings.batch.num_clips
                batch = dataclasses.replace(settings.batch, num_clips=clips, num_shards=count)
                settings = dataclasses.replace(settings, batch=batch)
                rate = _rate(store, settings, count, work / "processes")
                rates.setdefault(f"{points} points: {name}", []).append(rate)
        alone = statistics.median(next(iter(rates.values())))
        found |= {
            name: {
                "points_per_second": statistics.median(runs),
                "times_one_process": statistics.median(runs) / alone,
                "runs": runs,
            }
            for name, runs in rates.items()
        }
    print_table("Processes", found, ("points_per_second", "times_one_process"))
    return found


def _rate(store: ClipStore, settings: TrainingConfig, count: int, out: Path) -> float:
    for path in out.glob("*"):
        path.unlink()
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
        *("--nproc-per-node", str(count), "-m", "videospace", "train", str(store.folder)),
        *("--out", str(out), "--device", "cpu", "--code-init.method", "gaussian"),
        *("--batch.num-clips", str(settings.batch.num_clips)),
        *("--batch.points-per-clip", str(settings.batch.points_per_clip)),
        *("--batch.num-shards", str(settings.batch.num_shards)),
        *("--total-points", str(settings.total_points)),
    ]
    done = subprocess.run(
        command, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True
    )
    if done.returncode:
        say(done.stderr)
        done.check_returncode()
    first, *_, last = read_metrics(out)
    return (last["points"] - first["points"]) / (last["seconds"] - first["seconds"])


def costs_by_clip(store: ClipStore, settings: TrainingConfig) -> dict[str, float]:
    """The memory of each clip, and the time that it adds to occasional work such as saving."""
    codes = torch.zeros(len(store), settings.model.latent.effective_code_width)
    state = TrainingState(settings, codes, CPU)
    tensors = state.tensors()
    table_bytes = sum(tensors[name].nbytes for name in ROW_TABLES)
    weight_bytes = sum(weight.nbytes for weight in state.model.parameters())
    assert settings.batch.points_per_clip is not None
    points = settings.batch.num_clips * settings.batch.points_per_clip
    generator = random_stream(0, "points")
    num_clips = settings.batch.num_clips
    clips = training_data.TrainingClips(store, [0], CPU)
    path = store.folder.parent / "tables.safetensors"
    numbers = iter(range(1000))
    seconds = {
        "order": _seconds(
            lambda: training_data.clip_batch(next(numbers), len(store), len(store), 0)
        ),
        "draw": _seconds(lambda: clips.uniform_points(num_clips, points // num_clips, generator)),
        "components": _seconds(
            lambda: clip_components(store.frames, range(len(store)), 127, num_keyframes=13), 1
        ),
        "index": _seconds(lambda: ClipStore.open(store.folder), 3),
        "save": _seconds(
            lambda: save_tensors(path, {name: tensors[name] for name in ROW_TABLES}), 3
        ),
    }
    path.unlink()
    return {
        "operations_per_point": operations(settings, store, points) / points,
        "table_bytes_per_clip": table_bytes / len(store),
        "latent_bytes_per_clip": tensors["latents"].nbytes / len(store),
        "weight_bytes": weight_bytes,
        "order_seconds_per_clip": seconds["order"] / len(store),
        "draw_seconds_per_point": seconds["draw"] / points,
        "components_seconds_per_clip": seconds["components"] / len(store),
        "index_seconds_per_clip": seconds["index"] / len(store),
        "save_bytes_per_second": table_bytes / seconds["save"],
    }


def _seconds(action: Any, repeats: int = 7) -> float:
    """The median time of an action."""
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def projection(
    measured: dict[str, float], num_clips: int, num_gpus: int, assume: Assumptions
) -> dict[str, Any]:
    """Time, memory and traffic of a run.

    Args:
        measured: ``operations_per_point``, ``table_bytes_per_clip`` (codes, Adam's moments,
            counters and latents), ``latent_bytes_per_clip``, ``weight_bytes``,
            ``order_seconds_per_clip``,
            ``draw_seconds_per_point``, ``components_seconds_per_clip``,
            ``index_seconds_per_clip`` and ``save_bytes_per_second``.
        num_clips: Number of clips of the run.
        num_gpus: Number of GPUs, with a process each.
        assume: The assumptions.

    Returns:
        Figures by name; those of memory in bytes, for the process that has most.
    """
    points_per_step = num_gpus * assume.clips_per_step * assume.points_per_clip_and_step
    points = num_clips * assume.points_per_clip
    steps = points / points_per_step
    arithmetic = points * measured["operations_per_point"]
    arithmetic_seconds = arithmetic / (num_gpus * assume.gpu_operations_per_second)
    sent = 2 * (num_gpus - 1) / num_gpus * measured["weight_bytes"]
    inside = num_gpus <= assume.gpus_per_machine
    speed = assume.bytes_per_second_inside if inside else assume.bytes_per_second_outside
    own_clips = num_clips / num_gpus
    read = assume.clips_per_step * assume.clip_bytes
    drawing_seconds = measured["draw_seconds_per_point"] * points  # on each process, for all
    reducing_seconds = steps * sent / speed
    return {
        "clips": num_clips,
        "gpus": num_gpus,
        "steps": steps,
        "arithmetic_seconds": arithmetic_seconds,
        "arithmetic_seconds_per_step": arithmetic_seconds / steps,
        "sent_bytes_per_step": sent,
        "reduce_seconds_per_step": sent / speed,
        "draw_seconds_per_step": drawing_seconds / steps,
        "run_seconds": arithmetic_seconds + reducing_seconds + drawing_seconds,
        "order_seconds_per_epoch": measured["order_seconds_per_clip"] * num_clips,
        "order_bytes": 2 * 8 * num_clips,
        "table_bytes_per_gpu": measured["table_bytes_per_clip"] * own_clips,
        "pixel_bytes_per_gpu": assume.clip_bytes * own_clips,
        "disk_bytes_per_second_per_gpu": read / (arithmetic_seconds / steps),
        "state_bytes": measured["table_bytes_per_clip"] * num_clips,
        "save_seconds": measured["table_bytes_per_clip"]
        * num_clips
        / measured["save_bytes_per_second"],
        "first_process_bytes": measured["latent_bytes_per_clip"] * num_clips,
        "start_seconds": measured["components_seconds_per_clip"] * num_clips,
        "index_seconds": measured["index_seconds_per_clip"] * num_clips,
    }


def projections(measured: dict[str, float], assume: Assumptions) -> list[dict[str, Any]]:
    """All numbers of clips on all numbers of GPUs."""
    return [projection(measured, clips, gpus, assume) for clips in NUM_CLIPS for gpus in NUM_GPUS]


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("scale", __doc__, ScaleOptions, measure, arguments)


if __name__ == "__main__":
    main()

"""Every task: what does a space do with clips that it was not trained on?

Inversion, inpainting, prediction, frame interpolation, sparse inpainting and superresolution,
beside the methods that people would use instead; then weight refinement beside a network that is
fitted to each clip.

- ``grid-faces``: the first 100 recordings, 3 clips of each; the last 10 recordings are held out.
- ``bouncing-ball``: 50 balls at evenly spaced heights. The balls 2, 7, 12 and so on to 47 are held
  out, counted from 0 at the top: training has no path at their heights, only above and below.
- ``moving-mnist``: 1000 training clips of digits from the MNIST train file, seed 0; held out are
  256 clips of other digits, from the test file, seed 1.
"""

import dataclasses
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from benchmarks.grid_faces import FACE
from benchmarks.support.common import data_path, medians, run_benchmark, say
from benchmarks.support.spaces import SpaceOptions, train_space
from videospace.baselines.task_table import Row, table_text, task_table
from videospace.clips.prepare import prepare
from videospace.clips.prepare_config import PrepareConfig
from videospace.clips.store.clip_store import ClipStore
from videospace.clips.store.records import ClipRecord
from videospace.clips.synthetic.bouncing_ball import ball_heights, ball_video
from videospace.clips.synthetic.moving_mnist import MovingMnistConfig, write_moving_mnist
from videospace.inrv.completion.completion import complete_clips
from videospace.inrv.inversion.encoder_training import EncoderTrainingConfig, train_encoder
from videospace.inrv.inversion.inversion import InversionConfig
from videospace.inrv.inversion.single_inr import SingleInrConfig, fit_single_inrs
from videospace.inrv.inversion.tasks import everything
from videospace.inrv.rendering.renderer import render_frames_of_layers
from videospace.inrv.space.files import ENCODER_FILE
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.evaluation import evenly_spread
from videospace.metrics.fidelity import fidelity
from videospace.runtime.errors import UserError

BALL_FRAMES, BALL_SIZE = 25, 50
HELDOUT_BALLS = slice(2, None, 5)
HELDOUT_DIGIT_CLIPS = 256
FEWEST_SOURCES = 3
"""The fewest recordings, balls or clips of which some are held out and some are left to train."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TasksOptions(SpaceOptions):
    """Every task: what does a space do with clips that it was not trained on?"""

    dataset: Literal["grid-faces", "bouncing-ball", "moving-mnist"]
    """The clips to train on and to hold out."""
    budget_seconds: float = 600.0
    """Seconds of training of each space."""
    num_sources: int | None = None
    """Number of recordings of faces (None: 100), of balls (50), or of training clips of digits
    (1000)."""
    max_clips: int | None = None
    """The most held-out clips to complete; None completes all."""
    encoder_seconds: float = 150.0
    """Seconds of training of each space's encoder, where inversions start; 0 trains none."""
    max_steps: int = InversionConfig().max_steps
    """The most steps of an inversion."""
    refined_clips: int = 30
    """The most held-out clips for weight refinement and fitted networks, which take long."""
    single_inr_steps: int = 2000
    """The most steps of fitting one network to each clip."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.num_sources is not None and self.num_sources < FEWEST_SOURCES:
            raise UserError(
                f"expected num_sources of at least {FEWEST_SOURCES}, got {self.num_sources}"
            )
        if not self.encoder_seconds >= 0:
            raise UserError(f"expected encoder_seconds of at least 0, got {self.encoder_seconds}")
        for name in ("max_clips", "refined_clips"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise UserError(f"expected {name} of at least 1, got {value}")

    def results_name(self, benchmark: str) -> str:
        """A file of its own for each data set."""
        return f"{benchmark}_{self.dataset}"


def face_store(options: TasksOptions, work: Path) -> ClipStore:
    """Speaking faces; the last tenth of the recordings is held out."""
    recordings = data_path("grid_s1")
    num_recordings = options.num_sources or 100
    folder = work / "clips" / f"faces-{num_recordings}x64"
    config = PrepareConfig(size="64", crop=FACE, max_sources=num_recordings, holdout=0.1)
    prepare([recordings], folder, config)
    return ClipStore.open(folder)


def ball_store(options: TasksOptions, work: Path) -> ClipStore:
    """Bouncing balls; a fifth of the heights is held out."""
    heights_px = ball_heights(options.num_sources or 50, BALL_SIZE, BALL_SIZE)
    folder = work / "clips" / f"ball-heldout-{len(heights_px)}"
    store = ClipStore.create(folder, num_frames=BALL_FRAMES, height=BALL_SIZE, width=BALL_SIZE)
    heldout = range(len(heights_px))[HELDOUT_BALLS]
    clips = []
    for number, height_px in enumerate(heights_px):
        split = "holdout" if number in heldout else "train"
        record = ClipRecord(
            id=f"ball-{number:03d}", source="bouncing-ball", first_frame=0, fps=25.0, split=split
        )
        if record.id not in store:
            clips.append((record, ball_video(float(height_px))))
    store.append(clips)
    return store


def digit_store(options: TasksOptions, work: Path) -> ClipStore:
    """Moving digits; clips of the digits in the test file are held out."""
    num_training = options.num_sources or 1000
    num_heldout = min(HELDOUT_DIGIT_CLIPS, options.max_clips or HELDOUT_DIGIT_CLIPS)
    folder = work / "clips" / f"moving-mnist-{num_training}-{num_heldout}"
    for file, num_clips, seed, split in (
        ("train", num_training, 0, "train"),
        ("t10k", num_heldout, 1, "holdout"),
    ):
        digits = data_path(f"mnist/{file}-images-idx3-ubyte.gz")
        config = MovingMnistConfig(digits=digits, num_clips=num_clips, seed=seed, split=split)
        write_moving_mnist(folder, config)
    return ClipStore.open(folder)


STORES: dict[str, Callable[[TasksOptions, Path], ClipStore]] = {
    "grid-faces": face_store,
    "bouncing-ball": ball_store,
    "moving-mnist": digit_store,
}


def measure(options: TasksOptions, work: Path) -> dict[str, Any]:
    """Train, then complete the held-out clips with every method."""
    store = STORES[options.dataset](options, work)
    runs = []
    for name in options.presets:
        for seed in options.seeds:
            space, figures = train_space(store, name, seed, options, work)
            space = with_encoder(space, store, seed, options.encoder_seconds, work)
            config = InversionConfig(max_steps=options.max_steps, seed=seed)
            rows = task_table(space, store, config=config, max_clips=options.max_clips)
            print(f"\n{options.dataset}, {name}, seed {seed}\n{table_text(rows)}\n", flush=True)
            runs.append(
                {
                    "preset": name,
                    "seed": seed,
                    "train_psnr_db": figures["psnr_db"],
                    "train_seconds": figures["train_seconds"],
                    "reused": figures["reused"],
                    **by_task(rows),
                    "refinement": refinement(space, store, options),
                }
            )
    main_runs = [run for run in runs if run["preset"] == options.presets[0]]
    return {
        "num_training_clips": len(store.rows("train")),
        "num_heldout_clips": len(store.rows("holdout")),
        "tasks": {
            task: median_scores([run["tasks"][task] for run in main_runs])
            for task in main_runs[0]["tasks"]
        },
        "refinement": median_scores([run["refinement"] for run in main_runs]),
        "runs": runs,
    }


def with_encoder(
    space: VideoSpace, store: ClipStore, seed: int, seconds: float, work: Path
) -> VideoSpace:
    """Train an encoder for a space, unless an earlier call in the same folder has."""
    if not seconds:
        return space
    folder = work / "encoders" / f"{space.fingerprint()}-seed{seed}-{seconds:g}s"
    if (folder / ENCODER_FILE).exists():
        return VideoSpace.from_pretrained(folder)
    say(f"seed {seed}: training an encoder for {seconds:g} s")
    train_encoder(space, store, EncoderTrainingConfig(budget_seconds=seconds, seed=seed))
    space.save_pretrained(folder)
    return space


def by_task(rows: Sequence[Row]) -> dict[str, Any]:
    """Means by task and method, and separately the ends of their 95 % intervals."""
    tasks: dict[str, Any] = {row.task: {} for row in rows}
    intervals: dict[str, Any] = {row.task: {} for row in rows}
    for row in rows:
        means = {name: score.mean for name, score in row.scores.items()}
        tasks[row.task][row.method] = {**means, "seconds_per_clip": row.seconds_per_clip}
        ends = {name: [score.low, score.high] for name, score in row.scores.items()}
        intervals[row.task][row.method] = ends
    return {"tasks": tasks, "intervals": intervals}


def median_scores(runs: Sequence[dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Medians over runs of the figures of each method.

    Example:
        >>> median_scores([{"bicubic": {"psnr_db": 20.0}}, {"bicubic": {"psnr_db": 22.0}}])
        {'bicubic': {'psnr_db': 21.0}}
    """
    return {
        method: medians([run[method] for run in runs], figures)
        for method, figures in runs[0].items()
    }


def refinement(space: VideoSpace, store: ClipStore, options: TasksOptions) -> dict[str, Any]:
    """Compare weight refinement with a network that is fitted to each clip from nothing."""
    most = min(options.refined_clips, options.max_clips or options.refined_clips)
    truth = store.frames(evenly_spread(store.rows("holdout"), most))
    contexts = [everything(clip) for clip in truth]
    size = (store.height, store.width)
    started = time.perf_counter()
    config = InversionConfig(refine="weights", max_steps=options.max_steps)
    refined, _ = complete_clips(space, contexts, config)
    refined_seconds = time.perf_counter() - started
    fitting = SingleInrConfig(max_steps=options.single_inr_steps)
    single = fit_single_inrs(space.model, contexts, size, fitting)
    frames = render_frames_of_layers(space.model, single.layers, (store.num_frames, *size))
    fitted = np.stack(list(frames), axis=1)
    figures = {}
    for name, videos, seconds in (
        ("refined weights", refined, refined_seconds),
        ("Single-INR", fitted, single.seconds),
    ):
        scores = fidelity(torch.from_numpy(videos), torch.from_numpy(truth)).means()
        figures[name] = {
            **scores,
            "seconds_per_clip": seconds / len(truth),
            "num_clips": len(truth),
        }
        say(f"{name}: {scores['psnr_db']:.2f} dB, {seconds / len(truth):.2f} s a clip")
    return figures


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("tasks", __doc__, TasksOptions, measure, arguments)


if __name__ == "__main__":
    main()

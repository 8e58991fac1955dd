"""Trains spaces within a budget of time, scores them and writes contact sheets."""

import dataclasses
import math
import tempfile
import time
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from einops import rearrange
from jaxtyping import UInt8

from benchmarks.support.common import BenchmarkOptions, medians, say
from videospace.clips.store.clip_store import ClipStore
from videospace.clips.synthetic.bouncing_ball import BouncingBallConfig, write_bouncing_ball
from videospace.clips.writing import write_video
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.config import TrainingConfig
from videospace.inrv.training.evaluation import evaluate
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.inrv.training.presets import preset
from videospace.inrv.training.state import STATE_FILE
from videospace.runtime.errors import UserError
from videospace.runtime.log import read_metrics

UNLIMITED_POINTS = 1e15
MAX_CURVE_POINTS = 60
SHEET_CLIPS = 6
PresetName = Literal["fast", "moving", "tiny", "paper"]
SCORES = ("psnr_db", "psnr_moving_db", "ssim")
CURVE = ("seconds", "psnr_db", "num_clips")
COSTS = ("train_seconds", "wall_seconds", "steps", "points")


@dataclasses.dataclass(frozen=True, kw_only=True)
class SpaceOptions(BenchmarkOptions):
    """The options of every benchmark that trains spaces."""

    budget_seconds: float = 60.0
    """Seconds of training of each space."""
    whole_budget: bool = True
    """Train until the budget is spent; otherwise a preset may end before, at its own number of
    points."""
    presets: tuple[PresetName, ...] = ("fast",)
    """The presets to train."""
    seeds: tuple[int, ...] = (0,)
    """Seeds of the runs; the figures are medians over them."""
    paper_clips: int = 30
    """Number of evenly spaced training clips that the preset paper is scored on, since it renders
    slowly; the other presets are scored on all of them."""
    pictures: Path | None = None
    """Folder for contact sheets, which show the recordings; None writes none."""

    def __post_init__(self) -> None:
        if (
            not self.presets
            or not self.seeds
            or not self.budget_seconds > 0
            or self.paper_clips < 1
        ):
            raise UserError(
                "expected at least one preset, seed and clip to score, and a budget above 0 s, "
                f"got presets {self.presets}, seeds {self.seeds}, {self.paper_clips} clips and "
                f"{self.budget_seconds:g} s"
            )


class TrainedSpace(NamedTuple):
    """A trained space and its figures."""

    space: VideoSpace
    """The space as a user would open it."""
    figures: dict[str, Any]
    """Time, steps, scores on the training clips, and the curve of the PSNR."""


def train_space(
    store: ClipStore,
    name: str,
    seed: int,
    options: SpaceOptions,
    work: Path,
    config: TrainingConfig | None = None,
) -> TrainedSpace:
    """Train a preset within the budget, then score its reconstructions.

    A space that an earlier call finished in the same folder is not trained again. It is marked as
    reused, and its time as a whole is not known.

    Args:
        store: The clips.
        name: Of the preset.
        seed: Of the run.
        options: The budget, among others.
        work: Folder for the space.
        config: Another configuration, of which ``name`` is then the name; None takes the preset.
    """
    config = dataclasses.replace(config or preset(name), seed=seed)
    length = "" if options.whole_budget else "-own-length"
    folder = f"{store.folder.name}-{name}-seed{seed}-{options.budget_seconds:g}s{length}"
    out = work / "spaces" / folder
    if options.whole_budget:
        config = dataclasses.replace(config, total_points=UNLIMITED_POINTS)
    whole_grid = config.batch.points_per_clip is None  # few, long steps: note each of them
    training = TrainingOptions(
        time_budget_seconds=options.budget_seconds, log_every=1 if whole_grid else 20
    )
    is_new = not (out / STATE_FILE).exists()
    say(f"{name}, seed {seed}: training for at most {options.budget_seconds:g} s")
    start = time.perf_counter()
    report = train(store, out, config, training)
    wall_seconds = time.perf_counter() - start
    if not report.finished:
        raise KeyboardInterrupt
    space = VideoSpace.from_pretrained(out)
    max_clips = options.paper_clips if name == "paper" else None
    scores = evaluate(space, store, max_clips=max_clips).summary()
    figures = {
        "seed": seed,
        "train_seconds": round(report.seconds, 2),
        "wall_seconds": round(wall_seconds, 2) if is_new else None,
        "reused": not is_new,
        "steps": report.step,
        "points": report.points,
        **{name: scores[name] for name in SCORES},
        "num_training_clips": len(space.ids),
        "num_scored_clips": scores["num_clips"],
        "num_parameters": sum(weight.numel() for weight in space.model.parameters()),
        "num_latent_values": space.latents.numel(),
        "curve": curve(out),
    }
    return TrainedSpace(space, figures)


def summary(runs: list[dict[str, Any]], *extra: str) -> dict[str, Any]:
    """Medians over the runs of a preset, and the runs themselves."""
    scored = runs[0]["num_scored_clips"]
    return {**medians(runs, (*SCORES, *extra, *COSTS)), "num_scored_clips": scored, "runs": runs}


def curve(folder: Path) -> dict[str, list[float]]:
    """Time, smoothed PSNR of the points of a step, and number of clips over a run."""
    records = read_metrics(folder)
    stride = max(1, math.ceil(len(records) / MAX_CURVE_POINTS))
    kept = records[::-1][::stride][::-1]  # the last one in any case
    return {name: [record[name] for record in kept] for name in CURVE}


def warm_up() -> None:
    """Train once on toy clips, since the first training of a process is slower."""
    with tempfile.TemporaryDirectory() as folder:
        config = BouncingBallConfig(num_clips=4, num_frames=3, size="16")
        store = write_bouncing_ball(Path(folder) / "clips", config)
        short = dataclasses.replace(preset("tiny"), total_points=1e5)
        train(store, Path(folder) / "space", short, TrainingOptions(progress=False))


def write_sheets(folder: Path, name: str, space: VideoSpace, store: ClipStore) -> None:
    """Write contact sheets: reconstructions below their originals, an interpolation, samples."""
    spread = np.linspace(0, len(space.ids) - 1, SHEET_CLIPS).astype(int)
    shown = [space.ids[row] for row in np.unique(spread)]
    originals = store.frames([store.row(clip_id) for clip_id in shown])
    reconstructions = space.render(torch.stack([space.latent(clip_id) for clip_id in shown]))
    pairs = rearrange([originals, reconstructions], "kind clip ... -> (clip kind) ...")
    between = space.interpolate(shown[0], shown[len(shown) // 2], steps=SHEET_CLIPS)
    sheets = {
        "reconstruction": pairs,
        "interpolation": space.render(between),
        "samples-slerp": space.render(space.sample(SHEET_CLIPS)),
        "samples-gaussian": space.render(space.sample(SHEET_CLIPS, method="gaussian")),
    }
    for kind, clips in sheets.items():
        write_sheet(folder / f"{name}-{kind}.png", clips, store.fps)


def write_sheet(
    path: Path, clips: UInt8[np.ndarray, "clip time height width 3"], fps: float
) -> None:
    """Write a contact sheet, a row for each clip."""
    write_video(path, clips.swapaxes(0, 1), fps=fps)
    say(f"written: {path}")

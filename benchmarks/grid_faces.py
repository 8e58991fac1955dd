"""GRID faces: how well, and how fast, does a space hold 270 clips of a speaking face?

The first 100 recordings, cut into clips of 25 frames; the last 10 recordings are held out.
"""

import dataclasses
from pathlib import Path
from typing import Any

from benchmarks.support.baselines import (
    linear_space,
    score,
    score_linear,
    still_baselines,
    training_clips,
)
from benchmarks.support.common import data_path, medians, print_table, run_benchmark, say
from benchmarks.support.spaces import PresetName, SpaceOptions, train_space, warm_up, write_sheets
from videospace.clips.prepare import prepare
from videospace.clips.prepare_config import PrepareConfig
from videospace.clips.store.clip_store import ClipStore

NUM_COMPONENTS = 128
FACE = "70,70,200,200"


@dataclasses.dataclass(frozen=True, kw_only=True)
class GridFacesOptions(SpaceOptions):
    """GRID faces: how well, and how fast, does a space hold 270 clips of a speaking face?"""

    budget_seconds: float = 240.0
    """Seconds of training of each space."""
    presets: tuple[PresetName, ...] = ("fast", "paper")
    """The presets to train."""
    sizes: tuple[int, ...] = (64,)
    """Heights and widths in px; the first one gives the main figures, the others stand apart."""
    num_recordings: int = 100
    """Number of recordings, the first in alphabetical order; a tenth of them is held out."""


def measure(options: GridFacesOptions, work: Path) -> dict[str, Any]:
    """Prepare and train at every size."""
    recordings = data_path("grid_s1")
    warm_up()
    by_size = {size: measure_size(size, recordings, options, work) for size in options.sizes}
    first, *others = options.sizes
    return {**by_size[first], "other_sizes": {str(size): by_size[size] for size in others}}


def measure_size(
    size: int, recordings: Path, options: GridFacesOptions, work: Path
) -> dict[str, Any]:
    """Train every preset with every seed, and compare."""
    config = PrepareConfig(
        size=str(size), crop=FACE, max_sources=options.num_recordings, holdout=0.1
    )
    folder = work / "clips" / f"faces-{options.num_recordings}x{size}"
    prepare([recordings], folder, config)
    store = ClipStore.open(folder)
    presets = {}
    for name in options.presets:
        runs = []
        for seed in options.seeds:
            space, figures = train_space(store, name, seed, options, work)
            say(f"{name}, seed {seed}: {figures['psnr_db']:.2f} dB on the training clips")
            runs.append(_named_by_split(figures))
            if options.pictures:
                write_sheets(options.pictures, f"faces-{name}-{size}-seed{seed}", space, store)
        columns = ("train_psnr_db", "train_psnr_moving_db", "train_ssim")
        presets[name] = {
            **medians(runs, (*columns, "seconds", "wall_seconds", "steps", "points")),
            "heldout_psnr_db": None,
            "num_scored_clips": runs[0]["num_scored_clips"],
            "curve": runs[0]["curve"],
            "runs": runs,
        }
    clips = training_clips(store)
    baselines = {name: score(clips, still) for name, still in still_baselines(clips).items()}
    linear = linear_space(clips, NUM_COMPONENTS)
    baselines[f"principal_components_{NUM_COMPONENTS}"] = score_linear(clips, linear)
    baselines = {name: _named_by_split(figures) for name, figures in baselines.items()}
    print_table(
        f"{len(clips)} training clips of a speaking face, {size} px",
        presets | baselines,
        ("train_psnr_db", "train_psnr_moving_db", "train_ssim", "seconds", "steps", "points"),
    )
    num_heldout = len(store.rows("holdout"))
    num_clips = {"num_training_clips": len(clips), "num_heldout_clips": num_heldout}
    return {"size": size, **num_clips, "presets": presets, "baselines": baselines}


def _named_by_split(figures: dict[str, Any]) -> dict[str, Any]:
    """Name each score after the training clips."""
    names = {name: f"train_{name}" for name in ("psnr_db", "psnr_moving_db", "ssim")}
    names["train_seconds"] = "seconds"
    return {names.get(name, name): value for name, value in figures.items()}


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("grid_faces", __doc__, GridFacesOptions, measure, arguments)


if __name__ == "__main__":
    main()

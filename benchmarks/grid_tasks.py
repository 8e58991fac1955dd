"""GRID faces: what does a space do with 30 clips that it has never seen?

Inversion, inpainting, prediction, frame interpolation, sparse pixels and superresolution, beside
what people would use instead, on the fixed split of :mod:`benchmarks.grid_faces`.
"""

import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.common import data_path, run_benchmark, say
from benchmarks.grid_faces import FACE
from benchmarks.spaces import SpaceOptions, train_space
from videospace.baselines.table import table_text, task_table
from videospace.clips.clip_store import ClipStore
from videospace.clips.prepare import prepare
from videospace.clips.prepare_config import PrepareConfig
from videospace.inrv.completion import complete_clips
from videospace.inrv.inversion import InversionConfig
from videospace.inrv.rendering import render_frames_of_layers
from videospace.inrv.single_inr import SingleInrConfig, fit_single_inrs
from videospace.inrv.space import VideoSpace
from videospace.inrv.tasks import everything
from videospace.metrics.fidelity import fidelity


@dataclasses.dataclass(frozen=True, kw_only=True)
class GridTasksOptions(SpaceOptions):
    """GRID faces: what does a space do with 30 clips that it has never seen?"""

    budget_seconds: float = 600.0
    """Time of training of the space."""
    num_recordings: int = 100
    """Recordings, the first ones in alphabetical order; a tenth of them is held out."""
    max_clips: int | None = None
    """Complete only so many; None completes all that are held out."""
    max_steps: int = 300
    """Steps of an inversion at most."""
    single_inr_steps: int = 2000
    """Steps of fitting one network to each clip at most."""


def measure(options: GridTasksOptions, work: Path) -> dict[str, Any]:
    """Train, then complete the held-out clips in every way."""
    recordings = data_path("grid_s1")
    config = PrepareConfig(size="64", crop=FACE, max_sources=options.num_recordings, holdout=0.1)
    folder = work / "clips" / f"faces-{options.num_recordings}x64"
    prepare([recordings], folder, config)
    store = ClipStore.open(folder)
    spaces = {}
    for name in options.presets:
        for seed in options.seeds:
            space, figures = train_space(store, name, seed, options, work)
            search = InversionConfig(max_steps=options.max_steps, seed=seed)
            rows = task_table(space, store, config=search, max_clips=options.max_clips)
            say(table_text(rows))
            spaces[f"{name}-seed{seed}"] = {
                "train_psnr_db": figures["psnr_db"],
                "train_seconds": figures["train_seconds"],
                "rows": [row.as_json() for row in rows],
                "refinement": refinement(space, store, options),
            }
    return {"num_heldout_clips": len(store.rows("holdout")), "spaces": spaces}


def refinement(space: VideoSpace, store: ClipStore, options: GridTasksOptions) -> dict[str, Any]:
    """Refined weights beside a network that is fitted to each clip from nothing."""
    truth = store.frames(store.rows("holdout")[: options.max_clips])
    contexts = [everything(clip) for clip in truth]
    size = (store.height, store.width)
    started = time.perf_counter()
    search = InversionConfig(refine="weights", max_steps=options.max_steps)
    refined, _ = complete_clips(space, contexts, search)
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
        figures[name] = {**scores, "seconds_per_clip": round(seconds / len(truth), 3)}
        say(f"{name}: {scores['psnr_db']:.2f} dB, {seconds / len(truth):.2f} s a clip")
    return figures


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("grid_tasks", __doc__, GridTasksOptions, measure, arguments)


if __name__ == "__main__":
    main()

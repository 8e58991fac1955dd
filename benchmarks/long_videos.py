"""Long recordings: how well does a space hold one everyday video that is cut into clips?"""

import dataclasses
from pathlib import Path
from typing import Any

from benchmarks.support.baselines import (
    score,
    still_baselines,
    training_clips,
)
from benchmarks.support.common import data_path, print_table, run_benchmark, say
from benchmarks.support.spaces import SpaceOptions, summary, train_space, warm_up, write_sheets
from videospace.clips.prepare import prepare
from videospace.clips.prepare_config import PrepareConfig
from videospace.clips.store.clip_store import ClipStore

EVERY = {"tracktor_mouse": 5}
"""By slow recording, the stride between the frames that are used."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LongVideosOptions(SpaceOptions):
    """Long recordings: how well does a space hold one everyday video that is cut into clips?"""

    budget_seconds: float = 120.0
    """Seconds of training of each space."""
    recordings: tuple[str, ...] = ("sleap_flies", "tracktor_mouse")
    """Names of the files without suffix."""
    size: int = 64
    """Height and width in px."""
    max_clips: int | None = None
    """The most clips of a file; None takes all."""


def measure(options: LongVideosOptions, work: Path) -> dict[str, Any]:
    """Prepare every recording and train on it."""
    for name in options.recordings:
        data_path(f"long/{name}.mp4")  # raises the error of a missing file before the work begins
    warm_up()
    return {
        "recordings": {name: measure_recording(name, options, work) for name in options.recordings}
    }


def recording_store(
    name: str, work: Path, *, size: int = 64, max_clips: int | None = None
) -> ClipStore:
    """The clips of a recording.

    Args:
        name: Of the file, without suffix.
        work: Folder for the clips.
        size: Height and width in px.
        max_clips: The most clips; None takes all.
    """
    config = PrepareConfig(size=str(size), every=EVERY.get(name, 1), max_clips=max_clips)
    limit = "" if max_clips is None else f"-{max_clips}"
    folder = work / "clips" / f"{name}{limit}x{size}"
    prepare([data_path(f"long/{name}.mp4")], folder, config)
    return ClipStore.open(folder)


def measure_recording(name: str, options: LongVideosOptions, work: Path) -> dict[str, Any]:
    """Train every preset with every seed on the clips of one recording, and compare."""
    every = EVERY.get(name, 1)
    store = recording_store(name, work, size=options.size, max_clips=options.max_clips)
    presets = {}
    for preset_name in options.presets:
        runs = []
        for seed in options.seeds:
            space, figures = train_space(store, preset_name, seed, options, work)
            say(f"{name}, {preset_name}, seed {seed}: {figures['psnr_db']:.2f} dB")
            runs.append(figures)
            if options.pictures:
                write_sheets(options.pictures, f"{name}-{preset_name}-seed{seed}", space, store)
        presets[preset_name] = summary(runs)
    clips = training_clips(store)
    baselines = {still: score(clips, make) for still, make in still_baselines(clips).items()}
    print_table(
        f"{name}: {len(clips)} clips, one frame in {every}",
        presets | baselines,
        ("psnr_db", "psnr_moving_db", "ssim", "train_seconds", "steps"),
    )
    found = {"num_clips": len(clips), "every": every, "fps": store.fps}
    return {**found, "presets": presets, "baselines": baselines}


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("long_videos", __doc__, LongVideosOptions, measure, arguments)


if __name__ == "__main__":
    main()

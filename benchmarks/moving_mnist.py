"""Moving-MNIST: how well does a space hold many clips that have little in common?"""

import dataclasses
from pathlib import Path
from typing import Any

from benchmarks.support.baselines import (
    constant,
    linear_space,
    score,
    score_linear,
    still_baselines,
    training_clips,
)
from benchmarks.support.common import data_path, print_table, run_benchmark, say
from benchmarks.support.spaces import SpaceOptions, summary, train_space, warm_up, write_sheets
from videospace.clips.synthetic.moving_mnist import MovingMnistConfig, write_moving_mnist
from videospace.inrv.training.presets import preset

PUBLISHED = {"psnr_db": 29.54, "ssim": 0.975, "num_clips": 10_000}
"""INR-V, PSNR_FULL and SSIM_FULL (thesis, Table 3.1), on ten times as many clips."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MovingMnistOptions(SpaceOptions):
    """Moving-MNIST: how well does a space hold many clips that have little in common?"""

    budget_seconds: float = 240.0
    """Seconds of training of each space."""
    num_clips: int = 1000
    """Number of clips; the published set has 10,000."""


def measure(options: MovingMnistOptions, work: Path) -> dict[str, Any]:
    """Train every preset with every seed, and compare."""
    digits = data_path("mnist/train-images-idx3-ubyte.gz")
    config = MovingMnistConfig(digits=digits, num_clips=options.num_clips)
    store = write_moving_mnist(work / "clips" / f"moving-mnist-{options.num_clips}", config)
    warm_up()
    presets = {}
    for name in options.presets:
        runs = []
        for seed in options.seeds:
            space, figures = train_space(store, name, seed, options, work)
            say(f"{name}, seed {seed}: {figures['psnr_db']:.2f} dB")
            runs.append(figures)
            if options.pictures:
                write_sheets(options.pictures, f"moving-mnist-{name}-seed{seed}", space, store)
        presets[name] = summary(runs)
    clips = training_clips(store)
    width = preset(options.presets[0]).model.latent.width
    baselines = {
        "black": score(clips, constant(clips, 0)),
        "mean_clip": score(clips, still_baselines(clips)["mean_clip"]),
        f"principal_components_{width}": score_linear(clips, linear_space(clips, width)),
    }
    published = {f"published ({PUBLISHED['num_clips']:,} clips)": PUBLISHED}
    print_table(
        f"{len(clips)} clips of Moving-MNIST",
        presets | baselines | published,
        ("psnr_db", "psnr_moving_db", "ssim", "train_seconds", "steps"),
    )
    return {
        "num_clips": len(clips),
        "presets": presets,
        "baselines": baselines,
        "published": PUBLISHED,
    }


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("moving_mnist", __doc__, MovingMnistOptions, measure, arguments)


if __name__ == "__main__":
    main()

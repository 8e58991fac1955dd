"""BouncingBall: does a space learn that there is one ball, or does it blend pictures?

Between two clips lies, in a space that has learned the structure, a clip of one ball at a height
between theirs. A checker looks for it in interpolations and in Gaussian samples. Beside the
spaces stands a linear space of as many numbers a clip, whose interpolations are blends.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from benchmarks.support.baselines import (
    constant,
    linear_space,
    score,
    score_linear,
    still_baselines,
    training_clips,
)
from benchmarks.support.common import (
    fraction_of_valid_balls,
    medians,
    print_table,
    run_benchmark,
    say,
)
from benchmarks.support.spaces import (
    PresetName,
    SpaceOptions,
    summary,
    train_space,
    warm_up,
    write_sheets,
)
from videospace.clips.synthetic.bouncing_ball import (
    BouncingBallConfig,
    ball_heights,
    write_bouncing_ball,
)
from videospace.inrv.space.sampling import lerp, sample_gaussian, slerp
from videospace.inrv.training.presets import preset
from videospace.reports.demo.scores import draw_between
from videospace.runtime.errors import UserError

VALID = ("valid_interpolations", "valid_interpolations_lerp", "valid_gaussian_samples")
RADIUS_FRACTION = 0.12


@dataclasses.dataclass(frozen=True, kw_only=True)
class BouncingBallOptions(SpaceOptions):
    """BouncingBall: does a space learn that there is one ball, or does it blend pictures?"""

    presets: tuple[PresetName, ...] = ("tiny", "paper")
    """The presets to train."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """A run for each of them; the figures are medians."""
    whole_budget: bool = False
    """Train until the budget is spent; otherwise a preset may end before, at its own number of
    points, as it does for a user."""
    num_clips: int = 50
    """Number of clips, each with another height of the ball."""
    num_frames: int = 25
    """Number of frames of every clip."""
    size: int = 50
    """Height and width in px."""
    num_checked: int = 100
    """Number of interpolations and of samples to check."""


def measure(options: BouncingBallOptions, work: Path) -> dict[str, Any]:
    """Train every preset with every seed, and compare."""
    if options.num_clips < 2:
        raise UserError(f"expected at least 2 clips to interpolate, got {options.num_clips}")
    config = BouncingBallConfig(
        num_clips=options.num_clips, num_frames=options.num_frames, size=str(options.size)
    )
    name = f"ball-{options.num_clips}-{options.num_frames}x{options.size}"
    store = write_bouncing_ball(work / "clips" / name, config)
    clips = training_clips(store)
    warm_up()
    presets = {}
    for name in options.presets:
        runs = []
        for seed in options.seeds:
            space, figures = train_space(store, name, seed, options, work)
            say(f"{name}, seed {seed}: {figures['psnr_db']:.2f} dB; looking for the ball")
            runs.append(figures | validity(space.render, space.latents, options, seed))
            if options.pictures:
                write_sheets(options.pictures, f"ball-{name}-seed{seed}", space, store)
        presets[name] = summary(runs, *VALID)
    baselines = {
        "mean_clip": score(clips, still_baselines(clips)["mean_clip"]),
        "white_background": score(clips, constant(clips, 255)),
    }
    widths = {preset(name).model.latent.width for name in options.presets}
    for width in sorted(width for width in widths if width < len(clips) - 1):  # else it is exact
        linear = linear_space(clips, width)
        runs = [validity(linear.render, linear.latents, options, seed) for seed in options.seeds]
        valid = medians(runs, VALID)
        baselines[f"principal_components_{width}"] = score_linear(clips, linear) | valid
    print_table(
        f"{len(clips)} clips of a bouncing ball, medians over {len(options.seeds)} runs",
        presets | baselines,
        ("psnr_db", "psnr_moving_db", "ssim", *VALID, "train_seconds", "steps"),
    )
    return {"presets": presets, "baselines": baselines}


def validity(
    render: Callable[[Tensor], np.ndarray],
    latents: Float[Tensor, "clip latent"],
    options: BouncingBallOptions,
    seed: int,
) -> dict[str, float]:
    """The fractions of interpolations, on both paths, and of samples that show one whole ball.

    Args:
        render: Makes clips of latents.
        latents: Latents of the training clips, in the order of their heights.
        options: The size of the clips, and how many to check.
        seed: Seed of the pairs and the samples.
    """
    radius_px = RADIUS_FRACTION * options.size
    heights_px = ball_heights(options.num_clips, options.size, options.size)
    first, other, ratios = draw_between(len(latents), options.num_checked, seed)
    parents = heights_px[first.numpy()], heights_px[other.numpy()]
    fractions = {
        name: fraction_of_valid_balls(
            render(path(latents[first], latents[other], ratios)), *parents, radius_px
        )
        for name, path in (("valid_interpolations", slerp), ("valid_interpolations_lerp", lerp))
    }
    generator = torch.Generator().manual_seed(seed)
    samples = render(sample_gaussian(latents, options.num_checked, generator))
    lowest, highest = (np.full(len(samples), end) for end in (heights_px[0], heights_px[-1]))
    fractions["valid_gaussian_samples"] = fraction_of_valid_balls(
        samples, lowest, highest, radius_px
    )
    return fractions


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("bouncing_ball", __doc__, BouncingBallOptions, measure, arguments)


if __name__ == "__main__":
    main()

"""What the demo measures: how true the clips are, and whether their structure has been learned."""

import os
import platform
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from tqdm import tqdm

from videospace.clips.decoding.geometry import parse_size
from videospace.clips.synthetic.bouncing_ball import BouncingBallConfig, ball_heights
from videospace.inrv.space.video_space import VideoSpace, sampling
from videospace.inrv.training.evaluation import Evaluation
from videospace.inrv.training.loop import TrainingReport
from videospace.metrics.structure import BallCheck, check_ball, fraction_valid

NUM_INTERPOLATIONS = 100
"""Novel clips of each kind that are checked."""

MEANINGS = {
    "train_seconds": "Time of training, in seconds.",
    "train_steps": "Steps of gradient descent.",
    "train_points": "Pixels seen, counting repeats.",
    "num_clips": "Clips that the space was trained on.",
    "psnr_db": "Peak signal-to-noise ratio of the reconstructed training clips, in dB; their mean. "
    "40 dB is an error of 1 % of the range of colors.",
    "psnr_moving_db": "The same over the pixels that the ball passes, where the white background "
    "does not help.",
    "ssim": "Structural similarity of the reconstructions; 1 is perfect.",
    "valid_interpolations": "Share of novel clips on the arc (slerp) between two training clips in "
    "which every frame shows exactly one round ball of the right size and color, at one height "
    "between those of the two, on a smooth path.",
    "valid_interpolations_lerp": "The same for the straight lines (lerp) between the same pairs.",
    "valid_gaussian_samples": "The same for draws from a Gaussian fitted to the points of all "
    "clips; the ball may be at any height of the training clips.",
    "num_interpolations": "Novel clips of each kind that were checked.",
    "seed": "Of the training and of everything drawn at random.",
    "machine": "Where all this was computed.",
}
"""What every score means, in the order of the page's table."""


def measure(
    space: VideoSpace,
    evaluation: Evaluation,
    report: TrainingReport,
    balls: BouncingBallConfig,
    seed: int,
    *,
    progress: bool | None = None,
) -> dict[str, Any]:
    """All scores of a demo.

    Args:
        space: Trained on the clips that ``balls`` describes, in their order.
        evaluation: Of the reconstructions.
        report: Of the training.
        balls: The clips.
        seed: Of the pairs of clips and of the samples.
        progress: Show a progress bar; None shows it in a terminal.

    Returns:
        A figure, or a few words, for each name of :data:`MEANINGS`; shares are in [0, 1].
    """
    means = evaluation.fidelity.means()
    shares = structure_fractions(space, balls, seed, progress=progress)
    return {
        "train_seconds": round(report.seconds, 2),
        "train_steps": report.step,
        "train_points": report.points,
        "num_clips": len(space.latents),
        **{name: _rounded(means[name]) for name in ("psnr_db", "psnr_moving_db", "ssim")},
        **shares,
        "num_interpolations": NUM_INTERPOLATIONS,
        "seed": seed,
        "machine": describe_machine(space.device),
    }


def structure_fractions(
    space: VideoSpace, balls: BouncingBallConfig, seed: int, *, progress: bool | None = None
) -> dict[str, float]:
    """Share of valid clips among novel ones of three kinds, in [0, 1]; see :func:`measure`."""
    heights_px = ball_heights(balls.num_clips, *parse_size(balls.size), balls.radius_px)
    first, other, ratios = draw_between(len(space.latents), NUM_INTERPOLATIONS, seed)
    ends = space.latents[first], space.latents[other]
    ratios = ratios.to(space.device)
    parents_px = heights_px[first.numpy()], heights_px[other.numpy()]
    all_px = np.full(NUM_INTERPOLATIONS, heights_px[0]), np.full(NUM_INTERPOLATIONS, heights_px[-1])
    gaussian = space.sample(NUM_INTERPOLATIONS, method="gaussian", seed=seed)
    kinds = {
        "valid_interpolations": (sampling.slerp(*ends, ratios), *parents_px),
        "valid_interpolations_lerp": (sampling.lerp(*ends, ratios), *parents_px),
        "valid_gaussian_samples": (gaussian, *all_px),
    }
    hidden = None if progress is None else not progress
    bar = tqdm(kinds.items(), desc="checking", unit="set", disable=hidden)
    return {
        name: fraction_valid(check_balls(space, latents, first_px, other_px, heights_px))
        for name, (latents, first_px, other_px) in bar
    }


def draw_between(
    num_clips: int, count: int, seed: int
) -> tuple[Int[Tensor, " count"], Int[Tensor, " count"], Float[Tensor, " count"]]:
    """Pairs of clips, and how far to go from the first to the second.

    Args:
        num_clips: To choose from, at least 2.
        count: Pairs to draw.
        seed: Source of chance.

    Returns:
        Rows of the first clips, rows of the second ones, and ratios in (0, 1).

    Example:
        >>> first, other, ratios = draw_between(2, 5, seed=0)
        >>> (first + other).tolist()
        [1, 1, 1, 1, 1]

    Source: thesis 3.3.2; the authors draw both ends and one of 50 ratios uniformly.
    Departs: the ends of a pair differ, and a ratio is never 0 or 1, so that every clip is novel.
    """
    generator = torch.Generator().manual_seed(seed)
    first = torch.randint(num_clips, (count,), generator=generator)
    other = torch.randint(num_clips - 1, (count,), generator=generator)
    other += other >= first
    last = sampling.NUM_PUBLISHED_RATIOS - 1
    return first, other, torch.randint(1, last, (count,), generator=generator) / last


def check_balls(
    space: VideoSpace,
    latents: Float[Tensor, "clip latent"],
    first_px: Float[np.ndarray, " clip"],
    other_px: Float[np.ndarray, " clip"],
    heights_px: Float[np.ndarray, " training_clip"],
) -> list[BallCheck]:
    """Render latents at the trained size, and check the ball in each clip.

    Args:
        space: Of bouncing balls.
        latents: One for each clip.
        first_px: Row of the ball in one parent of each clip.
        other_px: The same in the other parent.
        heights_px: Rows of the balls of all training clips, in increasing order.
    """
    radius_px = float(heights_px[0]) - 1  # the highest ball leaves one row free above it
    return [
        check_ball(video, radius_px=radius_px, lowest_px=float(low), highest_px=float(high))
        for video, low, high in zip(space.render(latents), first_px, other_px, strict=True)
    ]


def describe_machine(device: torch.device) -> str:
    """The machine in a few words.

    Example:
        >>> describe_machine(torch.device("cpu")).startswith(f"{os.cpu_count()} CPU core")
        True
    """
    name = f"{os.cpu_count()} CPU cores" + (", 1 GPU" if device.type == "cuda" else "")
    system = f"{platform.system()} {platform.machine()}"
    return f"{name}, {system}, Python {platform.python_version()}, torch {torch.__version__}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)

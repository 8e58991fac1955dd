"""The scores of the demo: the quality of reconstructions, and the structure of new clips."""

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
from videospace.metrics.ball_structure import BallCheck, check_ball, fraction_valid

NUM_INTERPOLATIONS = 100
"""How many new clips of each kind are checked."""

LABELS = {
    "train_seconds": "Training time, in seconds.",
    "train_steps": "Steps of gradient descent.",
    "train_points": "Pixels trained on, counting repeats.",
    "num_clips": "Clips that the space was trained on.",
    "psnr_db": "Mean peak signal-to-noise ratio of the reconstructed training clips, in dB. 40 dB "
    "is an error of 1 % of the range of colors.",
    "psnr_moving_db": "The same over the pixels that the ball passes, without most of the white "
    "background.",
    "ssim": "Structural similarity of the reconstructions; 1 is perfect.",
    "valid_interpolations": "Fraction of new clips on the arc (slerp) between two training clips "
    "in which every frame shows exactly one round ball of the right size and color, at one height "
    "between those of the two, on a smooth path.",
    "valid_interpolations_lerp": "The same for the straight lines (lerp) between the same pairs.",
    "valid_gaussian_samples": "The same for samples of a Gaussian fitted to the latents of all "
    "clips; the ball may be at any height of the training clips.",
    "num_interpolations": "Number of new clips of each kind that were checked.",
    "seed": "Seed of the training and of all random samples.",
    "machine": "The machine on which all this was computed.",
}
"""The meaning of every score, in the order of the page's table."""


def measure(
    space: VideoSpace,
    evaluation: Evaluation,
    report: TrainingReport,
    balls: BouncingBallConfig,
    seed: int,
    *,
    progress: bool | None = None,
) -> dict[str, Any]:
    """Compute all scores of a demo.

    Args:
        space: A space trained on the clips that ``balls`` describes, in their order.
        evaluation: The evaluation of its reconstructions.
        report: The report of its training.
        balls: The training clips.
        seed: Seed of the pairs of clips and of the samples.
        progress: Show a progress bar; None shows it in a terminal.

    Returns:
        A number or a short text for each name in :data:`LABELS`; fractions are in [0, 1].
    """
    means = evaluation.fidelity.means()
    fractions = structure_fractions(space, balls, seed, progress=progress)
    return {
        "train_seconds": round(report.seconds, 2),
        "train_steps": report.step,
        "train_points": report.points,
        "num_clips": len(space.latents),
        **{name: _rounded(means[name]) for name in ("psnr_db", "psnr_moving_db", "ssim")},
        **fractions,
        "num_interpolations": NUM_INTERPOLATIONS,
        "seed": seed,
        "machine": describe_machine(space.device),
    }


def structure_fractions(
    space: VideoSpace, balls: BouncingBallConfig, seed: int, *, progress: bool | None = None
) -> dict[str, float]:
    """The fraction of valid clips among new ones of three kinds, in [0, 1]; see :func:`measure`."""
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
    """Draw pairs of clips, and for each pair a ratio at which to interpolate.

    Args:
        num_clips: Number of clips to choose from, at least 2.
        count: Number of pairs.
        seed: Seed of the draw.

    Returns:
        Rows of the first clips, rows of the second clips, and ratios in (0, 1).

    Example:
        >>> first, other, ratios = draw_between(2, 5, seed=0)
        >>> (first + other).tolist()
        [1, 1, 1, 1, 1]

    Source: thesis 3.3.2; the authors draw both ends and one of 50 ratios uniformly.
    Departs: the ends of a pair differ, and a ratio is never 0 or 1, so that every clip is new.
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
        space: A space of bouncing balls.
        latents: The latent of each clip.
        first_px: Row of the ball in one parent of each clip.
        other_px: Row of the ball in the other parent.
        heights_px: Rows of the balls of all training clips, in increasing order.
    """
    radius_px = float(heights_px[0]) - 1  # the highest ball leaves one row free above it
    return [
        check_ball(video, radius_px=radius_px, lowest_px=float(low), highest_px=float(high))
        for video, low, high in zip(space.render(latents), first_px, other_px, strict=True)
    ]


def describe_machine(device: torch.device) -> str:
    """A short description of the machine.

    Example:
        >>> describe_machine(torch.device("cpu")).startswith(f"{os.cpu_count()} CPU core")
        True
    """
    name = f"{os.cpu_count()} CPU cores" + (", 1 GPU" if device.type == "cuda" else "")
    system = f"{platform.system()} {platform.machine()}"
    return f"{name}, {system}, Python {platform.python_version()}, torch {torch.__version__}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)

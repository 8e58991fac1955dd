"""New points of the space: paths between latents, and draws from all of them."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.runtime.errors import UserError

NUM_PUBLISHED_RATIOS = 50
"""The published protocol draws one of this many points of a path, end points included."""

Path = Literal["slerp", "lerp"]


def slerp(
    start: Float[Tensor, "*#batch latent"],
    end: Float[Tensor, "*#batch latent"],
    ratio: Float[Tensor, "*#batch"],
) -> Float[Tensor, "*batch latent"]:
    """Spherical linear interpolation: constant speed along the arc between two directions.

    Args:
        start: Reached at ratio 0.
        end: Reached at ratio 1.
        ratio: In [0, 1].

    Returns:
        Latents; where the two point the same way or exactly apart, the straight line.

    Example:
        >>> x, y = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
        >>> slerp(x, y, torch.tensor(0.5))
        tensor([0.7071, 0.7071])

    Source: Shoemake (1985), section 3.3.
    """
    lengths = start.norm(dim=-1) * end.norm(dim=-1)
    cosine = (start * end).sum(dim=-1) / lengths.clamp(min=1e-12)
    angle = cosine.clamp(-1, 1).acos()
    sine = angle.sin()
    straight = sine < 1e-4
    safe = sine.masked_fill(straight, 1)
    start_share = torch.where(straight, 1 - ratio, ((1 - ratio) * angle).sin() / safe)
    end_share = torch.where(straight, ratio, (ratio * angle).sin() / safe)
    return start_share[..., None] * start + end_share[..., None] * end


def lerp(
    start: Float[Tensor, "*#batch latent"],
    end: Float[Tensor, "*#batch latent"],
    ratio: Float[Tensor, "*#batch"],
) -> Float[Tensor, "*batch latent"]:
    """Linear interpolation, with the signature of :func:`slerp`."""
    return (1 - ratio)[..., None] * start + ratio[..., None] * end


def interpolate(
    start: Float[Tensor, " latent"], end: Float[Tensor, " latent"], steps: int, path: Path = "slerp"
) -> Float[Tensor, "steps latent"]:
    """Equally spaced points between two latents, both included.

    Raises:
        UserError: Fewer than 2 steps.
    """
    if steps < 2:
        raise UserError(f"expected at least 2 steps, for both ends, got {steps}")
    ratios = torch.linspace(0, 1, steps, device=start.device)
    points = {"slerp": slerp, "lerp": lerp}[path](start[None], end[None], ratios)
    points[0], points[-1] = start, end
    return points


def sample_paths(
    latents: Float[Tensor, "clip latent"],
    count: int,
    generator: torch.Generator,
    path: Path = "slerp",
) -> Float[Tensor, "count latent"]:
    """Points on paths between random pairs of clips: the protocol of the published FVD.

    Args:
        latents: Of the training clips, at least 2.
        count: How many to draw.
        generator: Source of chance.
        path: ``slerp`` is the published one.

    Raises:
        UserError: Fewer than 2 clips.

    Source: thesis 3.3.2; the authors draw both ends and one of 50 ratios uniformly.
    Departs: the two ends of a pair always differ.
    """
    if len(latents) < 2:
        raise UserError(f"expected at least 2 clips to draw between, got {len(latents)}")
    first = torch.randint(len(latents), (count,), generator=generator)
    other = torch.randint(len(latents) - 1, (count,), generator=generator)
    other += other >= first
    steps = torch.randint(NUM_PUBLISHED_RATIOS, (count,), generator=generator)
    ratios = (steps / (NUM_PUBLISHED_RATIOS - 1)).to(latents.device)
    return {"slerp": slerp, "lerp": lerp}[path](latents[first], latents[other], ratios)


def sample_gaussian(
    latents: Float[Tensor, "clip latent"], count: int, generator: torch.Generator
) -> Float[Tensor, "count latent"]:
    """Draws from the Gaussian with the mean and covariance of the clips' latents.

    The draw is a random mixture of the centered latents, so that it has their exact covariance
    without a matrix of it.

    Raises:
        UserError: Fewer than 2 clips.

    Departs: the authors draw every dimension on its own, which leaves the directions in which
    no two clips differ.
    """
    if len(latents) < 2:
        raise UserError(f"expected at least 2 clips to fit a Gaussian, got {len(latents)}")
    mean = latents.mean(dim=0)
    mixture = torch.randn(count, len(latents), generator=generator).to(latents.device)
    return mean + mixture @ (latents - mean) / (len(latents) - 1) ** 0.5


def nearest_latent(
    latents: Float[Tensor, "clip latent"], samples: Float[Tensor, "sample latent"]
) -> tuple[Tensor, Float[Tensor, " sample"]]:
    """The nearest training clip of every sample, and its distance as a share of the typical one.

    Returns:
        Rows of ``latents``, and distances divided by the mean distance of a clip to its own
        nearest neighbor: below 1 a sample is closer to a clip than clips are to each other.
    """
    distance, row = torch.cdist(samples, latents).min(dim=1)
    between = torch.cdist(latents, latents)
    between.fill_diagonal_(torch.inf)
    typical = between.min(dim=1).values.mean()
    return row, distance / typical.clamp(min=1e-12)

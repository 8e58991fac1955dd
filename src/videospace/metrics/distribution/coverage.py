"""Precision, recall, density, coverage and novelty of generated samples."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.runtime.errors import UserError

NUM_NEIGHBORS = 5
"""A sample's ball reaches to so many of its nearest neighbors."""


class Coverage(NamedTuple):
    """How two sets of samples lie in each other's midst."""

    precision: float
    """Fraction of generated samples within the ball of some real one."""
    recall: float
    """Fraction of real samples within the ball of some generated one."""
    density: float
    """Mean number of real balls that a generated sample lies in, divided by the neighbors of a
    ball; about 1 for sets of one kind."""
    coverage: float
    """Fraction of real samples whose ball holds some generated one."""


def coverage(
    real: Float[Tensor, "sample feature"],
    generated: Float[Tensor, "other feature"],
    num_neighbors: int = NUM_NEIGHBORS,
) -> Coverage:
    """Measure how well generated samples cover real ones, and the other way round.

    Args:
        real: Features of real samples.
        generated: Features of generated samples.
        num_neighbors: The ball of a sample reaches to so many of its nearest neighbors of its own
            set.

    Raises:
        UserError: A set has no more samples than a ball has neighbors.

    Example:
        >>> points = torch.randn(100, 4)
        >>> coverage(points, points).precision, coverage(points, points + 100).coverage
        (1.0, 0.0)

    Source: Kynkäänniemi et al. (2019) for precision and recall; Naeem et al. (2020), Eq. 7 and 8.
    """
    if min(len(real), len(generated)) <= num_neighbors:
        raise UserError(
            f"expected more than {num_neighbors} samples of each kind, got {len(real)} real and "
            f"{len(generated)} generated ones"
        )
    real, generated = real.double(), generated.double()
    real_radius, generated_radius = (
        torch.cdist(each, each).kthvalue(num_neighbors + 1, dim=1).values
        for each in (real, generated)
    )
    distances = torch.cdist(real, generated)
    within_real = distances <= real_radius[:, None]
    within_generated = distances <= generated_radius
    return Coverage(
        precision=within_real.any(dim=0).double().mean().item(),
        recall=within_generated.any(dim=1).double().mean().item(),
        density=within_real.double().sum(dim=0).mean().item() / num_neighbors,
        coverage=within_real.any(dim=1).double().mean().item(),
    )


class Novelty(NamedTuple):
    """How far samples are from the training clips."""

    ratio: float
    """Median distance of a sample to the nearest training clip, divided by that of a held-out clip.
    Far below 1, samples are copies."""
    nearest: list[int]
    """The training clip that is nearest to each sample."""
    distances: list[float]
    """The distance to it, in units of the median distance of held-out clips."""


def novelty(
    samples: Float[Tensor, "sample feature"],
    training: Float[Tensor, "clip feature"],
    held_out: Float[Tensor, "other feature"],
) -> Novelty:
    """Measure how far samples are from the training clips, beside clips that were held out.

    Example:
        >>> samples, training = torch.tensor([[1.0], [5.0]]), torch.tensor([[0.0], [4.5]])
        >>> novelty(samples, training, held_out=torch.tensor([[2.0]]))
        Novelty(ratio=0.25, nearest=[0, 1], distances=[0.5, 0.25])
    """
    found = torch.cdist(samples.double(), training.double()).min(dim=1)
    usual = torch.cdist(held_out.double(), training.double()).min(dim=1).values.median()
    distances = found.values / usual.clamp(min=1e-12)
    return Novelty(distances.median().item(), found.indices.tolist(), distances.tolist())

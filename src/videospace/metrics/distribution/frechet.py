"""The Fréchet distance of two sets of features."""

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.runtime.errors import UserError


def frechet_distance(
    features: Float[Tensor, "sample feature"], others: Float[Tensor, "other feature"]
) -> float:
    """The squared Fréchet distance of Gaussians that are fitted to two sets of features.

    It is biased: with few samples, two sets of one kind have a distance above 0. So compare sets of
    the same number of samples, and beside them two sets of real ones.

    Args:
        features: Of one set, at least 2 samples.
        others: Of the other set.

    Returns:
        ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½), at least 0.

    Raises:
        UserError: A set has fewer than 2 samples.

    Example:
        >>> one = torch.tensor([[-1.0], [1.0]])
        >>> round(frechet_distance(one, one + 3), 3)
        9.0

    Source: Dowson & Landau (1982); Heusel et al. (2017), Eq. 6.
    """
    if min(len(features), len(others)) < 2:
        raise UserError(
            f"expected two sets of at least 2 samples, got {len(features)} and {len(others)}"
        )
    one, other = features.double(), others.double()
    shift = (one.mean(dim=0) - other.mean(dim=0)).square().sum()
    one, other = ((each - each.mean(dim=0)) / (len(each) - 1) ** 0.5 for each in (one, other))
    # The eigenvalues of Σ₁Σ₂ are the squared singular values of the product of the samples.
    overlap = torch.linalg.svdvals(one @ other.T).sum()
    distance = shift + one.square().sum() + other.square().sum() - 2 * overlap
    return max(0.0, distance.item())

"""Principal components of the rows of a matrix."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.runtime.random import random_stream

EXACT_UP_TO = 1024

OVERSAMPLING = 16

NUM_POWER_ITERATIONS = 3


class PrincipalComponents(NamedTuple):
    """Samples ≈ scores · componentsᵀ; columns by falling variance, those without any left out."""

    scores: Float[Tensor, "sample component"]
    """Coordinates of the samples, not whitened."""
    singular_values: Float[Tensor, " component"]
    """The Euclidean norm of each column of the scores."""
    components: Float[Tensor, "feature component"]
    """Orthonormal directions."""


def principal_components(
    centered: Float[Tensor, "sample feature"], num_components: int, *, seed: int = 0
) -> PrincipalComponents:
    """Find the directions of largest variance of samples whose mean is zero.

    Exact where the smaller side of the matrix is at most 1024; otherwise by subspace iteration
    from a random start. The sign of a component is chosen so that the largest score is positive.

    Args:
        centered: The samples, with zero mean.
        num_components: The most directions to return.
        seed: Seed of the random start.

    Returns:
        Scores, singular values and directions; fewer than asked for where the samples do not
        vary in as many directions.

    Source:
        Halko, Martinsson and Tropp, 2011, algorithm 4.4 (for the large case).
    """
    sketch_width = num_components + OVERSAMPLING
    if min(centered.shape) <= max(EXACT_UP_TO, sketch_width):
        scores, singular_values, components = _exact_components(centered, num_components)
    else:
        start = torch.randn(
            centered.shape[1], sketch_width, generator=random_stream(seed, "principal components")
        )
        basis = torch.linalg.qr(centered @ start).Q
        for _ in range(NUM_POWER_ITERATIONS):
            basis = torch.linalg.qr(centered.T @ basis).Q
            basis = torch.linalg.qr(centered @ basis).Q
        scores, singular_values, components = _exact_components(basis.T @ centered, num_components)
        scores = basis @ scores
    signs = column_signs(scores)
    return PrincipalComponents(scores * signs, singular_values, components * signs)


def _exact_components(
    samples: Float[Tensor, "sample feature"], num_components: int
) -> PrincipalComponents:
    """Decompose by way of the smaller of the two Gram matrices, in double precision."""
    wide = samples.shape[0] <= samples.shape[1]
    gram = _gram(samples if wide else samples.T)
    eigenvalues, vectors = (found.flip(-1) for found in torch.linalg.eigh(gram))
    singular_values = eigenvalues[:num_components].clamp(min=0).sqrt()
    # Below a millionth of the first one lies the rounding of the samples themselves.
    num_kept = int((eigenvalues[:num_components] > 1e-12 * eigenvalues[0].clamp(min=0)).sum())
    singular_values, vectors = singular_values[:num_kept].float(), vectors[:, :num_kept].float()
    if wide:
        scores = vectors * singular_values
        return PrincipalComponents(scores, singular_values, samples.T @ (vectors / singular_values))
    return PrincipalComponents(samples @ vectors, singular_values, vectors)


def _gram(samples: Float[Tensor, "sample feature"]) -> Float[Tensor, "sample sample"]:
    gram = torch.zeros(len(samples), len(samples), dtype=torch.float64)
    for block in samples.split(4096, dim=1):
        block = block.double()
        gram += block @ block.T
    return gram


def column_signs(scores: Float[Tensor, "sample component"]) -> Float[Tensor, " component"]:
    """The sign of each column's largest entry: of the first of them where several nearly tie."""
    magnitudes = scores.abs()
    first_largest = (magnitudes >= 0.999 * magnitudes.amax(dim=0)).int().argmax(dim=0)
    return scores.gather(0, first_largest[None])[0].sign()

"""The training objective: reconstruction error and Gaussian regularizer."""

import math
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from videospace.runtime.process_group import SINGLE_PROCESS, ProcessGroup

ReconstructionLoss = Literal["squared", "absolute"]


def pointwise_error(
    prediction: Float[Tensor, "clip point rgb=3"],
    target: Float[Tensor, "clip point rgb=3"],
    loss: ReconstructionLoss,
) -> Float[Tensor, " clip"]:
    """Mean error of every clip, of colors in [-1, 1].

    Source: thesis Eq. 3.2 (squared). The authors' code trains the absolute error.
    """
    difference = prediction - target
    error = difference.square() if loss == "squared" else difference.abs()
    return error.mean(dim=(1, 2))


def gaussian_divergence(
    latents: Float[Tensor, "clip latent"],
    rows: Int[Tensor, " batch"],
    batch_latents: Float[Tensor, "batch latent"],
    group: ProcessGroup = SINGLE_PROCESS,
) -> Float[Tensor, ""]:
    """KL(N(μ, σ) ‖ N(0, 1)) of the mean and deviation of *all* latents, mean over dimensions.

    Args:
        latents: The most recent latents of all clips of this process, without gradient.
        rows: The rows of the batch's clips among them.
        batch_latents: The latents of the batch, with gradient.
        group: The processes, whose latents are pooled.

    Returns:
        At least 0; infinite if all latents are equal in a dimension.

    Source: thesis Eq. 3.9, without its weight δ.
    """
    updated = latents.index_copy(0, rows, batch_latents)
    local_mean, local_variance = updated.mean(dim=0), updated.var(dim=0, unbiased=False)
    fraction = len(latents) / group.all_reduce_scalars(len(latents))[0]
    mean = group.all_reduce_with_gradient(fraction * local_mean)
    # The gradient of the variance with respect to the mean is zero, hence detach.
    variance = group.all_reduce_with_gradient(
        fraction * (local_variance + (local_mean - mean.detach()).square())
    )
    return 0.5 * (variance + mean.square() - 1 - variance.log()).mean()


def psnr_from_squared_error(squared_error: float) -> float:
    """Convert a mean squared error of colors in [-1, 1] to a PSNR in dB.

    Example:
        >>> round(psnr_from_squared_error(4e-3), 6)
        30.0
    """
    return math.inf if squared_error == 0 else 10 * math.log10(4 / squared_error)


def squared_error(prediction: Tensor, target: Tensor) -> Float[Tensor, ""]:
    """Mean squared error without gradient, for logging."""
    with torch.no_grad():
        return (prediction - target).square().mean()

"""What training minimizes."""

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
    """Mean error of every clip, in the units of [-1, 1] colors.

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
        latents: The latest known latent of every clip of this process, without gradient.
        rows: Which of them are in the batch.
        batch_latents: The batch's latents, through which the gradient flows.
        group: The processes, whose clips all count.

    Returns:
        At least 0; infinite when all latents agree in a dimension.

    Source: thesis Eq. 3.9 (δ is the caller's weight).
    """
    everyone = latents.index_copy(0, rows, batch_latents)
    own_mean, own_variance = everyone.mean(dim=0), everyone.var(dim=0, unbiased=False)
    share = len(latents) / group.all_reduce_scalars(len(latents))[0]
    mean = group.all_reduce_with_gradient(share * own_mean)
    # The variance does not change with the mean to first order, so no gradient flows through it.
    variance = group.all_reduce_with_gradient(
        share * (own_variance + (own_mean - mean.detach()).square())
    )
    return 0.5 * (variance + mean.square() - 1 - variance.log()).mean()


def psnr_from_squared_error(squared_error: float) -> float:
    """Peak signal-to-noise ratio in dB of a mean squared error on [-1, 1] colors.

    Example:
        >>> round(psnr_from_squared_error(4e-3), 6)
        30.0
    """
    return math.inf if squared_error == 0 else 10 * math.log10(4 / squared_error)


def squared_error(prediction: Tensor, target: Tensor) -> Float[Tensor, ""]:
    """Mean squared error without gradient, for reporting."""
    with torch.no_grad():
        return (prediction - target).square().mean()

"""What latents of a space look like: the Gaussian of its training clips, as coordinates."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.runtime.errors import UserError

LEAST_DEVIATION = 1e-4
"""Directions in which clips vary less than this share of the most varied one are left out."""


class LatentPrior(NamedTuple):
    """Whitened coordinates of latents: a training clip's are like draws from a unit Gaussian.

    A latent is ``mean + basis @ coordinates``, and the mean square of the coordinates is its
    squared Mahalanobis distance to the training clips, divided by the number of directions.
    """

    mean: Float[Tensor, " latent"]
    """The mean latent."""
    basis: Float[Tensor, "latent direction"]
    """Principal directions, each as long as the standard deviation along it."""

    @classmethod
    def of(cls, latents: Float[Tensor, "clip latent"]) -> "LatentPrior":
        """Fit to the latents of training clips.

        Raises:
            UserError: There are fewer than 2 different ones.

        Example:
            >>> prior = LatentPrior.of(torch.randn(100, 8))
            >>> prior.basis.shape
            torch.Size([8, 8])
        """
        if len(latents) < 2:
            raise UserError(
                "a space of one clip knows nothing of others: train it on more clips to invert"
            )
        mean = latents.mean(dim=0)
        _, spread, directions = torch.linalg.svd(latents - mean, full_matrices=False)
        kept = spread > LEAST_DEVIATION * spread[0]
        if not spread[0] > 0:
            raise UserError("all clips of the space have the same latent, so nothing can vary")
        deviations = spread[kept] / (len(latents) - 1) ** 0.5
        return cls(mean, directions[kept].T * deviations)

    @property
    def num_directions(self) -> int:
        """How many coordinates there are."""
        return self.basis.shape[1]

    def latents(self, coordinates: Float[Tensor, "clip direction"]) -> Float[Tensor, "clip latent"]:
        """Latents at coordinates."""
        return self.mean + coordinates @ self.basis.T

    def coordinates(self, latents: Float[Tensor, "clip latent"]) -> Float[Tensor, "clip direction"]:
        """Coordinates of latents, as near as the directions allow."""
        return (latents - self.mean) @ (self.basis / self.basis.square().sum(dim=0))

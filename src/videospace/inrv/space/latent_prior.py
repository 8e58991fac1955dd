"""What latents of a space look like: the Gaussian of its training clips, as coordinates."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.runtime.errors import UserError

LEAST_DEVIATION = 1e-4
"""Directions in which clips vary less than this share of the most varied one are left out."""

GUESS_NOISE = 1e-3
"""Variance of a guessed latent around the true one, as a share of the clips' own."""

FREE_KEYFRAMES = 0.5
"""Share of the variance in which the keyframes of a latent follow no clip as a whole."""


class LatentPrior(NamedTuple):
    """Coordinates in which a latent of the space is like a draw from a unit Gaussian.

    A latent is ``mean + basis @ coordinates``, and the square of its shortest coordinates is its
    squared Mahalanobis distance to the training clips.
    """

    mean: Float[Tensor, " latent"]
    """The mean latent."""
    basis: Float[Tensor, "latent direction"]
    """Directions, each as long as the standard deviation along it."""
    covariance: Float[Tensor, "latent latent"]
    """``basis @ basis.T``, which takes too long to be multiplied for every guess."""

    @classmethod
    def of(cls, latents: Float[Tensor, "clip latent"], num_keyframes: int = 1) -> "LatentPrior":
        """Fit to the latents of training clips.

        With several keyframes the covariance is a mixture. One half is that of whole clips, which
        knows how all numbers of a clip go together, but has no more directions than there are
        clips. The other knows every direction at every keyframe, and of the keyframes only how one
        direction changes over them. Together they cover movements that no clip shows as a whole.

        Args:
            latents: Of the training clips.
            num_keyframes: Of a latent; its numbers stand keyframe by keyframe.

        Raises:
            UserError: There are fewer than 2 different ones.

        Example:
            >>> LatentPrior.of(torch.randn(100, 8)).basis.shape
            torch.Size([8, 8])
            >>> LatentPrior.of(torch.randn(100, 8), num_keyframes=2).basis.shape
            torch.Size([8, 16])
        """
        if len(latents) < 2:
            raise UserError(
                "a space of one clip knows nothing of others: train it on more clips to invert"
            )
        mean = latents.mean(dim=0)
        centered = latents - mean
        if not centered.any():
            raise UserError("all clips of the space have the same latent, so nothing can vary")
        basis = _directions(centered) / (len(latents) - 1) ** 0.5
        if num_keyframes > 1:
            keyframes = _keyframe_basis(centered.unflatten(1, (num_keyframes, -1)))
            shares = (1 - FREE_KEYFRAMES) ** 0.5, FREE_KEYFRAMES**0.5
            basis = torch.cat([shares[0] * basis, shares[1] * keyframes], dim=1)
        return cls(mean, basis, basis @ basis.T)

    @property
    def num_directions(self) -> int:
        """How many coordinates there are."""
        return self.basis.shape[1]

    def latents(self, coordinates: Float[Tensor, "clip direction"]) -> Float[Tensor, "clip latent"]:
        """Latents at coordinates."""
        return self.mean + coordinates @ self.basis.T

    def coordinates_over_time(
        self,
        latents: Float[Tensor, "clip time width"],
        keyframe_weights: Float[Tensor, "time keyframe"],
    ) -> Float[Tensor, "clip direction"]:
        """The likeliest coordinates of clips whose latents are guessed at some times.

        What no guess speaks of is what goes with the rest in the training clips.

        Args:
            latents: The guesses.
            keyframe_weights: How much every keyframe of a latent says about those times.

        Source: Rasmussen & Williams (2006), Eq. 2.8, with independent errors of equal size.
        """
        times, keyframes = torch.linalg.qr(
            keyframe_weights.double()
        )  # guesses of as many rows suffice
        by_keyframe = (keyframes.shape[1], latents.shape[2])
        mean = keyframes @ self.mean.double().unflatten(0, by_keyframe)
        surprise = torch.einsum("tr,ctw->crw", times, latents.double()) - mean
        covariance = self.covariance.double().unflatten(1, by_keyframe).unflatten(0, by_keyframe)
        covariance = torch.einsum("rm,mvnw,sn->rvsw", keyframes, covariance, keyframes)
        covariance = covariance.flatten(2).flatten(0, 1)
        covariance.diagonal().add_(GUESS_NOISE * self.covariance.diagonal().double().mean())
        root = torch.linalg.cholesky(covariance)
        solved = torch.cholesky_solve(surprise.flatten(1).T, root).unflatten(0, mean.shape)
        latents = torch.einsum("rm,rwc->cmw", keyframes, solved).flatten(1)
        return latents.to(self.basis) @ self.basis


def _directions(centered: Float[Tensor, "sample feature"]) -> Float[Tensor, "feature direction"]:
    """Principal directions, each as long as the norm of the samples along it."""
    _, spread, directions = torch.linalg.svd(centered, full_matrices=False)
    kept = spread > LEAST_DEVIATION * spread[0]
    return directions[kept].T * spread[kept]


def _keyframe_basis(
    centered: Float[Tensor, "clip keyframe feature"],
) -> Float[Tensor, "latent direction"]:
    """Directions of single keyframes, times how each of them changes over the keyframes."""
    num_clips, num_keyframes, width = centered.shape
    directions = torch.nn.functional.normalize(_directions(centered.flatten(0, 1)), dim=0)
    scores = torch.einsum("cmf,fd->dcm", centered, directions)
    variances, changes = torch.linalg.eigh(scores.mT @ scores / (num_clips - 1))
    changes = changes * variances.clamp(min=0).sqrt()[:, None]
    basis = torch.einsum("fd,dmk->mfdk", directions, changes)
    return basis.reshape(num_keyframes * width, -1)

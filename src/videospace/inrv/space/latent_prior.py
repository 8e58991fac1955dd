"""The Gaussian prior of a space: the distribution of its training clips' latents."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.tracks import split_latents
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message

LEAST_DEVIATION = 1e-4
"""Directions are left out whose standard deviation is below this fraction of the largest."""

GUESS_NOISE = 1e-3
"""Variance of the error of a guessed latent, as a fraction of the clips' variance."""

FREE_KEYFRAMES = 0.5
"""Weight, in the mixture of covariances, of the one in which keyframes vary independently of whole
clips."""


class LatentPrior(NamedTuple):
    """A Gaussian over latents, as coordinates that have a standard normal distribution.

    A latent is ``mean + basis @ coordinates``. The squared norm of its shortest coordinates is its
    squared Mahalanobis distance from the mean.
    """

    mean: Float[Tensor, " latent"]
    """The mean latent."""
    basis: Float[Tensor, "latent direction"]
    """A column for each direction, as long as the standard deviation along it."""
    covariance: Float[Tensor, "latent latent"]
    """``basis @ basis.T``, computed once because it is expensive."""
    parts: "PriorParts | None" = None
    """The parts of a prior of latents with tracks."""

    @classmethod
    def of(
        cls, latents: Float[Tensor, "clip latent"], config: LatentConfig | None = None
    ) -> "LatentPrior":
        """Fit the prior to the latents of training clips.

        With several keyframes the covariance is the mean of two. The first is that of whole clips;
        it has all correlations, but no more directions than there are clips. The second has every
        direction in which single keyframes vary, with the correlations over time of each direction
        but none between directions. Together they cover movements that no training clip shows.

        Content, looks and paths are independent, and looks and paths are distributed as those of
        any track of any clip.

        Args:
            latents: Of the training clips.
            config: Of the latents; None means content of one keyframe.

        Raises:
            UserError: There are fewer than 2 different latents.

        Example:
            >>> LatentPrior.of(torch.randn(100, 8)).basis.shape
            torch.Size([8, 8])
            >>> config = LatentConfig(width=4, num_keyframes=2)
            >>> LatentPrior.of(torch.randn(100, 8), config).basis.shape
            torch.Size([8, 16])
        """
        if len(latents) < 2:
            raise UserError(
                Message(
                    "expected a space of at least 2 clips, got {count}: train it on more clips to "
                    "invert",
                    count=len(latents),
                )
            )
        if not (latents - latents.mean(dim=0)).any():
            raise UserError(
                "expected clips with different latents, but all clips of the space have the same"
            )
        config = config or LatentConfig(width=latents.shape[1])
        content, looks, paths = split_latents(latents, config)
        prior = cls.from_basis(*_fit_content(content, config))
        if not config.num_tracks:
            return prior
        look, path = (cls.from_basis(*_fit(x.flatten(0, 1).flatten(1))) for x in (looks, paths))
        tracks = [look, path] * config.num_tracks
        mean = torch.cat([prior.mean, *(part.mean for part in tracks)])
        basis = torch.block_diag(prior.basis, *(part.basis for part in tracks))
        parts = PriorParts(prior, look, path, paths.flatten(0, 1))
        return cls(mean, basis, basis @ basis.T, parts)

    @classmethod
    def from_basis(
        cls, mean: Float[Tensor, " latent"], basis: Float[Tensor, "latent direction"]
    ) -> "LatentPrior":
        """The prior with a mean and a basis."""
        return cls(mean, basis, basis @ basis.T)

    @property
    def num_directions(self) -> int:
        """Number of coordinates."""
        return self.basis.shape[1]

    def latents(self, coordinates: Float[Tensor, "clip direction"]) -> Float[Tensor, "clip latent"]:
        """The latents at coordinates."""
        return self.mean + coordinates @ self.basis.T

    def coordinates_over_time(
        self,
        latents: Float[Tensor, "clip time width"],
        keyframe_weights: Float[Tensor, "time keyframe"],
        *,
        constant_width: int = 0,
        noise_variance: float | None = None,
    ) -> Float[Tensor, "clip direction"]:
        """The posterior mean of the coordinates, given noisy latents at some times.

        Args:
            latents: Guesses at those times; each begins with the constant part.
            keyframe_weights: Interpolation weights of the keyframes at those times.
            constant_width: Numbers of the constant part.
            noise_variance: Of the guesses; None takes a thousandth of that of the latents.

        Source: Rasmussen & Williams (2006), Eq. 2.8, with independent errors of equal size.
        """
        if not self.num_directions:
            return latents.new_zeros(len(latents), 0)
        # The guesses are first reduced to the mean of their constant parts, and to as many rows as
        # there are keyframes.
        times, rows = torch.linalg.qr(keyframe_weights.double())

        def observed(values: Float[Tensor, "*row latent"]) -> Float[Tensor, "*row number"]:
            constant, keyframes = values.tensor_split([constant_width], dim=-1)
            keyframes = keyframes.unflatten(-1, (rows.shape[1], -1))
            moving = torch.einsum("rm,...mw->...rw", rows, keyframes).flatten(-2)
            return torch.cat([constant, moving], dim=-1)

        constant, moving = latents.double().tensor_split([constant_width], dim=2)
        reduced = torch.einsum("tr,ctw->crw", times, moving).flatten(1)
        guesses = torch.cat([constant.mean(dim=1), reduced], dim=1)
        if noise_variance is None:
            noise_variance = GUESS_NOISE * self.covariance.diagonal().double().mean().item()
        noise = torch.full_like(guesses[0], noise_variance)
        noise[:constant_width] /= latents.shape[1]
        with_latents = observed(self.covariance.double())
        root = torch.linalg.cholesky(observed(with_latents.T) + noise.diag())
        residual = guesses - observed(self.mean.double())
        solved = torch.cholesky_solve(residual.T, root).T
        return solved.to(self.basis) @ observed(self.basis.T.double()).T.to(self.basis)


class PriorParts(NamedTuple):
    """The independent parts of a prior of latents with tracks.

    The coordinates of the content come first, then those of look and path of the first track, and
    so on.
    """

    content: LatentPrior
    look: LatentPrior
    """Of any track."""
    path: LatentPrior
    """Of any track: two numbers at every keyframe."""
    paths: Float[Tensor, "example keyframe hw=2"]
    """The paths of all training clips."""


def _fit(
    latents: Float[Tensor, "sample number"],
) -> tuple[Float[Tensor, " number"], Float[Tensor, "number direction"]]:
    """The mean, and the directions of the covariance."""
    mean = latents.mean(dim=0)
    return mean, _directions(latents - mean) / (len(latents) - 1) ** 0.5


def _fit_content(
    content: Float[Tensor, "clip number"], config: LatentConfig
) -> tuple[Float[Tensor, " number"], Float[Tensor, "number direction"]]:
    """The same for contents, with directions in which single keyframes vary."""
    mean, basis = _fit(content)
    if config.num_keyframes > 1:
        constant, keyframes = (content - mean).tensor_split([config.constant_width], dim=1)
        own = _keyframe_basis(keyframes.unflatten(1, (config.num_keyframes, -1)))
        if config.constant_width:
            own = torch.block_diag(_directions(constant) / (len(content) - 1) ** 0.5, own)
        whole, free = (1 - FREE_KEYFRAMES) ** 0.5, FREE_KEYFRAMES**0.5
        basis = torch.cat([whole * basis, free * own], dim=1)
    return mean, basis


def _directions(centered: Float[Tensor, "sample feature"]) -> Float[Tensor, "feature direction"]:
    """Principal directions, each as long as the singular value of the samples along it."""
    _, singular_values, directions = torch.linalg.svd(centered, full_matrices=False)
    kept = singular_values > LEAST_DEVIATION * singular_values[0]
    return directions[kept].T * singular_values[kept]


def _keyframe_basis(
    centered: Float[Tensor, "clip keyframe feature"],
) -> Float[Tensor, "latent direction"]:
    """The directions of single keyframes, each combined with its principal changes over time."""
    num_clips, num_keyframes, width = centered.shape
    directions = torch.nn.functional.normalize(_directions(centered.flatten(0, 1)), dim=0)
    scores = torch.einsum("cmf,fd->dcm", centered, directions)
    variances, changes = torch.linalg.eigh(scores.mT @ scores / (num_clips - 1))
    changes = changes * variances.clamp(min=0).sqrt()[:, None]
    basis = torch.einsum("fd,dmk->mfdk", directions, changes)
    return basis.reshape(num_keyframes * width, -1)

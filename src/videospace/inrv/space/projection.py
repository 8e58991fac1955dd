"""A map of a space: the plane in which its clips' latents differ most."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.inrv.model.latents import LatentConfig, with_unit_scale
from videospace.runtime.pca import principal_components


class LatentProjection(NamedTuple):
    """The first two principal components of a space's latents.

    Where a space normalizes latents, each of their keyframes is scaled first, so that all latents
    of one video have the same coordinates. :attr:`share` says how much of the clips' variance the
    map shows; the rest lies in directions that it leaves out.
    """

    config: LatentConfig
    """Of the space's latents."""
    mean: Float[Tensor, " latent"]
    """The mean latent, which is the origin of the map."""
    directions: Float[Tensor, "latent 2"]
    """Orthonormal; a direction in which no two clips differ is zero."""
    share: float
    """Share of the latents' variance that the map shows, in [0, 1]."""

    @classmethod
    def of(cls, latents: Float[Tensor, "clip latent"], config: LatentConfig) -> "LatentProjection":
        """Draw the map of some clips.

        Args:
            latents: Of the clips, usually those that a space was trained on.
            config: Of the space's latents.

        Example:
            >>> line = torch.tensor([[4.0, 1.0, 5.0], [2.0, 1.0, 5.0], [0.0, 1.0, 5.0]])
            >>> drawn = LatentProjection.of(line, LatentConfig(width=3, normalize=False))
            >>> drawn.places(line).round(decimals=3).tolist(), round(drawn.share, 3)
            ([[2.0, 0.0], [0.0, 0.0], [-2.0, 0.0]], 1.0)
        """
        latents = _comparable(latents, config)
        mean = latents.mean(dim=0)
        centered = latents - mean
        found = principal_components(centered, 2)
        missing = 2 - found.components.shape[1]
        directions = torch.nn.functional.pad(found.components, (0, missing))
        variance = centered.double().square().sum()
        shown = found.singular_values.double().square().sum()
        share = float((shown / variance).clamp(max=1)) if variance else 1.0
        return cls(config, mean, directions, share)

    def places(self, latents: Float[Tensor, "point latent"]) -> Float[Tensor, "point 2"]:
        """Where latents lie on the map."""
        return (_comparable(latents, self.config) - self.mean) @ self.directions


def _comparable(
    latents: Float[Tensor, "point latent"], config: LatentConfig
) -> Float[Tensor, "point latent"]:
    """The same for all latents of one video, as far as the scale goes."""
    latents = latents.cpu()
    if not config.normalize:
        return latents
    return with_unit_scale(latents.unflatten(1, (config.num_keyframes, -1))).flatten(1)

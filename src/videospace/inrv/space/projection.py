"""A two-dimensional map of a space: the projection in which its latents vary most."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.tracks import with_unit_scale_of_parts
from videospace.runtime.pca import principal_components


class LatentProjection(NamedTuple):
    """Projects latents onto the first two principal components of a space's clips.

    Where a space normalizes latents, each of their keyframes is scaled first, so that all latents
    of one video have the same coordinates.

    Example:
        >>> line = torch.tensor([[4.0, 1.0, 5.0], [2.0, 1.0, 5.0], [0.0, 1.0, 5.0]])
        >>> projection = LatentProjection.of(line, LatentConfig(width=3, normalize=False))
        >>> projection.map_xy(line).round(decimals=3).tolist()
        [[2.0, 0.0], [0.0, 0.0], [-2.0, 0.0]]
        >>> round(projection.explained_variance, 3)
        1.0
    """

    config: LatentConfig
    """Configuration of the latents."""
    mean: Float[Tensor, " number"]
    """The mean latent, which is the origin of the map."""
    directions: Float[Tensor, "number xy=2"]
    """Orthonormal columns; the second is zero where the clips vary in one direction only."""
    explained_variance: float
    """Fraction of the latents' variance that the map shows, in [0, 1]."""

    @classmethod
    def of(cls, latents: Float[Tensor, "clip latent"], config: LatentConfig) -> "LatentProjection":
        """Fit the projection to the latents of clips.

        Args:
            latents: Usually those of the training clips.
            config: Configuration of the latents.
        """
        latents = with_unit_keyframes(latents, config)
        mean = latents.mean(dim=0)
        centered = latents - mean
        found = principal_components(centered, 2)
        missing = 2 - found.components.shape[1]
        directions = torch.nn.functional.pad(found.components, (0, missing))
        variance = centered.double().square().sum()
        shown = found.singular_values.double().square().sum()
        explained = float((shown / variance).clamp(max=1)) if variance else 1.0
        return cls(config, mean, directions, explained)

    def map_xy(self, latents: Float[Tensor, "clip latent"]) -> Float[Tensor, "clip xy=2"]:
        """The coordinates of latents on the map, on the CPU."""
        return (with_unit_keyframes(latents, self.config) - self.mean) @ self.directions


def with_unit_keyframes(
    latents: Float[Tensor, "clip latent"], config: LatentConfig
) -> Float[Tensor, "clip number"]:
    """Scale the keyframes of latents as the model does, where it does.

    Args:
        latents: Of any device.
        config: Configuration of the latents.

    Returns:
        The latents on the CPU, with means over the tracks in place of the tracks.
    """
    content, looks, paths = with_unit_scale_of_parts(latents.cpu(), config)
    if not config.num_tracks:
        return content
    # The order of tracks has no meaning, and so means over the tracks are shown.
    return torch.cat([content, looks.mean(dim=1), paths.mean(dim=1).flatten(1)], dim=1)

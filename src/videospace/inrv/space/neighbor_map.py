"""A two-dimensional map on which the clips that are near each other are neighbors: t-SNE."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.space.projection import LatentProjection, with_unit_keyframes
from videospace.runtime.errors import UserError

LEAST_CLIPS = 4
PERPLEXITY = 30.0
"""About how many neighbors of each clip stay near; fewer in a space of fewer than 91 clips."""
START_DEVIATION = 1e-4
"""The map starts as the projection, so small that it does not hold neighbors apart."""
NEW_PERPLEXITY = 5.0
"""The same for a latent that is placed on a finished map, as openTSNE recommends."""


class NeighborMap:
    """Places latents by t-SNE. Neighbors stay neighbors; long distances on the map mean little.

    Args:
        latents: Those of the training clips, at least 4.
        config: Configuration of the latents.

    Raises:
        UserError: There are fewer than 4 clips, or openTSNE is not installed.

    Example:
        >>> latents = torch.randn(20, 8, generator=torch.Generator().manual_seed(0))
        >>> NeighborMap(latents, LatentConfig(width=8)).clips_xy.shape
        torch.Size([20, 2])

    Source: van der Maaten and Hinton, 2008, "Visualizing data using t-SNE"; new latents as in
    Poličar, Stražar and Zupan, 2024, "openTSNE: a modular Python library for t-SNE", section 2.
    """

    clips_xy: Float[Tensor, "clip xy=2"]
    """The coordinates of the training clips."""

    def __init__(self, latents: Float[Tensor, "clip latent"], config: LatentConfig):
        if len(latents) < LEAST_CLIPS:
            raise UserError(
                f"expected at least {LEAST_CLIPS} clips for a map of neighbors, got {len(latents)}"
            )
        self._config = config
        perplexity = min(PERPLEXITY, (len(latents) - 1) / 3)
        start = LatentProjection.of(latents, config).map_xy(latents)
        start *= START_DEVIATION / start.std(dim=0).max().clamp(min=1e-12)
        tsne = _opentsne().TSNE(
            perplexity=perplexity, initialization=start.double().numpy(), random_state=0, n_jobs=1
        )
        self._embedding = tsne.fit(with_unit_keyframes(latents, config).double().numpy())
        self._new_perplexity = min(NEW_PERPLEXITY, perplexity)
        self.clips_xy = _as_tensor(self._embedding)

    def map_xy(self, latents: Float[Tensor, "point latent"]) -> Float[Tensor, "point xy=2"]:
        """The coordinates of other latents, each placed among the clips without moving them."""
        points = with_unit_keyframes(latents, self._config).double().numpy()
        return _as_tensor(self._embedding.transform(points, perplexity=self._new_perplexity))


def _as_tensor(embedding: Any) -> Float[Tensor, "point xy=2"]:
    return torch.tensor(embedding.tolist(), dtype=torch.float32)


def _opentsne() -> Any:
    try:
        import openTSNE
    except ImportError as error:
        raise UserError(
            "the map of neighbors needs openTSNE: pip install 'videospace[studio]'"
        ) from error
    return openTSNE

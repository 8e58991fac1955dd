"""Two-dimensional maps on which the clips that are near each other are neighbors: t-SNE, UMAP."""

import dataclasses
import importlib
import importlib.util
import warnings
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.space.projection import LatentProjection, with_unit_keyframes
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message

LEAST_CLIPS = 4
PERPLEXITY = 30.0
"""About how many neighbors of each clip stay near in t-SNE; fewer with fewer than 91 clips."""
START_DEVIATION = 1e-4
"""t-SNE starts as the projection, so small that it does not hold neighbors apart. UMAP starts as
the projection with noise of this deviation."""
NEW_PERPLEXITY = 5.0
"""Perplexity for a latent that is placed on a finished map, as openTSNE recommends."""
NUM_NEIGHBORS = 15
"""Neighbors of each clip in UMAP, as its authors set it; fewer in a space of fewer clips."""

MapMethod = Literal["tsne", "umap"]
Points = Float[np.ndarray, "point number"]
MapXY = Float[np.ndarray, "point xy=2"]


class FittedMap(NamedTuple):
    """A finished map of clips."""

    clips_xy: MapXY
    transform: Callable[[Points], MapXY]
    """Places other points among the clips, which stay where they are."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MapPackage:
    """The package that computes a map."""

    module: str
    """What is imported."""
    name: str
    """What people call the package."""
    extra: str
    """The extra of videospace that brings it."""
    fit: Callable[[Any, Points, MapXY], FittedMap]
    """Called with the module, the clips, and their places on the projection."""

    @property
    def is_installed(self) -> bool:
        """Whether the package can be imported."""
        return importlib.util.find_spec(self.module) is not None

    def load(self) -> Any:
        """Import the package.

        Raises:
            UserError: It is not installed.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ImportWarning)  # of parts that UMAP can do without
                return importlib.import_module(self.module)
        except ImportError as error:
            raise UserError(
                Message(
                    "the map of neighbors needs {package}: pip install 'videospace[{extra}]'",
                    package=self.name,
                    extra=self.extra,
                )
            ) from error


def _fit_tsne(module: Any, points: Points, start: MapXY) -> FittedMap:
    perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
    start = start * (START_DEVIATION / max(start.std(axis=0).max(), 1e-12))
    tsne = module.TSNE(perplexity=perplexity, initialization=start, random_state=0, n_jobs=1)
    embedding = tsne.fit(points)
    new_perplexity = min(NEW_PERPLEXITY, perplexity)
    return FittedMap(embedding, lambda new: embedding.transform(new, perplexity=new_perplexity))


def _fit_umap(module: Any, points: Points, start: MapXY) -> FittedMap:
    num_neighbors = min(NUM_NEIGHBORS, len(points) - 1)
    # UMAP divides by the extent along each axis, which would be 0 for clips on a line.
    noise = np.random.default_rng(0).normal(size=start.shape)
    start = start + START_DEVIATION * (start.std(axis=0).max() or 1) * noise
    umap = module.UMAP(n_neighbors=num_neighbors, init=start, random_state=0, n_jobs=1)
    umap.fit(points)
    umap.transform(points[:NUM_NEIGHBORS])  # so numba compiles it before a clip waits
    return FittedMap(umap.embedding_, umap.transform)


MAP_PACKAGES: dict[MapMethod, MapPackage] = {
    "tsne": MapPackage(module="openTSNE", name="openTSNE", extra="studio", fit=_fit_tsne),
    "umap": MapPackage(module="umap", name="umap-learn", extra="umap", fit=_fit_umap),
}


class NeighborMap:
    """Places latents so that neighbors stay neighbors; long distances on the map mean little.

    Args:
        latents: Those of the training clips, at least 4.
        config: Configuration of the latents.
        method: t-SNE or UMAP.

    Raises:
        UserError: There are fewer than 4 clips, or the package of the method is not installed.

    Example:
        >>> latents = torch.randn(20, 8, generator=torch.Generator().manual_seed(0))
        >>> NeighborMap(latents, LatentConfig(width=8)).clips_xy.shape
        torch.Size([20, 2])

    Source: van der Maaten and Hinton, 2008, "Visualizing data using t-SNE"; new latents as in
    Poličar, Stražar and Zupan, 2024, "openTSNE: a modular Python library for t-SNE", section 2.
    McInnes, Healy and Melville, 2018, "UMAP: uniform manifold approximation and projection for
    dimension reduction".
    Departs: UMAP starts at the projection, as t-SNE does, so that the maps of a space are alike.
    """

    clips_xy: Float[Tensor, "clip xy=2"]
    """The coordinates of the training clips."""

    def __init__(
        self,
        latents: Float[Tensor, "clip latent"],
        config: LatentConfig,
        method: MapMethod = "tsne",
    ):
        if len(latents) < LEAST_CLIPS:
            raise UserError(
                Message(
                    "expected at least {least} clips for a map of neighbors, got {count}",
                    least=LEAST_CLIPS,
                    count=len(latents),
                )
            )
        self._config = config
        package = MAP_PACKAGES[method]
        module = package.load()
        start = LatentProjection.of(latents, config).map_xy(latents).double().numpy()
        self._fitted = package.fit(module, self._points(latents), start)
        self.clips_xy = _as_tensor(self._fitted.clips_xy)

    def map_xy(self, latents: Float[Tensor, "point latent"]) -> Float[Tensor, "point xy=2"]:
        """The coordinates of other latents, each placed among the clips without moving them."""
        return _as_tensor(self._fitted.transform(self._points(latents)))

    def _points(self, latents: Float[Tensor, "point latent"]) -> Points:
        return with_unit_keyframes(latents, self._config).double().numpy()


def _as_tensor(map_xy: MapXY) -> Float[Tensor, "point xy=2"]:
    return torch.tensor(map_xy.tolist(), dtype=torch.float32)

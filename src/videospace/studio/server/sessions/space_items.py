"""The items of an open space: latents, positions between them, and the results of jobs."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from videospace.inrv.space.moved_tracks import TrackMove

ItemKind = Literal["clip", "sample", "video"]
Panel = Literal["visible", "result", "truth", "error"]
Knows = Literal["well", "roughly", "not"]
MapKind = Literal["pca", "tsne", "umap"]
"""The projection of a space, or one of its maps of neighbors."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class SpaceItem:
    """A latent that was sampled or found, in addition to those of the clips."""

    kind: ItemKind
    """Where it comes from."""
    name: str
    """The name that the page shows."""
    latent: Float[Tensor, " latent"]

    @property
    def file_name(self) -> str:
        """The name in a latent file, which can hold no NUL characters."""
        return self.name.replace("\0", "")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Position:
    """An item of the space, or a position on the arc between two items."""

    start: str
    """Id of an item."""
    end: str | None = None
    """Id of a second item. None: the position is the start itself."""
    ratio: float = 0.0
    """How far from start to end, in [0, 1]."""
    moves: tuple[TrackMove, ...] = ()
    """How far tracks of the latent there are moved."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MapItem:
    """A clip or another item, with its position on the map."""

    id: str
    kind: ItemKind
    name: str
    """The name that the page shows."""
    map_xy: tuple[float, float]
    """Coordinates along the two directions in which the latents differ most."""
    source: str | None = None
    """The source of a clip; None where its id names none."""
    values: Mapping[str, str | float] = dataclasses.field(default_factory=dict)
    """Labels and scores of a clip, by the names of their columns."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FoundClip:
    """A clip that an inversion found."""

    item: str
    """Id of its item."""
    strip: bytes
    """PNG film strip, with the panels of the result side by side."""
    psnr_observed_db: float
    """PSNR of the item's own render on the observed pixels."""
    psnr_hidden_db: float | None
    """PSNR of the completed clip on the hidden pixels; None if nothing was hidden."""
    ssim: float
    """SSIM of the completed clip and the video."""
    knows: Knows
    """How well the space knows such videos."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SpaceJobResult:
    """The result of an inversion or of a render."""

    files: tuple[Path, ...]
    """The video of a render, or one for each clip that was found."""
    found: tuple[FoundClip, ...] = ()
    """What an inversion found, a clip for each sample, the one that agrees best with the observed
    pixels first; empty for a render."""
    panels: tuple[Panel, ...] = ()
    """What the film strips show, from left to right."""
    steps: int | None = None
    """Steps of the inversion."""
    seconds: float = 0.0
    """Duration of the job."""

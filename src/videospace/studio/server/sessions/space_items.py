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


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class SpaceItem:
    """A latent that was sampled or found, in addition to those of the clips."""

    kind: ItemKind
    """Where it comes from."""
    name: str
    """The name that the page shows."""
    latent: Float[Tensor, " latent"]


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
class SpaceJobResult:
    """The result of an inversion or of a render."""

    file: Path
    """The video."""
    strip: bytes | None = None
    """PNG film strip of an inversion, with its panels side by side."""
    panels: tuple[Panel, ...] = ()
    """What the film strip shows, from left to right."""
    item: str | None = None
    """Id of the item that an inversion found."""
    psnr_observed_db: float | None = None
    """PSNR of the found item's own render on the observed pixels."""
    psnr_hidden_db: float | None = None
    """PSNR of the result on the hidden pixels; None if nothing was hidden."""
    ssim: float | None = None
    """SSIM of the result of an inversion and the video; None for a render."""
    knows: Knows | None = None
    """How well the space knows such videos."""
    steps: int | None = None
    """Steps of the inversion."""
    seconds: float = 0.0
    """Duration of the job."""

"""What lies on the desk of a space: points that were found, places, and what came of work."""

import dataclasses
from pathlib import Path
from typing import Literal

from jaxtyping import Float
from torch import Tensor

PointKind = Literal["clip", "sample", "video"]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class FoundPoint:
    """A point of the space that is none of its clips."""

    kind: PointKind
    """Where it comes from."""
    name: str
    """What a person reads."""
    latent: Float[Tensor, " latent"]
    """The point."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """A point of the space, or a place on the arc between two."""

    start: str
    """Id of a point."""
    end: str | None = None
    """Id of another one; None: the start itself is meant."""
    ratio: float = 0.0
    """How far from start to end, in [0, 1]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a piece of work."""

    file: Path
    """The video, .mp4."""
    strip: bytes | None = None
    """What was seen, what was made of it and, where it is known, the truth, as a film strip."""
    point: str | None = None
    """Id of the point that was found."""
    psnr_seen_db: float | None = None
    """How close its render comes to what was seen."""
    psnr_hidden_db: float | None = None
    """How close the result comes to what was hidden; None where nothing was."""
    steps: int | None = None
    """Steps of the search."""
    seconds: float = 0.0
    """What it took."""

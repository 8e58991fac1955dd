"""What goes over the wire about video spaces."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from videospace.studio.server.routes.schemas import Strict
from videospace.studio.server.sessions.space_items import PointKind

PointId = Annotated[str, Field(min_length=1, max_length=500)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Ratio = Annotated[float, Field(ge=0, le=1)]
Side = Annotated[int, Field(ge=1, le=4096)]


class SpaceName(BaseModel):
    """A space that can be picked."""

    id: str
    is_pretrained: bool
    """Whether it comes with videospace."""


class Point(BaseModel):
    """A point of a space, and where it lies on the map."""

    id: str
    kind: PointKind
    name: str
    """What a person reads."""
    x: float
    y: float


class Space(BaseModel):
    """An open space."""

    id: str
    about: str
    """What its clips show."""
    num_frames: int
    height: int
    """Of its clips, in px."""
    width: int
    """Of its clips, in px."""
    fps: float
    num_clips: int
    points: list[Point]
    """Its clips, or some of them where there are very many; and what was found."""
    map_share: Annotated[float, Field(ge=0, le=1)]
    """Share of the latents' variance that the map shows."""


class Sampling(Strict):
    """New points to draw."""

    count: Annotated[int, Field(ge=1, le=16)] = 4
    method: Literal["slerp", "gaussian"] = "slerp"
    """slerp: on the arc between two random clips; gaussian: like all of them together."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0


class PlaceWish(Strict):
    """A point of the space, or a place on the arc between two."""

    start: PointId
    end: PointId | None = None
    ratio: Ratio = 0.0


class Video(BaseModel):
    """A video to work on, at the size of the space's clips."""

    id: str
    num_real: int
    """Frames that it has; the rest of the clip repeats the last one and does not count."""
    fps: float


class SearchWish(Strict):
    """What of a video counts, and how long to look for it in the space."""

    name: Name = "video"
    """Of the point that will be found."""
    hidden: Annotated[str, Field(max_length=2**16)] | None = None
    """Mask of all frames: a bit for each pixel, row after row, 1 where it is hidden, as base64."""
    seen: list[Annotated[int, Field(ge=0)]] | None = None
    """The frames that are seen, from 0; None: all."""
    max_steps: Annotated[int, Field(ge=1, le=2000)] = 300
    restarts: Annotated[int, Field(ge=1, le=8)] = 1
    keep_detail: bool = True
    """Keep what is seen as it is, where something is hidden."""


class RenderingWish(PlaceWish):
    """What to render, and at which size; what is left out is the space's own."""

    height: Side | None = None
    width: Side | None = None
    num_frames: Annotated[int, Field(ge=1, le=2000)] | None = None
    fps: Annotated[float, Field(ge=0.1, le=240)] | None = None
    suffix: Literal[".mp4", ".webm", ".gif"] = ".mp4"


class WorkResult(BaseModel):
    """What came of a piece of work; its file and its strip have addresses of their own."""

    point: Point | None
    psnr_seen_db: float | None
    psnr_hidden_db: float | None
    steps: int | None
    seconds: float


class WorkState(BaseModel):
    """How far a piece of work is."""

    state: Literal["idle", "running", "done", "failed", "stopped"]
    kind: str
    fraction: Annotated[float, Field(ge=0, le=1)]
    note: str
    seconds_left: float | None
    """At most, as far as one can tell."""
    result: WorkResult | None

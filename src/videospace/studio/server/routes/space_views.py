"""The points of a desk as they go over the wire."""

import torch

from videospace.studio.server.routes.space_schemas import Point
from videospace.studio.server.sessions.space_items import FoundPoint
from videospace.studio.server.sessions.space_session import Desk

MOST_CLIPS = 2000
"""Clips that are sent; of more, as many are taken from the whole at equal distances."""


def points_of(desk: Desk) -> list[Point]:
    """The space's clips, and what was found beside them."""
    ids = desk.space.ids
    rows = torch.linspace(0, len(ids) - 1, min(len(ids), MOST_CLIPS)).round().long().unique()
    places = desk.map.map_xy(desk.space.latents[rows.to(desk.space.device)]).tolist()
    clips = [
        Point(id=ids[row], kind="clip", name=ids[row], x=x, y=y)
        for row, (x, y) in zip(rows.tolist(), places, strict=True)
    ]
    return clips + [_found(desk, identity, point) for identity, point in desk.found().items()]


def point_of(desk: Desk, identity: str) -> Point | None:
    """A point that was found; None where it has made room for others."""
    point = desk.found().get(identity)
    return None if point is None else _found(desk, identity, point)


def _found(desk: Desk, identity: str, point: FoundPoint) -> Point:
    x, y = desk.map.map_xy(point.latent[None])[0].tolist()
    return Point(id=identity, kind=point.kind, name=point.name, x=x, y=y)

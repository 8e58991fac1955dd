"""Requests about video spaces: their map, film strips of any position, samples and videos."""

from typing import Annotated

import numpy as np
from anyio import from_thread
from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.requests import ClientDisconnect

from videospace.inrv.space.neighbor_map import MapMethod
from videospace.inrv.space.pretrained import pretrained_names
from videospace.reports.film_strips import film_strip
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message
from videospace.studio.server.errors import failing
from videospace.studio.server.routes.schemas import (
    Fraction,
    Item,
    ItemId,
    ItemsRequest,
    MeanRequest,
    MoveTexts,
    NeighborPlaces,
    PositionRequest,
    SamplingRequest,
    Space,
    SpaceName,
    Video,
    position_of,
)
from videospace.studio.server.sessions.space_items import MapKind, Position
from videospace.studio.server.sessions.space_session import SpaceSession, gone
from videospace.studio.server.sessions.spaces import Spaces
from videospace.studio.server.uploads.uploads import VIDEO, file_answer, read_body

MAX_SIDE, MAX_FRAMES, MAX_STRIP_SIDE = 768, 64, 24576
"""Limits of a film strip, which is rendered while the page waits: of the longer side of a frame in
px, of the number of frames, and of their product, because browsers open no picture much longer."""
MAX_PICTURES, MAX_PICTURE_SIDE = 64, 96
"""Limits of the pictures on the map that are rendered together."""

PNG = file_answer("image/png")
NPZ = file_answer("application/octet-stream")


def _position(
    start: Annotated[ItemId, Query()],
    end: Annotated[ItemId | None, Query()] = None,
    ratio: Annotated[Fraction, Query()] = 0.0,
    moves: Annotated[MoveTexts | None, Query()] = None,
) -> Position:
    return position_of(start, end, ratio, moves or [])


AtPosition = Annotated[Position, Depends(_position)]


def space_routes(spaces: Spaces) -> APIRouter:
    """The routes below ``/spaces`` that are answered at once."""
    routes = APIRouter(prefix="/spaces", tags=["spaces"])

    @routes.get("")
    def list_spaces() -> list[SpaceName]:
        pretrained = pretrained_names()
        return [SpaceName(id=each, is_pretrained=each in pretrained) for each in spaces.ids()]

    @routes.get("/{space}")
    def show_space(space: str) -> Space:
        session = spaces.session(space)
        clip, table = session.space.clip, session.clip_table()
        return Space(
            id=space,
            about=session.space.about,
            num_frames=clip.num_frames,
            height=clip.height,
            width=clip.width,
            fps=clip.fps,
            num_clips=len(session.space.ids),
            items=[Item.model_validate(item) for item in session.map_items(table.rows_by_id)],
            num_tracks=session.space.model.config.latent.num_tracks,
            has_flow=session.space.flow is not None,
            frames_at=session.space.model.config.coordinates.time,
            map_fraction=session.map.explained_variance,
            maps=session.map_kinds(),
            table_problem=table.problem,
        )

    @routes.get("/{space}/strip", response_class=Response, responses=PNG)
    def show_strip(
        request: Request,
        space: str,
        position: AtPosition,
        side: Annotated[int, Query(ge=1, le=MAX_SIDE)] = 64,
        frames: Annotated[int, Query(ge=1, le=MAX_FRAMES)] = 16,
    ) -> Response:
        if side * frames > MAX_STRIP_SIDE:
            raise UserError(
                Message(
                    "{count} frames of {side} px are too many for a strip: "
                    "expected at most {most} px",
                    count=frames,
                    side=side,
                    most=MAX_STRIP_SIDE // frames,
                )
            )
        rendered = []
        for frame in spaces.session(space).render_frames(position, side, frames):
            if from_thread.run(request.is_disconnected):  # the page wants another position now
                raise ClientDisconnect
            rendered.append(frame)
        return _png(film_strip(np.stack(rendered)))

    @routes.get("/{space}/pictures", response_class=Response, responses=PNG)
    def show_pictures(
        space: str,
        item: Annotated[list[ItemId], Query(min_length=1, max_length=MAX_PICTURES)],
        side: Annotated[int, Query(ge=1, le=MAX_PICTURE_SIDE)] = 48,
    ) -> Response:
        return _png(film_strip(spaces.session(space).pictures(item, side)))

    @routes.get("/{space}/path")
    def show_path(
        space: str,
        start: Annotated[ItemId, Query()],
        end: Annotated[ItemId, Query()],
        on: MapKind = "pca",
    ) -> list[tuple[float, float]]:
        path = spaces.session(space).path(start, end, on)
        return [(x, y) for x, y in path.tolist()]

    @routes.get("/{space}/tracks")
    def show_tracks(space: str, position: AtPosition) -> list[list[tuple[float, float]]]:
        """The path of each track, with a height and a width in [-1, 1] for each point."""
        paths = spaces.session(space).track_paths(position).tolist()
        return [[(height, width) for height, width in path] for path in paths]

    @routes.get("/{space}/neighbors")
    def show_neighbors(space: str, method: MapMethod = "tsne") -> NeighborPlaces:
        found = spaces.session(space).place_neighbors(method)
        return NeighborPlaces(
            ready=found.is_ready, problem=found.problem, places=dict(found.places)
        )

    @routes.get("/{space}/latent", response_class=Response, responses=NPZ)
    def save_latent(space: str, position: AtPosition) -> Response:
        return _latents(spaces.session(space).latent_file(position), "latent.npz")

    @routes.get("/{space}/latents", response_class=Response, responses=NPZ)
    def save_all_latents(space: str) -> Response:
        return _latents(spaces.session(space).all_latents_file(), "latents.npz")

    @routes.post("/{space}/latents", response_class=Response, responses=NPZ)
    def save_chosen_latents(space: str, wanted: ItemsRequest) -> Response:
        content = spaces.session(space).chosen_latents_file(wanted.items)
        return _latents(content, "latents.npz")

    @routes.post("/{space}/mean", status_code=201)
    def add_mean(space: str, wanted: MeanRequest) -> Item:
        session = spaces.session(space)
        return _item(session, session.add_mean(wanted.items, wanted.name))

    @routes.post("/{space}/samples", status_code=201)
    def draw_samples(space: str, wanted: SamplingRequest) -> list[Item]:
        session = spaces.session(space)
        with failing(Message("no clips can be sampled")):
            new = session.sample(wanted.count, wanted.method, wanted.seed)
        return [_item(session, identity) for identity in new]

    @routes.post("/{space}/videos", status_code=201, openapi_extra=VIDEO.description)
    async def upload_video(request: Request, space: str) -> Video:
        return await read_body(
            request, VIDEO, lambda content: _uploaded(spaces.session(space), content)
        )

    @routes.post("/{space}/videos/rendered", status_code=201)
    def render_video(space: str, wanted: PositionRequest) -> Video:
        session = spaces.session(space)
        return _video(session, session.add_render(wanted.position))

    @routes.get("/{space}/videos/{video}/strip", response_class=Response, responses=PNG)
    def show_video(space: str, video: str) -> Response:
        return _png(film_strip(spaces.session(space).video(video).frames))

    return routes


def _png(content: bytes) -> Response:
    return Response(content, media_type="image/png")


def _latents(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


def _item(session: SpaceSession, identity: str) -> Item:
    item = session.map_item(identity)
    if item is None:  # others have added very many since
        raise gone(identity)
    return Item.model_validate(item)


def _uploaded(session: SpaceSession, content: bytes) -> Video:
    with failing(Message("the video cannot be used")):
        identity = session.add_upload(content)
    return _video(session, identity)


def _video(session: SpaceSession, identity: str) -> Video:
    video = session.video(identity)
    return Video(id=identity, num_real=video.num_real, fps=video.fps, problem=video.problem)

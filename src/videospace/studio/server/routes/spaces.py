"""Requests about video spaces: their map, what lies on it, and films of any place."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from videospace.inrv.space.pretrained import pretrained_names
from videospace.reports.film_strips import film_strip
from videospace.studio.server.routes.space_jobs import work_routes
from videospace.studio.server.routes.space_schemas import (
    PlaceWish,
    Point,
    PointId,
    Ratio,
    Sampling,
    Space,
    SpaceName,
    Video,
)
from videospace.studio.server.routes.space_views import point_of, points_of
from videospace.studio.server.sessions.space_items import Place
from videospace.studio.server.sessions.space_session import Desk
from videospace.studio.server.sessions.spaces import Spaces
from videospace.studio.server.uploads.uploads import FILM, file_answer, read_body

MOST_SIDE, MOST_FRAMES = 256, 64
"""Of a film that is shown at once."""

PNG = file_answer("image/png")
NPZ = file_answer("application/octet-stream")


def _place(
    start: Annotated[PointId, Query()],
    end: Annotated[PointId | None, Query()] = None,
    ratio: Annotated[Ratio, Query()] = 0.0,
) -> Place:
    return Place(start=start, end=end, ratio=ratio)


AtPlace = Annotated[Place, Depends(_place)]


def space_routes(spaces: Spaces) -> APIRouter:
    """Everything below ``/spaces``."""
    routes = APIRouter(prefix="/spaces", tags=["spaces"])

    @routes.get("")
    def list_spaces() -> list[SpaceName]:
        pretrained = pretrained_names()
        return [SpaceName(id=each, is_pretrained=each in pretrained) for each in spaces.ids()]

    @routes.get("/{space}")
    def show_space(space: str) -> Space:
        desk = spaces.desk(space)
        clip = desk.space.clip
        return Space(
            id=space,
            about=desk.space.about,
            num_frames=clip.num_frames,
            height=clip.height,
            width=clip.width,
            fps=clip.fps,
            num_clips=len(desk.space.ids),
            points=points_of(desk),
            map_share=desk.map.explained_variance,
        )

    @routes.get("/{space}/film", response_class=Response, responses=PNG)
    def show_film(
        space: str,
        place: AtPlace,
        side: Annotated[int, Query(ge=1, le=MOST_SIDE)] = 64,
        frames: Annotated[int, Query(ge=1, le=MOST_FRAMES)] = 16,
    ) -> Response:
        return _png(film_strip(spaces.desk(space).render(place, side, frames)))

    @routes.get("/{space}/path")
    def show_path(
        space: str, start: Annotated[PointId, Query()], end: Annotated[PointId, Query()]
    ) -> list[tuple[float, float]]:
        return [(x, y) for x, y in spaces.desk(space).path(start, end).tolist()]

    @routes.get("/{space}/latent", response_class=Response, responses=NPZ)
    def save_latent(space: str, place: AtPlace) -> Response:
        headers = {"Content-Disposition": 'attachment; filename="latent.npz"'}
        content = spaces.desk(space).latent_file(place)
        return Response(content, media_type="application/octet-stream", headers=headers)

    @routes.post("/{space}/samples", status_code=201)
    def draw_samples(space: str, sampling: Sampling) -> list[Point]:
        desk = spaces.desk(space)
        new = desk.sample(sampling.count, sampling.method, sampling.seed)
        points = [point_of(desk, identity) for identity in new]
        return [point for point in points if point is not None]

    @routes.post("/{space}/videos", status_code=201, openapi_extra=FILM.description)
    async def take_video(request: Request, space: str) -> Video:
        return await read_body(request, FILM, lambda film: _taken(spaces.desk(space), film))

    @routes.post("/{space}/videos/rendered", status_code=201)
    def take_place(space: str, wish: PlaceWish) -> Video:
        desk = spaces.desk(space)
        return _video(desk, desk.take_place(Place(**wish.model_dump())))

    @routes.get("/{space}/videos/{video}/film", response_class=Response, responses=PNG)
    def show_video(space: str, video: str) -> Response:
        return _png(film_strip(spaces.desk(space).video(video).frames))

    routes.include_router(work_routes(spaces))
    return routes


def _png(content: bytes) -> Response:
    return Response(content, media_type="image/png")


def _taken(desk: Desk, film: bytes) -> Video:
    return _video(desk, desk.take_film(film))


def _video(desk: Desk, identity: str) -> Video:
    video = desk.video(identity)
    return Video(id=identity, num_real=video.num_real, fps=video.fps)

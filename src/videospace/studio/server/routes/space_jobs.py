"""Requests for long work in a video space: looking for a video, and rendering."""

import base64
import binascii

import numpy as np
from fastapi import APIRouter, Response
from fastapi.responses import FileResponse
from jaxtyping import Bool

from videospace.inrv.inversion.inversion import InversionConfig
from videospace.runtime.errors import UserError
from videospace.studio.server.jobs.space_jobs import RenderWish, Wish, begin_render, begin_search
from videospace.studio.server.routes.space_schemas import (
    RenderingWish,
    SearchWish,
    WorkResult,
    WorkState,
)
from videospace.studio.server.routes.space_views import point_of
from videospace.studio.server.sessions.profiles import NotThere
from videospace.studio.server.sessions.space_items import Outcome, Place
from videospace.studio.server.sessions.space_session import Desk
from videospace.studio.server.sessions.spaces import Spaces
from videospace.studio.server.uploads.uploads import file_answer

FILES = file_answer("video/mp4", "video/webm", "image/gif")
STRIPS = file_answer("image/png")


def work_routes(spaces: Spaces) -> APIRouter:
    """What is done at length in a space, one piece after another."""
    routes = APIRouter(prefix="/{space}")

    @routes.post("/videos/{video}/search", status_code=202)
    def search(space: str, video: str, wish: SearchWish) -> WorkState:
        desk = spaces.desk(space)
        clip = desk.space.clip
        seen = range(clip.num_frames) if wish.seen is None else wish.seen
        config = InversionConfig(max_steps=wish.max_steps, restarts=wish.restarts)
        begin_search(
            desk,
            Wish(
                video=video,
                name=wish.name,
                hidden=_mask(wish.hidden, (clip.height, clip.width)),
                seen=frozenset(seen),
                config=config,
                keep_detail=wish.keep_detail,
            ),
        )
        return _state(desk)

    @routes.post("/render", status_code=202)
    def render(space: str, wish: RenderingWish) -> WorkState:
        desk = spaces.desk(space)
        place = Place(start=wish.start, end=wish.end, ratio=wish.ratio)
        sizes = wish.model_dump(exclude={"start", "end", "ratio"})
        begin_render(desk, RenderWish(place=place, **sizes))
        return _state(desk)

    @routes.get("/work")
    def show_work(space: str) -> WorkState:
        return _state(spaces.desk(space))

    @routes.delete("/work")
    def stop_work(space: str) -> WorkState:
        desk = spaces.desk(space)
        desk.worker.stop()
        return _state(desk)

    @routes.get("/work/strip", response_class=Response, responses=STRIPS)
    def show_strip(space: str) -> Response:
        strip = _outcome(spaces.desk(space)).strip
        if strip is None:
            raise NotThere("a render has nothing to be compared with")
        return Response(strip, media_type="image/png")

    @routes.get("/work/file", response_class=FileResponse, responses=FILES)
    def show_file(space: str) -> FileResponse:
        path = _outcome(spaces.desk(space)).file
        return FileResponse(path, filename=f"{space}{path.suffix}")

    return routes


def _mask(text: str | None, size: tuple[int, int]) -> Bool[np.ndarray, "height width"]:
    num_pixels = size[0] * size[1]
    if text is None:
        return np.zeros(size, bool)
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UserError("expected the mask as base64") from error
    if len(content) != (num_pixels + 7) // 8:
        raise UserError(
            f"expected a mask of {size[0]}x{size[1]} px, a bit for each, got {len(content)} bytes"
        )
    bits = np.unpackbits(np.frombuffer(content, np.uint8), count=num_pixels)
    return bits.astype(bool).reshape(size)


def _outcome(desk: Desk) -> Outcome:
    result = desk.worker.work.result
    if result is None:
        raise NotThere("nothing has come of the work yet")
    return result


def _state(desk: Desk) -> WorkState:
    work = desk.worker.work
    found = work.result
    return WorkState(
        state=work.state,
        kind=work.kind,
        fraction=work.fraction,
        note=work.note,
        seconds_left=work.seconds_left,
        result=None
        if found is None
        else WorkResult(
            point=None if found.point is None else point_of(desk, found.point),
            psnr_seen_db=found.psnr_seen_db,
            psnr_hidden_db=found.psnr_hidden_db,
            steps=found.steps,
            seconds=found.seconds,
        ),
    )

"""Requests about the jobs of a video space: inversion and rendering."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, TypeVar

import numpy as np
from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse
from jaxtyping import Bool

from videospace.inrv.inversion.inversion import InversionConfig
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message
from videospace.studio.server.errors import NotFound, failing
from videospace.studio.server.jobs.space_jobs import (
    InversionJob,
    RenderJob,
    start_inversion,
    start_render,
)
from videospace.studio.server.routes.schemas import (
    MAX_SAMPLES,
    Found,
    InversionRequest,
    Item,
    Job,
    JobResult,
    RenderRequest,
)
from videospace.studio.server.sessions.space_items import FoundClip, SpaceJobResult
from videospace.studio.server.sessions.space_session import SpaceSession
from videospace.studio.server.sessions.spaces import Spaces
from videospace.studio.server.uploads.uploads import file_answer

FILES = file_answer("video/mp4", "video/webm", "image/gif")
STRIPS = file_answer("image/png")

Entry = TypeVar("Entry")
SampleNumber = Annotated[int, Query(ge=0, lt=MAX_SAMPLES)]
"""Which of the clips that an inversion found."""


def space_job_routes(spaces: Spaces) -> APIRouter:
    """The routes below ``/spaces/ID`` that start, show and cancel jobs."""
    routes = APIRouter(prefix="/spaces/{space}", tags=["spaces"])

    @routes.post("/videos/{video}/invert", status_code=202)
    def invert(space: str, video: str, wanted: InversionRequest) -> Job:
        session = spaces.session(space)
        clip = session.space.clip
        frames = wanted.observed_frames
        job = InversionJob(
            video=video,
            name=wanted.name,
            hidden=_mask(wanted.hidden, (clip.height, clip.width)),
            observed_frames=frozenset(range(clip.num_frames) if frames is None else frames),
            config=InversionConfig(
                max_steps=wanted.max_steps, restarts=wanted.restarts, samples=wanted.samples
            ),
            keep_observed=wanted.keep_observed,
        )
        with failing(Message("the search cannot begin")):
            start_inversion(session, job)
        return _job(session)

    @routes.post("/render", status_code=202)
    def render(space: str, wanted: RenderRequest) -> Job:
        session = spaces.session(space)
        sizes = wanted.model_dump(exclude={"start", "end", "ratio", "moves"})
        with failing(Message("the clip cannot be rendered")):
            start_render(session, RenderJob(position=wanted.position, **sizes))
        return _job(session)

    @routes.get("/job")
    def show_job(space: str) -> Job:
        return _job(spaces.session(space))

    @routes.delete("/job")
    def stop_job(space: str) -> Job:
        session = spaces.session(space)
        session.jobs.stop()
        return _job(session)

    @routes.get("/job/strip", response_class=Response, responses=STRIPS)
    def show_strip(space: str, sample: SampleNumber = 0) -> Response:
        clip = _numbered(_result(spaces.session(space)).found, sample)
        return Response(clip.strip, media_type="image/png")

    @routes.get("/job/file", response_class=FileResponse, responses=FILES)
    def show_file(space: str, sample: SampleNumber = 0) -> FileResponse:
        path = _numbered(_result(spaces.session(space)).files, sample)
        return FileResponse(path, filename=f"{space}{path.suffix}")

    return routes


def _mask(text: str | None, size: tuple[int, int]) -> Bool[np.ndarray, "height width"]:
    num_pixels = size[0] * size[1]
    if text is None:
        return np.zeros(size, bool)
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UserError(Message("the mask cannot be read: reload the page")) from error
    if len(content) != (num_pixels + 7) // 8:
        raise UserError(
            Message(
                "the mask does not fit clips of {height}x{width} px: reload the page",
                height=size[0],
                width=size[1],
            )
        )
    bits = np.unpackbits(np.frombuffer(content, np.uint8), count=num_pixels)
    return bits.astype(bool).reshape(size)


def _result(session: SpaceSession) -> SpaceJobResult:
    result = session.jobs.status.result
    if result is None:
        raise NotFound(Message("there is no result yet"))
    return result


def _numbered(results: Sequence[Entry], sample: int) -> Entry:
    if sample >= len(results):
        raise NotFound(Message("there is no such result"))
    return results[sample]


def _job(session: SpaceSession) -> Job:
    status = session.jobs.status
    return Job(
        state=status.state,
        kind=status.kind,
        fraction=status.fraction,
        note=status.note,
        seconds_left=status.seconds_left,
        result=None if status.result is None else _job_result(session, status.result),
    )


def _job_result(session: SpaceSession, result: SpaceJobResult) -> JobResult:
    return JobResult(
        found=[_found(session, clip) for clip in result.found],
        panels=list(result.panels),
        steps=result.steps,
        seconds=result.seconds,
    )


def _found(session: SpaceSession, clip: FoundClip) -> Found:
    item = session.map_item(clip.item)
    return Found(
        item=None if item is None else Item.model_validate(item),
        psnr_observed_db=clip.psnr_observed_db,
        psnr_hidden_db=clip.psnr_hidden_db,
        ssim=clip.ssim,
        knows=clip.knows,
    )

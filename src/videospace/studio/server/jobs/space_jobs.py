"""The jobs of a video space: inverting a video, and rendering at any size."""

import dataclasses
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool

from videospace.clips.writing import write_video
from videospace.inrv.completion.completion import complete_clips
from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.inversion import InversionConfig
from videospace.inrv.inversion.masks import masked_clip
from videospace.reports.film_strips import film_strip
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message
from videospace.studio.server.jobs.inversion_scores import (
    compared,
    how_well_known,
    psnr_of_pixels,
    ssim_of_video,
)
from videospace.studio.server.jobs.job_runner import Callback
from videospace.studio.server.sessions.space_items import FoundClip, Position, SpaceJobResult
from videospace.studio.server.sessions.space_session import SpaceSession
from videospace.studio.server.uploads.recordings import PaddedClip

MAX_RENDER_PIXELS = 2**28
"""Frames × height × width of a render."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class InversionJob:
    """Which video to invert, and which of its pixels are observed."""

    video: str
    """Id of the video."""
    name: str
    """Name of the item that will be found; with several samples, their numbers follow it."""
    hidden: Bool[np.ndarray, "height width"]
    """True where every frame is hidden."""
    observed_frames: frozenset[int]
    """Numbers of the observed frames, from 0."""
    config: InversionConfig
    keep_observed: bool
    """Keep the observed pixels as they are, if something is hidden."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RenderJob:
    """What to render, and at which size. None takes the value of the space's clips."""

    position: Position
    height: int | None = None
    """Height in px."""
    width: int | None = None
    """Width in px."""
    num_frames: int | None = None
    """Number of frames, over the whole duration of a clip."""
    fps: float | None = None
    """Frames per second of the file."""
    suffix: Literal[".mp4", ".gif", ".webm"] = ".mp4"
    """The kind of file."""


def start_inversion(session: SpaceSession, job: InversionJob) -> None:
    """Start to invert a video.

    Raises:
        NotFound: There is no such video.
        UserError: No pixel is observed, the mask has another size, or another job is running.
    """
    video = session.video(job.video)
    context = masked_clip(
        video.frames,
        video.num_real,
        lambda time: ~job.hidden if time in job.observed_frames else np.zeros_like(job.hidden),
    )
    session.jobs.start(
        "inversion", lambda callback: _invert(session, job, video, context, callback)
    )


def start_render(session: SpaceSession, job: RenderJob) -> None:
    """Start to render a position at any size and length.

    Raises:
        NotFound: There is no such item.
        UserError: The render would be too large, or another job is running.
    """
    latent = session.latent(job.position)
    size = session.space.render_size(job.height, job.width, job.num_frames)
    if math.prod(size) > MAX_RENDER_PIXELS:
        raise UserError(
            Message(
                "{frames} frames of {height}x{width} px are too many for a page: "
                "'videospace reconstruct' renders them",
                frames=size[0],
                height=size[1],
                width=size[2],
            )
        )
    num_frames, height, width = size

    def task(callback: Callback) -> SpaceJobResult:
        started = time.monotonic()
        frames = session.space.render_frames(
            latent, height=height, width=width, num_frames=num_frames
        )
        (path,) = _result_paths(session, job.suffix)
        fps = job.fps or session.space.clip.fps
        write_video(path, _reported(frames, num_frames, callback), fps=fps)
        return SpaceJobResult(files=(path,), seconds=time.monotonic() - started)

    session.jobs.start("render", task)


def _invert(
    session: SpaceSession,
    job: InversionJob,
    video: PaddedClip,
    context: Context,
    callback: Callback,
) -> SpaceJobResult:
    started = time.monotonic()
    is_whole = bool(context.observed[: video.num_real].all())
    completed, found = complete_clips(
        session.space,
        [context],
        job.config,
        back_projection=job.keep_observed and not is_whole,
        progress=callback,
    )
    callback(1.0, Message("writing the result"))
    owns = session.space.render(found.latents)
    agreements = [psnr_of_pixels(own, video.frames, context.observed) for own in owns]
    best_first = sorted(range(len(owns)), key=agreements.__getitem__, reverse=True)
    paths = _result_paths(session, ".mp4", len(owns))
    hidden = ~context.observed
    hidden[video.num_real :] = False
    clips, panels = [], ()
    for rank, (row, path) in enumerate(zip(best_first, paths, strict=True), start=1):
        result, own = completed[row], owns[row]
        write_video(path, result[:, None], fps=video.fps)
        panels, strip = compared(video, context.observed, result)
        name = job.name if len(owns) == 1 else f"{job.name} {rank}"
        clip = FoundClip(
            item=session.add_item("video", name, found.latents[row]),
            strip=film_strip(strip),
            psnr_observed_db=agreements[row],
            psnr_hidden_db=psnr_of_pixels(result, video.frames, hidden) if hidden.any() else None,
            ssim=ssim_of_video(result, video),
            knows=how_well_known(own, video.frames, context.observed),
        )
        clips.append(clip)
    return SpaceJobResult(
        files=tuple(paths),
        found=tuple(clips),
        panels=panels,
        steps=found.steps,
        seconds=time.monotonic() - started,
    )


def _reported(
    frames: Iterator[np.ndarray], num_frames: int, callback: Callback
) -> Iterator[np.ndarray]:
    for number, frame in enumerate(frames):
        callback(
            number / num_frames,
            Message("frame {number} of {count}", number=number + 1, count=num_frames),
        )
        yield frame


def _result_paths(session: SpaceSession, suffix: str, count: int = 1) -> list[Path]:
    """The files of a new result; those of the result before are deleted."""
    for path in session.folder.glob("result-*"):
        path.unlink(missing_ok=True)
    return [
        session.folder / f"result-{time.monotonic_ns()}-{number}{suffix}" for number in range(count)
    ]

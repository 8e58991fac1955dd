"""The long work on a desk: looking for a video in the space, and rendering at any size."""

import dataclasses
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool

from videospace.clips.writing import write_video
from videospace.inrv.completion.completion import complete_clips
from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.inversion import InversionConfig
from videospace.inrv.inversion.masks import masked_clip
from videospace.metrics.fidelity import IDENTICAL_PSNR_DB, psnr_db
from videospace.reports.comparison import side_by_side
from videospace.reports.film_strips import film_strip
from videospace.runtime.errors import UserError
from videospace.studio.server.jobs.jobs import Tell
from videospace.studio.server.sessions.space_items import Outcome, Place
from videospace.studio.server.sessions.space_session import Desk
from videospace.studio.server.uploads.films import FilmedClip

MOST_POINTS = 2**28
"""Frames × height × width of a render."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Wish:
    """What of a video counts, and how long to look for it."""

    video: str
    """Id of the video."""
    name: str
    """Of the point that will be found."""
    hidden: Bool[np.ndarray, "height width"]
    """True where every frame is hidden."""
    seen: frozenset[int]
    """The frames that are seen, from 0."""
    config: InversionConfig
    """How to look."""
    keep_detail: bool
    """Keep what is seen as it is, where something is hidden."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RenderWish:
    """What to render, and at which size; what is None is the space's own."""

    place: Place
    """Point of the space."""
    height: int | None = None
    """In px."""
    width: int | None = None
    """In px."""
    num_frames: int | None = None
    """Over the whole time of a clip."""
    fps: float | None = None
    """Frames per second."""
    suffix: Literal[".mp4", ".gif", ".webm"] = ".mp4"
    """The kind of file."""


def begin_search(desk: Desk, wish: Wish) -> None:
    """Begin to look for a video in the space.

    Raises:
        NotThere: There is no such video.
        UserError: Nothing of it is seen, the mask has another size, or something is being done.
    """
    video = desk.video(wish.video)
    context = masked_clip(
        video.frames,
        video.num_real,
        lambda time: ~wish.hidden if time in wish.seen else np.zeros_like(wish.hidden),
    )
    desk.worker.start("search", lambda tell: _search(desk, wish, video, context, tell))


def begin_render(desk: Desk, wish: RenderWish) -> None:
    """Begin to render a place at any size and length.

    Raises:
        NotThere: There is no such point.
        UserError: It would be too large, or something is being done.
    """
    latent = desk.latent(wish.place)
    size = desk.space.render_size(wish.height, wish.width, wish.num_frames)
    if math.prod(size) > MOST_POINTS:
        raise UserError(
            f"{size[0]} frames of {size[1]}x{size[2]} px are too many for a page: "
            "'videospace reconstruct' renders them"
        )
    num_frames, height, width = size

    def task(tell: Tell) -> Outcome:
        started = time.monotonic()
        frames = desk.space.render_frames(latent, height=height, width=width, num_frames=num_frames)
        path = _new_file(desk, wish.suffix)
        write_video(path, _told(frames, num_frames, tell), fps=wish.fps or desk.space.clip.fps)
        return Outcome(file=path, seconds=time.monotonic() - started)

    desk.worker.start("render", task)


def _search(desk: Desk, wish: Wish, video: FilmedClip, context: Context, tell: Tell) -> Outcome:
    started = time.monotonic()
    is_whole = bool(context.observed[: video.num_real].all())
    completed, found = complete_clips(
        desk.space,
        [context],
        wish.config,
        back_projection=wish.keep_detail and not is_whole,
        progress=tell,
    )
    tell(1.0, "writing it down")
    result = completed[0]
    truth = video.frames if video.num_real == len(video.frames) and not is_whole else None
    compared = side_by_side(video.frames, context.observed, result, truth)
    path = _new_file(desk, ".mp4")
    write_video(path, result[:, None], fps=video.fps)
    hidden = ~context.observed
    hidden[video.num_real :] = False
    return Outcome(
        file=path,
        strip=film_strip(np.stack(list(compared))),
        point=desk.add_point("video", wish.name, found.latents[0]),
        psnr_seen_db=_psnr_db(desk.space.render(found.latents[0]), video.frames, context.observed),
        psnr_hidden_db=_psnr_db(result, video.frames, hidden) if hidden.any() else None,
        steps=found.steps,
        seconds=time.monotonic() - started,
    )


def _psnr_db(video: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> float:
    parts = (torch.from_numpy(np.array(each))[None] for each in (video, truth, mask))
    return min(psnr_db(*parts).item(), IDENTICAL_PSNR_DB)


def _told(frames: Iterator[np.ndarray], num_frames: int, tell: Tell) -> Iterator[np.ndarray]:
    for number, frame in enumerate(frames):
        tell(number / num_frames, f"frame {number + 1} of {num_frames}")
        yield frame


def _new_file(desk: Desk, suffix: str) -> Path:
    """Where the result goes; that of the piece of work before is deleted."""
    for path in desk.folder.glob("result-*"):
        path.unlink(missing_ok=True)
    return desk.folder / f"result-{time.monotonic_ns()}{suffix}"

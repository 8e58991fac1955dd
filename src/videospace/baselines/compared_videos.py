"""Sets of videos to compare: the clips of a store or of a folder, or the renders of a space."""

import tempfile
from collections.abc import Iterator, Sized
from pathlib import Path
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from videospace.clips.prepare import prepare
from videospace.clips.prepare_config import PrepareConfig
from videospace.clips.store.clip_store import DESCRIPTION_FILE, ClipStore
from videospace.inrv.space.files import CONFIG_FILE
from videospace.inrv.space.sampling import SamplingMethod
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.evaluation import evenly_spread
from videospace.runtime.errors import UserError

RenderMethod = Literal["reconstruction"] | SamplingMethod
"""``reconstruction``: of the training clips."""

CLIPS_AT_ONCE = 16
SIDE_PX = 128
"""Height and width to which the videos of a folder are reduced."""

Batches = Iterator[UInt8[Tensor, "clip time height width 3"]]


class ComparedVideos(NamedTuple):
    """A set of videos."""

    batches: Batches
    """The videos, a few at a time."""
    num_batches: int | None
    """None where it is not known before the videos are read."""
    num_frames: int
    """Frames of each video."""
    held_out: "ComparedVideos | None" = None
    """Those of the store that were held out; None where there are none."""


def open_videos(
    source: Path, method: RenderMethod, count: int, num_frames: int, seed: int = 0
) -> ComparedVideos:
    """Open the videos of a store, of a folder of video files, or of a space.

    Args:
        source: A store, a space, a video file, or a folder of them.
        method: How a space makes videos; not used for others.
        count: The most videos.
        num_frames: The most frames of each video, from its start.
        seed: Of samples.

    Raises:
        UserError: There is nothing at the path that can be used.
    """
    if (source / CONFIG_FILE).is_file():
        space = VideoSpace.from_pretrained(source)
        frames = min(num_frames, space.clip.num_frames)
        latents = _latents(space, method, count, seed)
        return ComparedVideos(_renders(space, latents, frames), _num_batches(latents), frames)
    if (source / DESCRIPTION_FILE).is_file():
        store = ClipStore.open(source)
        training, held_out = (
            _clips(store, evenly_spread(rows, count), num_frames) if rows else None
            for rows in map(store.rows, ("train", "holdout"))
        )
        videos = training._replace(held_out=held_out) if training else held_out
        if videos is None:
            raise UserError(f"expected clips to compare, but '{source}' has none")
        return videos
    if not source.exists():
        raise UserError(f"expected a store, a space or a folder of videos, got no '{source}'")
    return ComparedVideos(_videos_of_folder(source, count, num_frames), None, num_frames)


def _num_batches(videos: Sized) -> int:
    return -(-len(videos) // CLIPS_AT_ONCE)


def _latents(
    space: VideoSpace, method: RenderMethod, count: int, seed: int
) -> Float[Tensor, "clip latent"]:
    if method == "reconstruction":
        return space.latents[evenly_spread(list(range(len(space.latents))), count)]
    return space.sample(count, method=method, seed=seed)


def _renders(space: VideoSpace, latents: Float[Tensor, "clip latent"], num_frames: int) -> Batches:
    for some in latents.split(CLIPS_AT_ONCE):
        yield torch.from_numpy(space.render(some)[:, :num_frames])


def _clips(store: ClipStore, rows: list[int], num_frames: int) -> ComparedVideos:
    batches = (
        torch.from_numpy(store.frames(rows[start : start + CLIPS_AT_ONCE])[:, :num_frames])
        for start in range(0, len(rows), CLIPS_AT_ONCE)
    )
    return ComparedVideos(batches, _num_batches(rows), min(num_frames, store[0].shape[0]))


def _videos_of_folder(folder: Path, count: int, num_frames: int) -> Batches:
    config = PrepareConfig(num_frames=num_frames, size=str(SIDE_PX), max_clips=count)
    with tempfile.TemporaryDirectory() as store_folder:
        prepare([folder], Path(store_folder) / "clips", config)
        store = ClipStore.open(Path(store_folder) / "clips")
        yield from _clips(store, store.rows(None), num_frames).batches

"""The videos of the demo's page, most of them rendered at the size at which they are shown."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from videospace.clips.store.clip_store import ClipStore
from videospace.clips.writing import write_video
from videospace.inrv.space.sampling import SamplingMethod
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.evaluation import Evaluation
from videospace.reports.demo.explorer import Explorer, make_explorer
from videospace.reports.film_strips import Video, enlarge, tile

FOLDER = "media"
SLOW_MOTION = 4
"""How much slower than real time the two frame rates are shown."""
NUM_SAMPLES = 9


@dataclasses.dataclass(frozen=True, kw_only=True)
class PageVideo:
    """A video of the page."""

    path: str
    """Path of the file, relative to the page."""
    height: int
    """In px."""
    width: int
    """In px."""
    label: str
    """A description for screen readers."""
    caption: str
    """The text below the video."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PageVideos:
    """All videos of the page."""

    reconstructions: list[PageVideo]
    """Training clips, each beside its reconstruction."""
    steps: PageVideo
    """An interpolation between two clips."""
    explorer: Explorer
    """The same interpolation in finer steps, for the slider."""
    samples: list[PageVideo]
    """New clips: on arcs between clips, and from a Gaussian."""
    sizes: list[PageVideo]
    """One latent at three sizes."""
    aspect: PageVideo
    """The same latent, twice as wide as high."""
    frame_rate: PageVideo
    """The same latent at the trained frame rate, and at twice that rate."""


def make_videos(
    space: VideoSpace,
    store: ClipStore,
    evaluation: Evaluation,
    folder: Path,
    seed: int,
    *,
    progress: bool | None = None,
) -> PageVideos:
    """Render all videos of the page.

    Args:
        space: A trained space.
        store: Its training clips.
        evaluation: How well the space reconstructs them.
        folder: Folder of the page; the videos are written to its folder ``media``.
        seed: Seed of the samples.
        progress: Show a progress bar; None shows it in a terminal.
    """
    media = folder / FOLDER
    margin = len(space.ids) // 10
    start, end = space.ids[margin], space.ids[-1 - margin]
    middle = space.ids[len(space.ids) // 2]
    jobs: dict[str, Callable] = {
        "reconstructions": lambda: _reconstructions(space, store, evaluation, media),
        "steps": lambda: _steps(space, start, end, media),
        "explorer": lambda: make_explorer(space, start, end, media),
        "samples": lambda: _samples(space, seed, media),
        "sizes": lambda: _sizes(space, middle, media),
        "aspect": lambda: _aspect(space, middle, media),
        "frame_rate": lambda: _frame_rate(space, middle, media),
    }
    hidden = None if progress is None else not progress
    bar = tqdm(jobs.items(), desc="rendering", unit="video", disable=hidden)
    return PageVideos(**{name: job() for name, job in bar})


def _reconstructions(
    space: VideoSpace, store: ClipStore, evaluation: Evaluation, media: Path
) -> list[PageVideo]:
    num_shown = min(6, len(evaluation.ids))
    shown = []
    for row in np.linspace(0, len(evaluation.ids) - 1, num_shown).round().astype(int):
        clip_id, psnr_db = evaluation.ids[row], float(evaluation.fidelity.psnr_db[row])
        pair = [store[clip_id], space.render(space.latent(clip_id))]
        video = _write(
            media / f"reconstruction-{clip_id}.mp4",
            tile(np.stack([enlarge(half, 4) for half in pair]), num_columns=2),
            space.clip.fps,
            label=f"The training clip {clip_id} on the left, its reconstruction on the right",
            caption=f"{clip_id}, {psnr_db:.1f} dB",
        )
        shown.append(video)
    return shown


def _steps(space: VideoSpace, start: str, end: str, media: Path) -> PageVideo:
    latents = space.interpolate(start, end, steps=9)
    return _write(
        media / "interpolation.mp4",
        tile(space.render(latents, height=2 * space.clip.height), num_columns=9),
        space.clip.fps,
        label=f"Nine clips in a row, from {start} to {end}; the ball's height changes step by step",
        caption=f"{start} on the left, {end} on the right, and seven new clips between them that "
        "the space was not trained on.",
    )


def _samples(space: VideoSpace, seed: int, media: Path) -> list[PageVideo]:
    captions: dict[SamplingMethod, str] = {
        "slerp": "On arcs between two random training clips.",
        "gaussian": "Sampled from a Gaussian fitted to the latents of all clips.",
    }
    shown = []
    for method, caption in captions.items():
        latents = space.sample(NUM_SAMPLES, method=method, seed=seed)
        videos = space.render(latents, height=2 * space.clip.height)
        shown.append(
            _write(
                media / f"samples-{method}.mp4",
                tile(videos, num_columns=3),
                space.clip.fps,
                label=f"{NUM_SAMPLES} new clips in a grid, each of a ball at another height",
                caption=caption,
            )
        )
    return shown


def _sizes(space: VideoSpace, clip_id: str, media: Path) -> list[PageVideo]:
    shown = []
    for times in (1, 2, 8):
        height, width = times * space.clip.height, times * space.clip.width
        video = space.render(space.latent(clip_id), height=height, width=width)
        shown.append(
            _write(
                media / f"size-{height}x{width}.mp4",
                enlarge(video, 8 // times),
                space.clip.fps,
                label=f"{clip_id} rendered at {height} by {width} pixels",
                caption=f"{height} × {width}" + (", as trained" if times == 1 else ""),
            )
        )
    return shown


def _aspect(space: VideoSpace, clip_id: str, media: Path) -> PageVideo:
    height, width = 4 * space.clip.height, 8 * space.clip.width
    return _write(
        media / f"aspect-{height}x{width}.mp4",
        space.render(space.latent(clip_id), height=height, width=width),
        space.clip.fps,
        label=f"{clip_id} rendered at {height} by {width} pixels; the ball is an ellipse",
        caption=f"{height} × {width}: another aspect stretches the picture.",
    )


def _frame_rate(space: VideoSpace, clip_id: str, media: Path) -> PageVideo:
    num_frames, fps = space.clip.num_frames, space.clip.fps
    height = 4 * space.clip.height
    latent = space.latent(clip_id)
    once = space.render(latent, height=height)
    twice = space.render(latent, height=height, num_frames=2 * num_frames - 1)
    held = np.repeat(once, 2, axis=0)[: len(twice)]
    return _write(
        media / "frame-rate.mp4",
        tile(np.stack([held, twice]), num_columns=2),
        2 * fps / SLOW_MOTION,
        label=f"{clip_id} at {fps:g} frames per second on the left, at {2 * fps:g} on the right",
        caption=f"Left: {num_frames} frames at {fps:g} per second, as trained. Right: "
        f"{2 * num_frames - 1} frames at {2 * fps:g} per second. Both play {SLOW_MOTION} times "
        "slower than real time.",
    )


def _write(path: Path, video: Video, fps: float, *, label: str, caption: str) -> PageVideo:
    write_video(path, video[:, None], fps=fps, num_frames=len(video))
    height, width = video.shape[1:3]
    return PageVideo(
        path=f"{FOLDER}/{path.name}", height=height, width=width, label=label, caption=caption
    )

"""What the commands that complete videos have in common: streaming, comparing, writing."""

import dataclasses
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from tqdm import tqdm

from videospace.clips.comparison import side_by_side
from videospace.clips.video_input import probe
from videospace.clips.video_output import write_video
from videospace.inrv.completion import ObservedOf, complete_clips, complete_video, masked_clip
from videospace.inrv.inversion import InversionConfig
from videospace.inrv.space import VideoSpace
from videospace.inrv.video_clips import frames_of, read_clip

Search = Annotated[InversionConfig, tyro.conf.arg(name="")]
"""Inversion options as flags of the command itself."""

Video = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="VIDEO")]
"""A video file, or a folder of images."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """A video to complete, and where the result goes."""

    video: Path
    out: Path
    observed_of: ObservedOf
    """What is known of each frame."""
    seen_size: tuple[int, int]
    """Height and width in px at which the video is looked at."""
    size: tuple[int, int]
    """Height and width in px of the result."""
    search: InversionConfig
    crop: str = "centre"
    compare: bool = False
    """Show the input, hatched where it is not known, beside the output."""
    show_truth: bool = False
    """Then show the video itself, too."""


def write_completed(space: VideoSpace, job: Job) -> None:
    """Complete a video of any length, in windows, and write it while it is made."""
    info = probe(job.video)
    frames = frames_of(job.video, job.seen_size, crop=job.crop)
    if job.compare:  # the copies lag behind by no more than the windows at hand
        frames, shown, counted, true = itertools.tee(frames, 4)
        masks = (job.observed_of(time) for time, _ in enumerate(counted))
        result = complete_video(space, frames, job.observed_of, job.search, size=job.size)
        result = side_by_side(shown, masks, result, true if job.show_truth else None)
        if not job.show_truth:
            del true
    else:
        result = complete_video(space, frames, job.observed_of, job.search, size=job.size)
    num_written = 0

    def written() -> Iterator[np.ndarray]:
        nonlocal num_written
        total = info.num_frames or None
        for frame in tqdm(result, desc="completing", unit="frame", total=total, disable=None):
            yield frame[None]
            num_written += 1

    write_video(job.out, written(), fps=info.fps)
    print(
        f"wrote {job.out}: {num_written} frames of {job.size[0]}x{job.size[1]} px, "
        f"at {info.fps:g} frames per second"
    )


def write_clip(space: VideoSpace, job: Job) -> None:
    """Complete a single clip, perhaps in several ways, at the full length of the space."""
    frames, num_real = read_clip(space, job.video, size=job.seen_size, crop=job.crop)
    context = masked_clip(frames, num_real, job.observed_of)
    videos, found = complete_clips(space, [context], job.search, size=job.size)
    shown: list[Iterator[np.ndarray]] = [iter(video) for video in videos]
    if job.compare:
        truth = frames if job.show_truth and num_real == len(frames) else None
        shown = [side_by_side(frames, context.observed, video, truth) for video in videos]
    fps = probe(job.video).fps
    names = [f"{job.video.stem}-{index + 1}" for index in range(len(videos))]
    steps = (np.stack(step) for step in zip(*shown, strict=True))
    write_video(job.out, steps, fps=fps, num_frames=len(frames), names=names)
    for name, error in zip(names, found.context_l1.tolist(), strict=True):
        print(f"{error:8.3f}  Context-L1 (0 to 100) of {name}")
    print(
        f"wrote {job.out}: {len(videos)} x {len(frames)} frames of {job.size[0]}x{job.size[1]} px, "
        f"at {fps:g} frames per second, found in {found.seconds:.1f} s"
    )

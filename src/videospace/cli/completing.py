"""What the commands that complete videos have in common: streaming, comparing, writing."""

import dataclasses
import itertools
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from tqdm import tqdm

from videospace.cli.keeping import KeptParts, kept_beside
from videospace.clips.decoding.geometry import center_region, parse_crop, parse_size
from videospace.clips.decoding.one_clip import frames_of
from videospace.clips.decoding.video_input import probe
from videospace.clips.writing import write_video
from videospace.inrv.completion.completion import complete_clips, complete_video
from videospace.inrv.inversion.inversion import InversionConfig
from videospace.inrv.inversion.masks import ObservedOf, masked_clip
from videospace.inrv.inversion.video_clips import frame_size, read_clip
from videospace.inrv.space.video_space import VideoSpace
from videospace.reports.comparison import side_by_side
from videospace.runtime.interrupts import sigterm_as_interrupt
from videospace.runtime.native_libraries import keep_freed_memory

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
    command: object
    """Says with its ``repr`` all that the result depends on."""
    sources: tuple[Path, ...]
    """The files that are read: the video, perhaps a mask."""
    crop: str = "center"
    keep_detail: bool = True
    """Keep what is seen, and carry what the space misses of it through time."""
    compare: bool = False
    """Show the input, hatched where it is not known, beside the output."""
    show_truth: bool = False
    """Then show the video itself, too."""


def write_completed(space: VideoSpace, job: Job) -> None:
    """Complete a video of any length, in windows, and write it while it is made.

    An interrupt keeps the latents of the windows that are done, for the same command to go on.
    """
    keep_freed_memory()
    info = probe(job.video)
    say_what_is_seen(job.video, job.seen_size, job.crop)
    if info.num_frames < space.clip.num_frames:
        say_how_short(job.video, info.num_frames, space)
    num_written = 0

    def written(frames: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        nonlocal num_written
        total = info.num_frames or None
        for frame in tqdm(frames, desc="completing", unit="frame", total=total, disable=None):
            yield frame[None]
            num_written += 1

    with kept_beside(job.out, space, job.command, *job.sources) as kept:
        write_video(job.out, written(_completed(space, job, kept)), fps=info.fps)
    if num_written < info.num_frames:
        print(
            f"{job.video}: {num_written} of the {info.num_frames} frames that it announces can be "
            "decoded"
        )
    print(
        f"wrote {job.out}: {num_written} frames of {job.size[0]}x{job.size[1]} px, "
        f"at {info.fps:g} frames per second"
    )


def write_clip(space: VideoSpace, job: Job) -> None:
    """Complete a single clip, perhaps in several ways, at the full length of the space."""
    say_what_is_seen(job.video, job.seen_size, job.crop)
    frames, num_real = read_clip(space, job.video, size=job.seen_size, crop=job.crop)
    if num_real < len(frames):
        say_how_short(job.video, num_real, space)
    context = masked_clip(frames, num_real, job.observed_of)
    fps = probe(job.video).fps
    names = [f"{job.video.stem}-{index + 1}" for index in range(job.search.samples)]
    errors, seconds = [], 0.0

    def completed() -> Iterator[np.ndarray]:
        """One time step after another; asked for only when the file's name is known to be good."""
        nonlocal errors, seconds
        videos, found = complete_clips(
            space, [context], job.search, size=job.size, keep_detail=job.keep_detail
        )
        errors, seconds = found.context_l1.tolist(), found.seconds
        shown: list[Iterator[np.ndarray]] = [iter(video) for video in videos]
        if job.compare:
            truth = frames if job.show_truth and num_real == len(frames) else None
            shown = [side_by_side(frames, context.observed, video, truth) for video in videos]
        yield from (np.stack(step) for step in zip(*shown, strict=True))

    with sigterm_as_interrupt():
        write_video(job.out, completed(), fps=fps, num_frames=len(frames), names=names)
    for name, error in zip(names, errors, strict=True):
        print(f"{error:8.3f}  Context-L1 (0 to 100) of {name}")
    print(
        f"wrote {job.out}: {len(names)} x {len(frames)} frames of {job.size[0]}x{job.size[1]} px, "
        f"at {fps:g} frames per second, found in {seconds:.1f} s"
    )


def result_size(space: VideoSpace, text: str) -> tuple[int, int]:
    """Height and width from ``"192x256"``, or from a height alone in the space's proportions.

    Raises:
        UserError: The text is neither, or a side is zero.
    """
    height, width = parse_size(text)
    return space.render_size(height, None if text.strip().isdecimal() else width, None)[1:]


def say_what_is_seen(video: Path, seen_size: tuple[int, int], crop: str) -> None:
    """Tell of a video that is cropped or resized before it is looked at."""
    height, width = frame_size(video)
    top, left, rows, columns = parse_crop(crop) or center_region(height, width, *seen_size)
    if (rows, columns) == (height, width) == seen_size:
        return
    part = "" if (rows, columns) == (height, width) else f"{top},{left},{rows},{columns} of "
    print(f"{video}: {part}{height}x{width} px, looked at in {seen_size[0]}x{seen_size[1]}")


def say_how_short(video: Path, num_real: int, space: VideoSpace) -> None:
    """Tell of a video that is shorter than a clip."""
    print(
        f"{video}: {num_real} of {space.clip.num_frames} frames are there; the rest of the clip "
        "is not known"
    )


def _completed(space: VideoSpace, job: Job, kept: KeptParts) -> Iterator[np.ndarray]:
    """The frames to be written."""
    frames = frames_of(job.video, job.seen_size, crop=job.crop)
    complete = partial(
        complete_video, size=job.size, keep_detail=job.keep_detail, keep=kept.next_part
    )
    if not job.compare:
        return complete(space, frames, job.observed_of, job.search)
    # The copies lag behind by no more than the windows at hand.
    frames, shown, counted, true = itertools.tee(frames, 4)
    masks = (job.observed_of(time) for time, _ in enumerate(counted))
    result = complete(space, frames, job.observed_of, job.search)
    return side_by_side(shown, masks, result, true if job.show_truth else None)

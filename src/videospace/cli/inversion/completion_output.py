"""Completing a video and writing the result: shared by ``complete`` and ``upscale``."""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
import tyro
from tqdm import tqdm

from videospace.cli.inversion.partial_results import PartialResults, partial_results
from videospace.cli.rendering.options import shown_size
from videospace.clips.decoding.geometry import center_region, parse_crop, parse_size
from videospace.clips.decoding.one_clip import frames_of, read_one_clip
from videospace.clips.decoding.streams import ReadReport
from videospace.clips.decoding.video_input import frame_size, probe
from videospace.clips.writing import write_video
from videospace.inrv.completion.completion import complete_clips, complete_video
from videospace.inrv.inversion.inversion import InversionConfig
from videospace.inrv.inversion.masks import ObservedOf, masked_clip
from videospace.inrv.space.video_space import VideoSpace
from videospace.reports.comparison import side_by_side
from videospace.runtime.native_libraries import keep_freed_memory
from videospace.runtime.text import counted

InversionFlags = Annotated[InversionConfig, tyro.conf.arg(name="")]
"""The fields of InversionConfig as flags without a prefix."""

CONTEXT_L1 = "mean absolute error on the observed pixels, 0 to 100"
FAR_CONTEXT_L1, FAR_CONTEXT_L1_RATIO = 5, 4
"""A sample does not agree with the observed pixels if its Context-L1 is above the first number, and
above the second one times the Context-L1 of the best sample."""

Video = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="VIDEO")]
"""A video file, or a folder of images."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """A video to complete, and how to write the result."""

    video: Path
    out: Path
    observed_of: ObservedOf
    """Which pixels of each frame are observed."""
    input_size: tuple[int, int]
    """Height and width in px to which the video is cropped and resized."""
    size: tuple[int, int]
    """Height and width in px of the result."""
    inversion: InversionConfig
    command: object
    """The parsed command; its ``repr`` identifies the partial results of an interrupted run."""
    sources: tuple[Path, ...]
    """Input files: the video, and the mask if there is one."""
    crop: str = "center"
    back_projection: bool = True
    """Correct the render so that it agrees with the observed pixels."""
    compare: bool = False
    """Show the input, hatched where it is not observed, beside the output."""
    show_truth: bool = False
    """With ``compare``, also show the original video."""


def write_completed(space: VideoSpace, job: Job) -> None:
    """Complete a video of any length in windows, and write the frames as they are finished.

    After an interrupt the same command resumes with the windows that are finished.
    """
    keep_freed_memory()
    info = probe(job.video)
    print_input_size(job.video, job.input_size, job.crop)
    print_if_short(job.video, info.num_frames, space)
    num_written, report = 0, ReadReport()

    def written(frames: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        nonlocal num_written
        total = info.num_frames or None
        for frame in tqdm(frames, desc="completing", unit="frame", total=total, disable=None):
            yield frame[None]
            num_written += 1

    with partial_results(job.out, space, job.command, *job.sources) as results:
        write_video(job.out, written(_completed(space, job, results, report)), fps=info.fps)
    print_report(job.video, report)
    if results.context_l1:
        windows = counted(len(results.context_l1), "window")
        print(f"{median(results.context_l1):8.3f}  median Context-L1 of {windows} ({CONTEXT_L1})")
    print(
        f"wrote {job.out}: {num_written} frames of {job.size[0]}x{job.size[1]} px"
        f"{shown_size(job.out, 1, job.size)}, "
        f"at {info.fps:g} frames per second"
    )


def write_clip(space: VideoSpace, job: Job) -> None:
    """Complete one clip of the space's length, in one or several samples, and write it."""
    print_input_size(job.video, job.input_size, job.crop)
    report = ReadReport()
    frames, num_real = read_one_clip(
        job.video, space.clip.num_frames, job.input_size, crop=job.crop, report=report
    )
    print_if_short(job.video, num_real, space)
    print_report(job.video, report)
    context = masked_clip(frames, num_real, job.observed_of)
    fps = probe(job.video).fps
    names = [f"{job.video.stem}-{index + 1}" for index in range(job.inversion.samples)]
    errors, seconds = [], 0.0

    def completed() -> Iterator[np.ndarray]:
        """The frames of all samples, computed only after the output file could be opened."""
        nonlocal errors, seconds
        videos, found = complete_clips(
            space, [context], job.inversion, size=job.size, back_projection=job.back_projection
        )
        errors, seconds = found.context_l1.tolist(), found.seconds
        shown: list[Iterator[np.ndarray]] = [iter(video) for video in videos]
        if job.compare:
            truth = frames if job.show_truth and num_real == len(frames) else None
            shown = [side_by_side(frames, context.observed, video, truth) for video in videos]
        yield from (np.stack(step) for step in zip(*shown, strict=True))

    write_video(job.out, completed(), fps=fps, num_frames=len(frames), names=names)
    print_context_l1(names, errors)
    print(
        f"wrote {job.out}: {len(names)} x {len(frames)} frames of {job.size[0]}x{job.size[1]} px"
        f"{shown_size(job.out, len(names), job.size)}, "
        f"at {fps:g} frames per second, found in {seconds:.1f} s"
    )


def print_context_l1(names: Sequence[str], errors: Sequence[float]) -> None:
    """Print the Context-L1 of each latent, and mark those that are far worse than the best."""
    print(f"Context-L1 ({CONTEXT_L1}):")
    for name, error in zip(names, errors, strict=True):
        is_far_worse = error > FAR_CONTEXT_L1 and error > FAR_CONTEXT_L1_RATIO * min(errors)
        mark = "  does not agree with the observed pixels" if is_far_worse else ""
        print(f"{error:8.3f}  {name}{mark}")


def result_size(space: VideoSpace, text: str) -> tuple[int, int]:
    """Height and width from ``"192x256"``, or from a height alone in the space's proportions.

    Raises:
        UserError: The text is neither, or a side is zero.
    """
    height, width = parse_size(text)
    return space.render_size(height, None if text.strip().isdecimal() else width, None)[1:]


def print_input_size(video: Path, input_size: tuple[int, int], crop: str) -> None:
    """Print how a video is cropped and resized, if it is."""
    height, width = frame_size(video)
    top, left, rows, columns = parse_crop(crop) or center_region(height, width, *input_size)
    if (rows, columns) == (height, width) == input_size:
        return
    part = "" if (rows, columns) == (height, width) else f"{top},{left},{rows},{columns} of "
    print(f"{video}: {part}{height}x{width} px, resized to {input_size[0]}x{input_size[1]}")


def print_report(video: Path, report: ReadReport) -> None:
    """Print what is wrong with a video, if anything."""
    if said := report.describe():
        print(f"{video}: {said}")


def print_if_short(video: Path, num_real: int, space: VideoSpace) -> None:
    """Print that a video has fewer frames than a clip of the space, if so."""
    if num_real < space.clip.num_frames:
        print(
            f"{video}: {num_real} frames, fewer than the {space.clip.num_frames} of a clip; the "
            "rest of the clip is not observed"
        )


def _completed(
    space: VideoSpace, job: Job, results: PartialResults, report: ReadReport
) -> Iterator[np.ndarray]:
    """The frames to write: completed ones, or comparisons."""
    frames = frames_of(job.video, job.input_size, crop=job.crop, report=report)
    complete = partial(
        complete_video,
        size=job.size,
        back_projection=job.back_projection,
        run_batch=results.run_batch,
    )
    if not job.compare:
        return complete(space, frames, job.observed_of, job.inversion)
    # tee buffers no more frames than the windows that are inverted together.
    frames, shown, counted, true = itertools.tee(frames, 4)
    masks = (job.observed_of(time) for time, _ in enumerate(counted))
    result = complete(space, frames, job.observed_of, job.inversion)
    return side_by_side(shown, masks, result, true if job.show_truth else None)

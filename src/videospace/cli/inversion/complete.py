"""``videospace complete``."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from videospace.cli.arguments import parse
from videospace.cli.inversion.completion_output import (
    InversionFlags,
    Job,
    Video,
    result_size,
    write_clip,
    write_completed,
)
from videospace.cli.pretrained import with_pretrained
from videospace.cli.rendering.options import SpaceFolder
from videospace.clips.decoding.geometry import parse_crop
from videospace.clips.decoding.video_input import frame_size, probe
from videospace.inrv.inversion import tasks
from videospace.inrv.inversion.inversion import InversionConfig
from videospace.inrv.inversion.masks import (
    ObservedOf,
    observed_frames,
    observed_random_fraction,
    observed_region,
    read_mask,
)
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.device import choose_device
from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True)
class Complete:
    """Fill in the missing pixels of a video.

    A video that is longer than the space's clips is completed in windows that fade into each other.
    Prediction, and several samples, use its first clip only.
    """

    space: SpaceFolder
    """Folder of a space of such videos."""
    video: Video
    """Video file or folder of images."""
    out: Path
    """Output file; the suffix sets the format: .mp4, .webm, .gif, .png (contact sheet) or .npy.
    With several samples, a name without suffix is a folder with a file for each."""
    task: tasks.CompletionTask = "inpaint"
    """'inpaint': a region is hidden. 'predict': only the beginning is observed. 'interpolate': only
    some frames are observed. 'sparse': only a random fraction of the pixels is observed."""
    mask: Path | None = None
    """inpaint: image or video whose light pixels are hidden, in the proportions of the video or of
    the space's clips."""
    hide: str | None = None
    """inpaint: rectangle to hide, as top,left,height,width in px of the space's clips. Without
    --mask and --hide, the lower half is hidden."""
    observed: tuple[int, ...] = ()
    """predict: the number of observed frames (default: 4 of 25). interpolate: the observed frames,
    counted from 0 (default: first and last; in a long video, two in each clip)."""
    fraction: float = 0.25
    """sparse: fraction of the pixels that are observed."""
    size: str | None = None
    """Height and width to render, such as 192x256, or the height alone, which keeps the
    proportions. None is the size of the space's clips."""
    crop: str = "center"
    """Region of the picture: center, or top,left,height,width in px of the video."""
    back_projection: bool = True
    """Keep observed pixels as they are, and correct the others by interpolating the error of the
    render between observed frames."""
    compare: bool = False
    """Show side by side: the input, hatched where it is not observed, the output and the video."""
    device: str = "auto"
    """Where to compute: auto, cpu or cuda."""
    inversion: InversionFlags = InversionConfig()


def main(arguments: list[str]) -> None:
    """Parse the arguments, build the masks of the task, and complete the video."""
    command = parse(Complete, with_pretrained(arguments), "videospace complete")
    _require_used(command)
    space = VideoSpace.from_pretrained(command.space, choose_device(command.device))
    own_size = space.clip.height, space.clip.width
    num_frames = probe(command.video).num_frames
    job = Job(
        video=command.video,
        out=command.out,
        observed_of=OBSERVED[command.task](command, own_size, num_frames, space.clip.num_frames),
        input_size=own_size,
        size=own_size if command.size is None else result_size(space, command.size),
        inversion=command.inversion,
        command=command,
        sources=(command.video, *([command.mask] if command.mask else [])),
        crop=command.crop,
        back_projection=command.back_projection,
        compare=command.compare,
        show_truth=True,
    )
    one_clip = command.task == "predict" or command.inversion.samples > 1
    if one_clip and num_frames > space.clip.num_frames and command.task != "predict":
        print(f"several samples: only the first {space.clip.num_frames} frames are completed")
    (write_clip if one_clip else write_completed)(space, job)


def _require_used(command: Complete) -> None:
    """Refuse options that belong to another task, since they would have no effect."""
    if command.task != "inpaint" and (command.mask or command.hide):
        raise UserError(f"--mask and --hide belong to --task inpaint, not to {command.task}")
    if command.task not in ("predict", "interpolate") and command.observed:
        raise UserError(
            f"--observed belongs to --task predict or interpolate, not to {command.task}"
        )
    if command.task != "sparse" and command.fraction != Complete.fraction:
        raise UserError(f"--fraction belongs to --task sparse, not to {command.task}")


def _inpaint(
    command: Complete, size: tuple[int, int], num_frames: int, clip_frames: int
) -> ObservedOf:
    if command.mask and command.hide:
        raise UserError("expected --mask or --hide, got both")
    if command.mask:
        picture = frame_size(command.video)
        hidden = read_mask(command.mask, size, picture=picture, crop=command.crop)
        print(f"{command.mask}: hides {hidden.mean():.0%} of {size[0]}x{size[1]} px")
        return observed_region(hidden)
    if command.hide is None:
        return observed_region(tasks.lower_half(size))
    region = parse_crop(command.hide)
    if region is None:
        raise UserError("expected --hide top,left,height,width, got 'center'")
    return observed_region(tasks.rectangle(size, *region))


def _predict(
    command: Complete, size: tuple[int, int], num_frames: int, clip_frames: int
) -> ObservedOf:
    if len(command.observed) > 1 or (command.observed and command.observed[0] < 1):
        raise UserError("expected one number of observed frames, 1 or more, such as --observed 4")
    num_observed = (
        command.observed[0] if command.observed else tasks.published_beginning(clip_frames)
    )
    if num_observed > clip_frames:
        raise UserError(
            f"expected 1 to {clip_frames} observed frames, as the space's clips have, "
            f"got {num_observed}"
        )
    return observed_frames(size, lambda time: time < num_observed)


def _interpolate(
    command: Complete, size: tuple[int, int], num_frames: int, clip_frames: int
) -> ObservedOf:
    if command.observed:
        bad = [frame for frame in command.observed if not -num_frames <= frame < num_frames]
        if bad:
            raise UserError(f"expected observed frames from 0 to {num_frames - 1}, got {bad}")
        observed = {frame % num_frames for frame in command.observed}
    elif num_frames <= clip_frames:
        observed = {0, num_frames - 1}
    else:
        observed = {*range(0, num_frames, max(1, clip_frames // 2)), num_frames - 1}
    return observed_frames(size, observed.__contains__)


def _sparse(
    command: Complete, size: tuple[int, int], num_frames: int, clip_frames: int
) -> ObservedOf:
    return observed_random_fraction(size, command.fraction, command.inversion.seed)


OBSERVED: dict[
    tasks.CompletionTask, Callable[[Complete, tuple[int, int], int, int], ObservedOf]
] = {
    "inpaint": _inpaint,
    "predict": _predict,
    "interpolate": _interpolate,
    "sparse": _sparse,
}
"""For each task, the function that builds its masks."""

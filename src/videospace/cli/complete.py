"""``videospace complete``."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from videospace.cli.arguments import parse
from videospace.cli.completing import (
    Job,
    Search,
    Video,
    result_size,
    write_clip,
    write_completed,
)
from videospace.cli.pretrained import with_pretrained
from videospace.cli.rendering import SpaceFolder
from videospace.clips.decoding.geometry import parse_crop
from videospace.clips.decoding.video_input import probe
from videospace.inrv.inversion import tasks
from videospace.inrv.inversion.inversion import InversionConfig
from videospace.inrv.inversion.masks import (
    ObservedOf,
    observed_frames,
    observed_region,
    observed_share,
    read_mask,
)
from videospace.inrv.inversion.video_clips import frame_size
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.device import choose_device
from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True)
class Complete:
    """Fill in what a video does not show.

    A video of more frames than the space's clips is completed in windows that fade into each other;
    prediction, and several samples, take its first clip.
    """

    space: SpaceFolder
    """Folder of a space of such videos."""
    video: Video
    """Video file or folder of images."""
    out: Path
    """File to write, chosen by its suffix: .mp4, .webm, .gif, .png (contact sheet) or .npy; with
    several samples, a name without suffix is a folder with a file for each."""
    task: Literal["inpaint", "predict", "interpolate", "sparse"] = "inpaint"
    """'inpaint': a region is hidden. 'predict': only the beginning is seen. 'interpolate': only
    some frames are seen. 'sparse': only some pixels are seen."""
    mask: Path | None = None
    """inpaint: image or video whose light pixels are hidden, in the proportions of the video or of
    the space's clips."""
    hide: str | None = None
    """inpaint: rectangle to hide, as top,left,height,width in px of the space's clips. Without
    either, the lower half is hidden."""
    seen: tuple[int, ...] = ()
    """predict: how many frames are seen (a number; default 4 of 25). interpolate: which frames are
    seen, counted from 0 (default: first and last, or of a long video two in each clip)."""
    fraction: float = 0.25
    """sparse: fraction of the pixels that are seen."""
    size: str | None = None
    """Height and width to render, such as 192x256, or the height alone, which keeps the
    proportions; None is the space's own."""
    crop: str = "center"
    """The part of the picture to take: center, or top,left,height,width in px of the video."""
    keep_detail: bool = True
    """Keep what is seen as it is, and carry the detail of it that the space misses through time."""
    compare: bool = False
    """Show the input, hatched where it is not seen, the output and the video side by side."""
    device: str = "auto"
    """Where to compute: auto, cpu or cuda."""
    search: Search = InversionConfig()


def main(arguments: list[str]) -> None:
    """Parse, find out what is seen, complete."""
    command = parse(Complete, with_pretrained(arguments), "videospace complete")
    _require_used(command)
    space = VideoSpace.from_pretrained(command.space, choose_device(command.device))
    own_size = space.clip.height, space.clip.width
    num_frames = probe(command.video).num_frames
    job = Job(
        video=command.video,
        out=command.out,
        observed_of=OBSERVED[command.task](command, own_size, num_frames, space.clip.num_frames),
        seen_size=own_size,
        size=own_size if command.size is None else result_size(space, command.size),
        search=command.search,
        command=command,
        sources=(command.video, *([command.mask] if command.mask else [])),
        crop=command.crop,
        keep_detail=command.keep_detail,
        compare=command.compare,
        show_truth=True,
    )
    one_clip = command.task == "predict" or command.search.samples > 1
    if one_clip and num_frames > space.clip.num_frames and command.task != "predict":
        print(f"several samples: only the first {space.clip.num_frames} frames are completed")
    (write_clip if one_clip else write_completed)(space, job)


def _require_used(command: Complete) -> None:
    """Refuse options of another task, which would change nothing."""
    if command.task != "inpaint" and (command.mask or command.hide):
        raise UserError(f"--mask and --hide belong to --task inpaint, not to {command.task}")
    if command.task not in ("predict", "interpolate") and command.seen:
        raise UserError(f"--seen belongs to --task predict or interpolate, not to {command.task}")
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
    if len(command.seen) > 1 or (command.seen and command.seen[0] < 1):
        raise UserError("expected one number of seen frames, 1 or more, such as --seen 4")
    num_seen = command.seen[0] if command.seen else tasks.published_beginning(clip_frames)
    if num_seen > clip_frames:
        raise UserError(
            f"expected 1 to {clip_frames} seen frames, as the space's clips have, got {num_seen}"
        )
    return observed_frames(size, lambda time: time < num_seen)


def _interpolate(
    command: Complete, size: tuple[int, int], num_frames: int, clip_frames: int
) -> ObservedOf:
    if command.seen:
        bad = [frame for frame in command.seen if not -num_frames <= frame < num_frames]
        if bad:
            raise UserError(f"the video has {num_frames} frames, 0 to {num_frames - 1}; got {bad}")
        seen = {frame % num_frames for frame in command.seen}
    elif num_frames <= clip_frames:
        seen = {0, num_frames - 1}
    else:
        seen = {*range(0, num_frames, max(1, clip_frames // 2)), num_frames - 1}
    return observed_frames(size, seen.__contains__)


def _sparse(
    command: Complete, size: tuple[int, int], num_frames: int, clip_frames: int
) -> ObservedOf:
    return observed_share(size, command.fraction, command.search.seed)


OBSERVED: dict[str, Callable[[Complete, tuple[int, int], int, int], ObservedOf]] = {
    "inpaint": _inpaint,
    "predict": _predict,
    "interpolate": _interpolate,
    "sparse": _sparse,
}
"""What is seen of each frame, by task."""

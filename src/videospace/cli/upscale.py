"""``videospace upscale``."""

import dataclasses
from pathlib import Path

import numpy as np

from videospace.cli.arguments import parse
from videospace.cli.completing import Job, Search, Video, result_size, write_completed
from videospace.cli.pretrained import with_pretrained
from videospace.cli.rendering import SpaceFolder
from videospace.clips.decoding.geometry import center_region
from videospace.inrv.inversion.inversion import InversionConfig
from videospace.inrv.inversion.video_clips import frame_size
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.device import choose_device


@dataclasses.dataclass(frozen=True)
class Upscale:
    """Render a video, of any length, at a higher resolution."""

    space: SpaceFolder
    """Folder of a space of such videos."""
    video: Video
    """Video file or folder of images, smaller than the clips of the space or as large; its largest
    centered part of their proportions is taken."""
    out: Path
    """File to write, chosen by its suffix: .mp4, .webm, .gif, .png (contact sheet) or .npy."""
    size: str = "256"
    """Height and width to render, such as 192x256, or the height alone, which keeps the
    proportions of the space's clips."""
    keep_detail: bool = True
    """Keep what is seen as it is, and carry the detail of it that the space misses through time."""
    compare: bool = False
    """Show the input beside the output."""
    device: str = "auto"
    """Where to compute: auto, cpu or cuda."""
    search: Search = InversionConfig()


def main(arguments: list[str]) -> None:
    """Parse, and complete the video from its coarse frames."""
    command = parse(Upscale, with_pretrained(arguments), "videospace upscale")
    space = VideoSpace.from_pretrained(command.space, choose_device(command.device))
    clip = space.clip.height, space.clip.width
    _, _, height, width = center_region(*frame_size(command.video), *clip)
    seen_size = min(height, clip[0]), min(width, clip[1])
    job = Job(
        video=command.video,
        out=command.out,
        observed_of=lambda time: np.ones(seen_size, bool),
        seen_size=seen_size,
        size=result_size(space, command.size),
        search=command.search,
        command=command,
        sources=(command.video,),
        keep_detail=command.keep_detail,
        compare=command.compare,
    )
    write_completed(space, job)

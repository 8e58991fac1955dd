"""``videospace upscale``."""

import dataclasses
from pathlib import Path

import numpy as np

from videospace.cli.arguments import parse
from videospace.cli.inversion.completion_output import (
    InversionFlags,
    Job,
    Video,
    result_size,
    write_completed,
)
from videospace.cli.pretrained import with_pretrained
from videospace.cli.rendering.options import SpaceFolder
from videospace.clips.decoding.geometry import center_region
from videospace.clips.decoding.video_input import frame_size
from videospace.inrv.inversion.inversion import InversionConfig
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.device import choose_device


@dataclasses.dataclass(frozen=True)
class Upscale:
    """Render a video of any length at a higher resolution."""

    space: SpaceFolder
    """Folder of a space of such videos."""
    video: Video
    """Video file or folder of images, at most as large as the clips of the space. It is cropped to
    their proportions around its center."""
    out: Path
    """Output file; the suffix sets the format: .mp4, .webm, .gif, .png (contact sheet) or .npy."""
    size: str = "256"
    """Height and width to render, such as 192x256, or the height alone, which keeps the
    proportions of the space's clips."""
    back_projection: bool = True
    """Correct the render so that it agrees with the input when it is scaled down again."""
    compare: bool = False
    """Show the input beside the output."""
    device: str = "auto"
    """Where to compute: auto, cpu or cuda."""
    inversion: InversionFlags = InversionConfig()


def main(arguments: list[str]) -> None:
    """Parse the arguments, and complete the video from its coarse frames."""
    command = parse(Upscale, with_pretrained(arguments), "videospace upscale")
    space = VideoSpace.from_pretrained(command.space, choose_device(command.device))
    clip = space.clip.height, space.clip.width
    _, _, height, width = center_region(*frame_size(command.video), *clip)
    input_size = min(height, clip[0]), min(width, clip[1])
    size = result_size(space, command.size)
    if (height, width) != input_size:
        print(
            f"warning: {height}x{width} px is larger than the clips of the space: the video is "
            f"shrunk to {input_size[0]}x{input_size[1]} px first, and its detail is lost"
        )
    if size[0] < height or size[1] < width:
        print(
            f"warning: the result, {size[0]}x{size[1]} px, is smaller than the video, "
            f"{height}x{width} px: choose a larger --size to enlarge it"
        )
    job = Job(
        video=command.video,
        out=command.out,
        observed_of=lambda time: np.ones(input_size, bool),
        input_size=input_size,
        size=size,
        inversion=command.inversion,
        command=command,
        sources=(command.video,),
        back_projection=command.back_projection,
        compare=command.compare,
    )
    write_completed(space, job)

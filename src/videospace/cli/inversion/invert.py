"""``videospace invert``."""

import dataclasses
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from videospace.cli.arguments import parse
from videospace.cli.inversion.completion_output import (
    InversionFlags,
    print_context_l1,
    print_if_short,
    print_input_size,
    print_report,
)
from videospace.cli.inversion.partial_results import partial_results
from videospace.cli.pretrained import with_pretrained
from videospace.cli.rendering.options import SpaceFolder
from videospace.clips.decoding.one_clip import read_one_clip
from videospace.clips.decoding.streams import ReadReport
from videospace.clips.decoding.video_input import probe
from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.inversion import InversionConfig, invert
from videospace.inrv.inversion.masks import masked_clip
from videospace.inrv.space.latent_files import LatentFile, check_suffix, save_latents
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.device import choose_device
from videospace.runtime.errors import UserError
from videospace.runtime.native_libraries import keep_freed_memory
from videospace.runtime.text import counted


@dataclasses.dataclass(frozen=True)
class Invert:
    """Find the latents of videos that the space was not trained on, and write them to a file.

    'reconstruct' and 'interpolate' accept the file in place of a clip id.
    """

    space: SpaceFolder
    """Folder of the space."""
    videos: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="VIDEO...")]
    """Video files or folders of images; one clip of the space's length is taken from each."""
    out: Path
    """Output file for the latents, .npz."""
    first: int = 0
    """First frame of the clip."""
    crop: str = "center"
    """Region of the picture: center, or top,left,height,width in px."""
    device: str = "auto"
    """Where to compute: auto, cpu or cuda."""
    inversion: InversionFlags = InversionConfig()


def main(arguments: list[str]) -> None:
    """Parse the arguments, read the videos, invert them, and write the latents."""
    command = parse(Invert, with_pretrained(arguments), "videospace invert")
    if not command.videos:
        raise UserError("expected at least one video to invert, got none")
    check_suffix(command.out)
    space = VideoSpace.from_pretrained(command.space, choose_device(command.device))
    clips = [_clip(space, path, command) for path in command.videos]
    names = _names(command.videos, command.inversion.samples)
    rates = {probe(path).fps for path in command.videos}
    fps = rates.pop() if len(rates) == 1 else None
    with partial_results(command.out, space, command, *command.videos) as results:
        keep_freed_memory()
        found = invert(space, clips, command.inversion, run_batch=results.run_batch, progress=True)
        content = LatentFile(
            latents=found.latents, names=names, weight_offsets=found.weight_offsets, fps=fps
        )
        save_latents(command.out, content, space)
    print_context_l1(names, found.context_l1.tolist())
    print(
        f"wrote {command.out}: {counted(len(names), 'latent')}, found in {found.steps} steps and "
        f"{found.seconds:.1f} s"
    )


def _clip(space: VideoSpace, path: Path, command: Invert) -> Context:
    """The clip of a video as a context: every frame that the video has is observed."""
    size = space.clip.height, space.clip.width
    print_input_size(path, size, command.crop)
    report = ReadReport()
    frames, num_real = read_one_clip(
        path, space.clip.num_frames, size, crop=command.crop, first=command.first, report=report
    )
    print_if_short(path, num_real, space)
    print_report(path, report)
    return masked_clip(frames, num_real, lambda time: np.ones(size, bool))


def _names(paths: tuple[Path, ...], samples: int) -> list[str]:
    """A name for each latent: the file's stem, with a number where it is not unique."""
    stems = [path.stem for path in paths]
    names = [
        stem if stems.count(stem) == 1 else f"{stem}-{stems[:index].count(stem) + 1}"
        for index, stem in enumerate(stems)
    ]
    if samples == 1:
        return names
    return [f"{name}-{sample + 1}" for name in names for sample in range(samples)]

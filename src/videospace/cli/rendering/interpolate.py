"""``videospace interpolate``."""

import dataclasses
from pathlib import Path
from typing import Annotated, Literal

import tyro

from videospace.cli.arguments import parse
from videospace.cli.pretrained import with_pretrained
from videospace.cli.rendering.options import (
    Render,
    RenderOptions,
    SpaceFolder,
    open_space,
    render_to_file,
)
from videospace.inrv.space.named_latents import find_latent, find_latents


@dataclasses.dataclass(frozen=True)
class Interpolate:
    """Render an interpolation between two clips, both included.

    A clip is given by its id, or by a latent file of this space: FILE.npz, or FILE.npz:NAME or
    FILE.npz:3 (from 0) for a file with several latents. Only the latents are used: refined weights
    in a file are ignored, because the clips in between have none.
    """

    space: SpaceFolder
    """Folder of the space."""
    start: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="A")]
    """Id or latent file of the first clip; 'videospace info SPACE --ids' lists the ids."""
    end: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="B")]
    """Id or latent file of the last clip."""
    out: Path
    """File to write. The suffix chooses the format: .mp4, .webm, .gif, .png (contact sheet) or
    .npy; a name without suffix is a folder with a file for each step."""
    steps: int = 9
    """Clips to render, both ends included."""
    path: Literal["slerp", "lerp"] = "slerp"
    """'slerp': along the arc, as published. 'lerp': along the straight line."""
    render: Render = RenderOptions()


def main(arguments: list[str]) -> None:
    """Parse the arguments, interpolate, and render."""
    command = parse(Interpolate, with_pretrained(arguments), "videospace interpolate")
    space = open_space(command.space, command.render)
    start, end = find_latent(space, command.start), find_latent(space, command.end)
    latents = space.interpolate(start, end, steps=command.steps, path=command.path)
    render_to_file(
        space,
        latents,
        command.out,
        command.render,
        names=[f"step-{index:03d}" for index in range(command.steps)],
        clip_fps=find_latents(space, [command.start, command.end]).fps,
    )

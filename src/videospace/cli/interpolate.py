"""``videospace interpolate``."""

import dataclasses
from pathlib import Path
from typing import Annotated, Literal

import tyro

from videospace.cli.rendering import Render, RenderOptions, SpaceFolder, open_space, render_to_file


@dataclasses.dataclass(frozen=True)
class Interpolate:
    """Render the way from one clip to another, both included."""

    space: SpaceFolder
    """Folder of the space."""
    start: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="A")]
    """Id of the first clip; 'videospace info SPACE --ids' lists them."""
    end: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="B")]
    """Id of the last clip."""
    out: Path
    """File to write, chosen by its suffix: .mp4, .webm, .gif, .png (contact sheet) or .npy; a
    name without suffix is a folder with a file for each step."""
    steps: int = 9
    """Clips to render, both ends included."""
    path: Literal["slerp", "lerp"] = "slerp"
    """Along the arc, as published, or along the straight line."""
    render: Render = RenderOptions()


def main(arguments: list[str]) -> None:
    """Parse, interpolate, render."""
    command = tyro.cli(Interpolate, args=arguments, prog="videospace interpolate")
    space = open_space(command.space, command.render)
    latents = space.interpolate(command.start, command.end, steps=command.steps, path=command.path)
    names = [f"step-{index:03d}" for index in range(command.steps)]
    render_to_file(space, latents, command.out, command.render, names=names)

"""``videospace mix``."""

import dataclasses
from pathlib import Path
from typing import Annotated

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
class Mix:
    """Render what one clip shows with the motion of another.

    The space has to keep what stays apart from what changes: train it with
    --model.latent.constant-width 512 --model.latent.width 64, or with tracks. A clip is given by
    its id, or by a latent file of this space, as for 'videospace interpolate'.
    """

    space: SpaceFolder
    """Folder of the space."""
    shown: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="A")]
    """Id or latent file of the clip that is shown."""
    moving: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="B")]
    """Id or latent file of the clip whose motion it takes on."""
    out: Path
    """File to write. The suffix chooses the format: .mp4, .webm, .gif, .png (contact sheet) or
    .npy."""
    render: Render = RenderOptions()


def main(arguments: list[str]) -> None:
    """Parse the arguments, mix, and render."""
    command = parse(Mix, with_pretrained(arguments), "videospace mix")
    space = open_space(command.space, command.render)
    shown, moving = find_latent(space, command.shown), find_latent(space, command.moving)
    render_to_file(
        space,
        space.mix(shown, moving)[None],
        command.out,
        command.render,
        names=["mix"],
        clip_fps=find_latents(space, [command.shown, command.moving]).fps,
    )

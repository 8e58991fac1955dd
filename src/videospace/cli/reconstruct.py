"""``videospace reconstruct``."""

import dataclasses
from pathlib import Path

import torch
import tyro

from videospace.cli.rendering import Render, RenderOptions, SpaceFolder, open_space, render_to_file
from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True)
class Reconstruct:
    """Render training clips from their latents, at any size, length and frame rate."""

    space: SpaceFolder
    """Folder of the space."""
    out: Path
    """File to write, chosen by its suffix: .mp4, .webm, .gif, .png (contact sheet) or .npy; a
    name without suffix is a folder with a file for each clip."""
    clips: tuple[str, ...] = ()
    """Ids of clips; none means --count of them, evenly spread."""
    count: int = 8
    """How many clips if none is named."""
    render: Render = RenderOptions()


def main(arguments: list[str]) -> None:
    """Parse, find the latents, render."""
    command = tyro.cli(Reconstruct, args=arguments, prog="videospace reconstruct")
    space = open_space(command.space, command.render)
    if command.count < 1:
        raise UserError(f"expected --count of at least 1, came {command.count}")
    count = min(command.count, len(space.ids))
    spread = [space.ids[index * len(space.ids) // count] for index in range(count)]
    ids = list(command.clips) or spread
    latents = torch.stack([space.latent(clip_id) for clip_id in ids])
    render_to_file(space, latents, command.out, command.render, names=ids)

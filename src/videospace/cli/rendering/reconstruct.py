"""``videospace reconstruct``."""

import dataclasses
from pathlib import Path

from videospace.cli.arguments import parse
from videospace.cli.pretrained import with_pretrained
from videospace.cli.rendering.options import (
    Render,
    RenderOptions,
    SpaceFolder,
    open_space,
    render_to_file,
)
from videospace.inrv.space.moved_tracks import TrackMove, moved_path
from videospace.inrv.space.named_latents import find_latents
from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True)
class Reconstruct:
    """Render clips from their latents, at any size, length and frame rate."""

    space: SpaceFolder
    """Folder of the space."""
    out: Path
    """File to write. The suffix chooses the format: .mp4, .webm, .gif, .png (contact sheet) or
    .npy; a name without suffix is a folder with a file for each clip."""
    clips: tuple[str, ...] = ()
    """Clip ids and latent files of this space: FILE.npz stands for all its latents, FILE.npz:NAME
    or FILE.npz:3 (from 0) for one of them, with refined weights if the file has them. If none is
    given, --count clips of the space are rendered, evenly spread."""
    count: int = 8
    """How many clips to render if none is given."""
    move: tuple[str, ...] = ()
    """Moves of tracks in all clips, in a space that has tracks: TRACK,DOWN,RIGHT for a whole path,
    or TRACK,DOWN,RIGHT,TIME,REACH for what is nearer to TIME than REACH. Tracks count from 0. A
    frame is 2 high and 2 wide; times go from -1, the first frame, to 1, the last."""
    mean: bool = False
    """Render one clip, the mean of these latents, in place of each; without refined weights."""
    render: Render = RenderOptions()


def main(arguments: list[str]) -> None:
    """Parse the arguments, find the latents, and render."""
    command = parse(Reconstruct, with_pretrained(arguments), "videospace reconstruct")
    space = open_space(command.space, command.render)
    if command.count < 1:
        raise UserError(f"expected --count of at least 1, got {command.count}")
    count = min(command.count, len(space.ids))
    spread = [space.ids[index * len(space.ids) // count] for index in range(count)]
    clips = find_latents(space, command.clips or spread)
    latents = clips.latents
    if command.mean:
        latents = space.mean(latents)[None]
    for move in map(TrackMove.from_text, command.move):
        latents = moved_path(latents, move, space.model.config.latent)
    render_to_file(
        space,
        latents,
        command.out,
        command.render,
        names=["mean"] if command.mean else clips.names,
        weight_offsets=None if command.mean else clips.weight_offsets,
        clip_fps=clips.fps,
    )

"""``videospace sample``."""

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
from videospace.inrv.space.sampling import SamplingMethod, nearest_latent
from videospace.runtime.text import escaped


@dataclasses.dataclass(frozen=True)
class Sample:
    """Render new videos, and print how far each is from its nearest training clip."""

    space: SpaceFolder
    """Folder of the space."""
    out: Path
    """File to write. The suffix chooses the format: .mp4, .webm, .gif, .png (contact sheet) or
    .npy; a name without suffix is a folder with a file for each sample."""
    method: SamplingMethod = "slerp"
    """'slerp': on the arc between two random clips, as published. 'lerp': on the straight line
    between them. 'gaussian': from a Gaussian fitted to all latents. 'flow': by what
    'videospace prior' has learned."""
    count: int = 9
    """Number of videos."""
    seed: int = 0
    """The same seed gives the same samples."""
    steps: int = 20
    """Steps of the flow; more are slower and more exact."""
    truncation: float = 1.0
    """Standard deviation of the noise from which the flow starts; below 1, samples are more usual
    and differ less."""
    like: str | None = None
    """A training clip that the samples of the flow resemble."""
    likeness: float = 0.5
    """How much they resemble it, from 0 to below 1."""
    render: Render = RenderOptions()


def main(arguments: list[str]) -> None:
    """Parse the arguments, sample, render, and print the nearest training clips."""
    command = parse(Sample, with_pretrained(arguments), "videospace sample")
    space = open_space(command.space, command.render)
    latents = space.sample(
        command.count,
        method=command.method,
        seed=command.seed,
        steps=command.steps,
        truncation=command.truncation,
        like=command.like,
        likeness=command.likeness,
    )
    names = [f"sample-{index:03d}" for index in range(command.count)]
    render_to_file(space, latents, command.out, command.render, names=names)
    rows, distances = nearest_latent(space.latents, latents)
    print(
        "nearest training clip, and distance "
        "(1 is the mean distance from a clip to its nearest neighbor)"
    )
    for name, row, distance in zip(names, rows.tolist(), distances.tolist(), strict=True):
        print(f"  {name}  {escaped(space.ids[row])}  {distance:.2f}")

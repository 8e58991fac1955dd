"""``videospace compare``."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated

import tyro
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

from videospace.baselines.compared_videos import ComparedVideos, RenderMethod, open_videos
from videospace.cli.arguments import parse
from videospace.metrics.distribution.clip_features import ClipFeatures
from videospace.metrics.distribution.comparison import compare_features, comparison_text
from videospace.metrics.distribution.image_network import ImageNetwork
from videospace.runtime.checkpoint import save_json
from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True)
class Compare:
    """Measure how near generated videos are to real ones, as a set.

    Prints the Fréchet distance of their features, precision, recall, density, coverage and novelty,
    each beside its floor: the same figure of real videos against other real ones. Needs the extra
    'generation', which brings a network that was trained on ImageNet.
    """

    real: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="REAL")]
    """A store, a folder of videos, or a space. Of a store with held-out clips, the others are
    compared, and the held-out ones tell how new samples are."""
    generated: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="GENERATED")]
    """A space, a store, or a folder of videos."""
    method: RenderMethod = "gaussian"
    """How a space makes videos: 'reconstruction' of its clips, or samples by a method of
    'videospace sample'."""
    count: int = 512
    """The most videos of each kind."""
    frames: int = 16
    """Frames of each video that are compared, from its start."""
    seed: int = 0
    """Of samples and of the splits over which figures are repeated."""
    json: Path | None = None
    """Also write the figures to this JSON file."""
    weights: Path | None = None
    """Weights of EfficientNet-Lite0 as they are published; None takes those of the extra."""


def main(arguments: list[str]) -> None:
    """Parse the arguments, compare, and print the table."""
    command = parse(Compare, arguments, "videospace compare")
    if command.frames < 2 or command.count < 1:
        raise UserError(
            "expected --frames of at least 2 and --count of at least 1, "
            f"got {command.frames} and {command.count}"
        )
    if command.json and not command.json.parent.is_dir():
        raise UserError(
            f"cannot write '{command.json}': there is no folder '{command.json.parent}', make it"
        )
    features = ClipFeatures(ImageNetwork(command.weights))
    real, generated = (
        open_videos(source, command.method, command.count, command.frames, command.seed)
        for source in (command.real, command.generated)
    )
    if real.num_frames != generated.num_frames:
        raise UserError(
            f"expected videos of as many frames, got {real.num_frames} and "
            f"{generated.num_frames}: set --frames {min(real.num_frames, generated.num_frames)}"
        )

    def measure(videos: ComparedVideos, name: str) -> Float[Tensor, "clip feature"]:
        total = videos.num_batches
        return features(
            iter(tqdm(videos.batches, desc=name, total=total, unit="batch", disable=None))
        )

    found = compare_features(
        measure(real, "real videos"),
        measure(generated, "generated videos"),
        measure(real.held_out, "held-out videos") if real.held_out else None,
        seed=command.seed,
    )
    print(comparison_text(found))
    if command.json:
        save_json(command.json, found.as_json())
        print(f"wrote {command.json}")
    elif not sys.stdout.isatty():  # for programs that read the last line
        print(json.dumps(found.as_json()))

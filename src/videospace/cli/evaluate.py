"""``videospace evaluate``."""

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import tyro

from videospace.cli.rendering import SpaceFolder
from videospace.inrv.evaluation import evaluate
from videospace.inrv.space import VideoSpace
from videospace.runtime.checkpoint import save_json
from videospace.runtime.device import choose_device

MEANINGS = {
    "num_clips": "clips compared",
    "psnr_db": "PSNR in dB, all pixels",
    "psnr_moving_db": "PSNR in dB, moving pixels",
    "ssim": "SSIM",
    "root_mean_square_error": "E of the thesis (Eq. 3.6), in grey levels",
}


@dataclasses.dataclass(frozen=True)
class Evaluate:
    """Reconstruct the clips of a store from their latents, and compare."""

    space: SpaceFolder
    """Folder of the space."""
    store: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="STORE")]
    """Folder with the original clips."""
    max_clips: int | None = None
    """Compare only so many, evenly spread; None compares all."""
    json: Path | None = None
    """Also write the scores, clip by clip, to this JSON file."""
    device: str = "auto"
    """Where to compute: auto, cpu or cuda."""


def main(arguments: list[str]) -> None:
    """Parse, evaluate, print."""
    command = tyro.cli(Evaluate, args=arguments, prog="videospace evaluate")
    space = VideoSpace.from_pretrained(command.space, choose_device(command.device))
    evaluation = evaluate(space, command.store, max_clips=command.max_clips)
    summary = evaluation.summary()
    for name, meaning in MEANINGS.items():
        value = summary[name]
        shown = "–" if value is None else f"{value:.4g}" if isinstance(value, float) else value
        print(f"{shown:>8}  {meaning}")
    if evaluation.num_unknown:
        print(f"{evaluation.num_unknown} clips of the store have no latent in this space")
    if command.json:
        save_json(command.json, {**summary, "clips": evaluation.per_clip()})
        print(f"wrote {command.json}")
    else:
        print(json.dumps(summary))

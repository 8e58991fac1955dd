"""``videospace evaluate``."""

import dataclasses
import json
from pathlib import Path
from typing import Annotated, Literal

import tyro

from videospace.cli.completing import Search
from videospace.cli.rendering import SpaceFolder
from videospace.clips.clip_store import ClipStore
from videospace.inrv.evaluation import evaluate
from videospace.inrv.inversion import InversionConfig
from videospace.inrv.space import VideoSpace
from videospace.inrv.tasks import PUBLISHED_TASKS
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
    """Reconstruct the clips of a store from their latents, and compare.

    With --tasks: complete the clips that the space was not trained on, beside what people would use
    instead, with 95 % intervals.
    """

    space: SpaceFolder
    """Folder of the space."""
    store: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="STORE")]
    """Folder with the original clips."""
    tasks: tuple[
        Literal["all", "invert", "inpaint", "predict", "interpolate", "sparse", "upscale"], ...
    ] = ()
    """Tasks to measure, each with its published context; 'all' is all of them."""
    baselines: Literal["all", "none"] = "all"
    """Alternatives to measure beside them; some need the extra 'baselines'."""
    max_clips: int | None = None
    """Compare only so many, evenly spread; None compares all."""
    json: Path | None = None
    """Also write the scores, clip by clip, to this JSON file."""
    device: str = "auto"
    """Where to compute: auto, cpu or cuda."""
    search: Search = InversionConfig()


def main(arguments: list[str]) -> None:
    """Parse, evaluate, print."""
    command = tyro.cli(Evaluate, args=arguments, prog="videospace evaluate")
    space = VideoSpace.from_pretrained(command.space, choose_device(command.device))
    if command.tasks:
        _tasks(command, space)
        return
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


def _tasks(command: Evaluate, space: VideoSpace) -> None:
    """The table of tasks."""
    from videospace.baselines.table import table_text, task_table  # SciPy takes its time

    rows = task_table(
        space,
        ClipStore.open(command.store),
        tasks=tuple(task for task in PUBLISHED_TASKS if {task, "all"} & set(command.tasks)),
        with_baselines=command.baselines == "all",
        max_clips=command.max_clips,
        config=command.search,
    )
    print(table_text(rows))
    if command.json:
        save_json(command.json, {"rows": [row.as_json() for row in rows]})
        print(f"wrote {command.json}")

"""``videospace evaluate``."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import tyro

from videospace.cli.arguments import parse
from videospace.cli.inversion.completion_output import InversionFlags
from videospace.cli.pretrained import with_pretrained
from videospace.cli.rendering.options import SpaceFolder
from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.inversion.inversion import InversionConfig
from videospace.inrv.inversion.tasks import PUBLISHED_TASKS, Task
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.evaluation import evaluate
from videospace.metrics.face_embedders import DeepFaceEmbedder, DlibFaceEmbedder
from videospace.metrics.perceptual import Lpips
from videospace.runtime.checkpoint import save_json
from videospace.runtime.device import choose_device
from videospace.runtime.errors import UserError
from videospace.runtime.interrupts import stop_on_signal
from videospace.runtime.text import counted

FACES = {"dlib": DlibFaceEmbedder, "deepface": DeepFaceEmbedder}
LABELS = {
    "num_clips": "clips compared",
    "psnr_db": "PSNR in dB, all pixels",
    "psnr_moving_db": "PSNR in dB, moving pixels",
    "ssim": "SSIM",
    "root_mean_square_error": "E of the thesis (Eq. 3.6), in gray levels",
}


@dataclasses.dataclass(frozen=True)
class Evaluate:
    """Reconstruct the clips of a store from their latents, and compare.

    With --tasks: complete the clips that the space was not trained on, with the space and with
    baselines, and measure both with 95 % intervals. A first interrupt stops after the current row,
    a second one at once; finished rows are kept.
    """

    space: SpaceFolder
    """Folder of the space."""
    store: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="STORE")]
    """Folder with the original clips."""
    tasks: tuple[Literal["all", Task], ...] = ()
    """Tasks to measure, each with its published context, or 'all'."""
    baselines: Literal["all", "none"] = "all"
    """Baselines to measure; some need the extra 'baselines'."""
    max_clips: int | None = None
    """Most clips to compare, evenly spread; None compares all."""
    json: Path | None = None
    """Also write the scores to this JSON file; without --tasks clip by clip."""
    page: Path | None = None
    """With --tasks: also write an HTML page with the table and videos side by side."""
    page_clips: int = 4
    """Clips of each task on the page."""
    lpips: Path | None = None
    """With --tasks: also measure LPIPS, with the weights of AlexNet and LPIPS in this file."""
    faces: Literal["dlib", "deepface"] | None = None
    """With --tasks: also measure whether faces keep their identity (TL-ID, TG-ID, GT-ID), with the
    face embedder of this library."""
    device: str = "auto"
    """Where to compute: auto, cpu or cuda."""
    inversion: InversionFlags = InversionConfig()


def main(arguments: list[str]) -> None:
    """Parse the arguments, evaluate, and print the scores."""
    command = parse(Evaluate, with_pretrained(arguments), "videospace evaluate")
    _check(command)
    space = VideoSpace.from_pretrained(command.space, choose_device(command.device))
    if command.tasks:
        _tasks(command, space)
        return
    evaluation = evaluate(space, command.store, max_clips=command.max_clips)
    summary = evaluation.summary()
    for name, label in LABELS.items():
        value = summary[name]
        shown = "–" if value is None else f"{value:.4g}" if isinstance(value, float) else value
        print(f"{shown:>8}  {label}")
    if evaluation.num_unknown:
        have = "has" if evaluation.num_unknown == 1 else "have"
        print(
            f"{counted(evaluation.num_unknown, 'clip')} of the store {have} no latent in this space"
        )
    if command.json:
        save_json(command.json, {**summary, "clips": evaluation.per_clip()})
        print(f"wrote {command.json}")
    elif not sys.stdout.isatty():  # for programs that read the last line
        print(json.dumps(summary))


def _check(command: Evaluate) -> None:
    """Refuse options without effect and paths that cannot be written, before the work begins."""
    for flag in ("page", "lpips", "faces"):
        if not command.tasks and getattr(command, flag):
            raise UserError(f"--{flag} belongs to the table of tasks: add --tasks all")
    if not command.tasks and command.inversion != InversionConfig():
        raise UserError("options of the inversion belong to the table of tasks: add --tasks all")
    for path in (command.json, command.page):
        if path and not path.parent.is_dir():
            raise UserError(f"cannot write '{path}': there is no folder '{path.parent}', make it")


def _tasks(command: Evaluate, space: VideoSpace) -> None:
    """Measure the table of tasks; finished rows are printed and written even after an error."""
    # SciPy takes its time
    from videospace.baselines.task_table import Completed, Row, table_text, task_table
    from videospace.reports.table_page import TablePage

    page = TablePage(command.page, space.clip.fps, command.page_clips) if command.page else None
    rows: list[Row] = []
    num_clips = 0
    with stop_on_signal() as stop:

        def keep(row: Row, completed: Completed) -> None:
            nonlocal num_clips
            num_clips = len(completed.ids)
            rows.append(row)
            if command.json:
                save_json(command.json, {"rows": [row.as_json() for row in rows]})
            if page:
                page.add(row, completed)
            if stop.requested:
                raise KeyboardInterrupt

        try:
            task_table(
                space,
                ClipStore.open(command.store),
                tasks=tuple(task for task in PUBLISHED_TASKS if {task, "all"} & set(command.tasks)),
                with_baselines=command.baselines == "all",
                max_clips=command.max_clips,
                config=command.inversion,
                lpips=Lpips(command.lpips).to(space.device) if command.lpips else None,
                faces=FACES[command.faces]() if command.faces else None,
                on_row=keep,
            )
        finally:
            if rows:
                print(table_text(rows))
                print(f"measured on {counted(num_clips, 'clip')}")
                if page:
                    page.write()
                for path in filter(None, (command.json, command.page)):
                    print(f"wrote {path}")

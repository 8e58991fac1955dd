"""People whom a space has not seen: what does it do with their videos?

A space and its encoder are trained on the training people of ``faces/`` (some 30 of them, most in
front of a background of their own), within one budget of time. Then every task is asked about the
clips that the split holds out, apart for people who are in training, too, and for those who are
not. With ``--clips``, the people whom it has not seen are those of a folder of videos.

With ``--validation p08 p13 p23`` these training people are left out and asked about in place of the
held-out ones, so that settings can be chosen without looking at the latter.
"""

import csv
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.support.common import data_path, medians, print_table, run_benchmark, say
from benchmarks.support.spaces import SpaceOptions, TrainedSpace, train_space, warm_up, write_sheets
from benchmarks.tasks import with_encoder
from videospace.baselines.task_table import (
    OURS,
    OURS_BACK_PROJECTED,
    OURS_ENCODER,
    Row,
    table_text,
    task_table,
)
from videospace.clips.prepare import prepare
from videospace.clips.prepare_config import PrepareConfig
from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.inversion.inversion import InversionConfig
from videospace.inrv.inversion.tasks import Task
from videospace.inrv.training.config import TrainingConfig
from videospace.inrv.training.presets import preset
from videospace.metrics.face_embedders import DlibFaceEmbedder, FaceEmbedder
from videospace.runtime.errors import UserError

CLIP = PrepareConfig(size="64", max_clips_per_source=1)
KINDS = ("seen_people", "unseen_people")
METHODS = {
    OURS: "ours",
    OURS_BACK_PROJECTED: "ours_with_seen_detail",
    OURS_ENCODER: "encoder",
}
"""Names of the methods of the space in the results."""
PERSONALIZED = "ours_refined_weights"
FIGURES = {
    "psnr_db": "psnr_db",
    "psnr_moving_db": "psnr_moving_db",
    "psnr_unobserved_db": "psnr_unseen_db",
    "psnr_unobserved_moving_db": "psnr_unseen_moving_db",
    "ssim": "ssim",
    "context_l1": "context_l1",
    "gt_id": "gt_id",
}
"""Scores of a table, and their names in the results."""
TRAINING = ("psnr_db", "psnr_moving_db", "ssim")
COSTS = ("num_parameters", "num_values_of_latent", "train_seconds", "steps")


@dataclasses.dataclass(frozen=True, kw_only=True)
class UnseenPeopleOptions(SpaceOptions):
    """People whom a space has not seen: what does it do with their videos?"""

    budget_seconds: float = 600.0
    """Seconds of training of each space, with its encoder."""
    encoder_fraction: float = 0.15
    """Fraction of the budget for the encoder; 0 trains none."""
    clips: Path | None = None
    """Folder of videos of the people to ask about in place of the unseen people of the split."""
    validation: tuple[str, ...] = ()
    """People of the training split to leave out, and to ask about in place of the unseen ones."""
    tasks: tuple[Task, ...] = ("invert", "upscale", "inpaint", "predict")
    """The tasks."""
    max_clips: int = 64
    """The most clips of each kind of people."""
    max_steps: int = InversionConfig().max_steps
    """The most steps of an inversion."""
    constant_width: int | None = None
    """Numbers of a latent that stay over its keyframes; None takes the preset's."""
    keyframe_width: int | None = None
    """Numbers of each keyframe; None takes the preset's."""
    identity: bool = True
    """Measure GT-ID, which needs dlib and takes long."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.encoder_fraction < 1:
            raise UserError(
                f"expected encoder_fraction from 0 to below 1, got {self.encoder_fraction}"
            )
        if self.max_clips < 1:
            raise UserError(f"expected max_clips of at least 1, got {self.max_clips}")
        if self.validation and self.clips:
            raise UserError("expected either people for validation or a folder of clips, got both")


@dataclasses.dataclass(frozen=True, kw_only=True)
class People:
    """The videos of a split, by what they are for."""

    training: list[Path]
    seen: list[Path]
    """Held out, of people who are in training, too."""
    unseen: list[Path]
    """Of people who are not."""


def split_people(folder: Path, validation: Sequence[str] = ()) -> People:
    """Divide the videos of a folder by its table of people.

    Args:
        folder: Videos and a table ``people.tsv`` with the columns file, person and split.
        validation: Training people who count as unseen, in place of those of the split.

    Raises:
        UserError: There is no such person in training.
    """
    with (folder / "people.tsv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    training = [row for row in rows if row["split"] == "train" and row["person"] not in validation]
    asked = [row for row in rows if row["split"] != "train"]
    trained_people = {row["person"] for row in training}
    if unknown := set(validation) - {row["person"] for row in rows if row["split"] == "train"}:
        raise UserError(f"expected training people, got {', '.join(sorted(unknown))}")
    unseen = [row for row in asked if row["person"] not in trained_people]
    if validation:
        unseen = [row for row in rows if row["person"] in validation and row["split"] == "train"]

    def videos(chosen: list[dict[str, str]]) -> list[Path]:
        return [folder / row["file"] for row in chosen]

    seen = [row for row in asked if row["person"] in trained_people]
    return People(training=videos(training), seen=videos(seen), unseen=videos(unseen))


def open_stores(options: UnseenPeopleOptions, work: Path) -> dict[str, ClipStore]:
    """The first 25 frames of every video, in a store for each use."""
    people = split_people(data_path("faces"), options.validation)
    unseen = [options.clips] if options.clips else people.unseen
    sources = {"training": people.training, "seen_people": people.seen, "unseen_people": unseen}
    stores = {}
    for use, videos in sources.items():
        left_out = "-".join(["", *options.validation]) if use != "seen_people" else ""
        chosen = f"-{options.clips.name}" if options.clips and use == "unseen_people" else ""
        folder = work / "clips" / f"{use}{left_out}{chosen}"
        prepare(videos, folder, CLIP)
        stores[use] = ClipStore.open(folder)
    return stores


def config_of(name: str, options: UnseenPeopleOptions) -> TrainingConfig:
    """The configuration of a preset, with the widths of the options."""
    config = preset(name)
    latent = config.model.latent
    if options.constant_width is not None:
        latent = dataclasses.replace(latent, constant_width=options.constant_width)
    if options.keyframe_width is not None:
        latent = dataclasses.replace(latent, width=options.keyframe_width)
    return dataclasses.replace(config, model=dataclasses.replace(config.model, latent=latent))


def measure(options: UnseenPeopleOptions, work: Path) -> dict[str, Any]:
    """Train every preset with every seed; the figures are medians over the seeds of the first."""
    stores = open_stores(options, work)
    faces = face_embedder(options)
    warm_up()
    runs = []
    for name in options.presets:
        for seed in options.seeds:
            runs.append(measure_run(name, seed, options, stores, faces, work))
    main_runs = [run for run in runs if run["preset"] == options.presets[0]]
    tables = {
        kind: {
            task: {
                method: medians([run[kind][task][method] for run in main_runs], figures)
                for method, figures in methods.items()
            }
            for task, methods in main_runs[0][kind].items()
        }
        for kind in KINDS
    }
    return {
        "training": medians([run["training"] for run in main_runs], TRAINING),
        **tables,
        "cost": medians([run["cost"] for run in main_runs], COSTS),
        "unseen_people_from": options.clips.name if options.clips else "faces",
        "num_clips": {use: len(store.records) for use, store in stores.items()},
        "runs": runs,
    }


def face_embedder(options: UnseenPeopleOptions) -> FaceEmbedder | None:
    """What tells faces apart, if it is wanted and there."""
    if not options.identity:
        return None
    try:
        return DlibFaceEmbedder()
    except UserError as error:
        say(f"GT-ID is left out: {error}")
        return None


def measure_run(
    name: str,
    seed: int,
    options: UnseenPeopleOptions,
    stores: dict[str, ClipStore],
    faces: FaceEmbedder | None,
    work: Path,
) -> dict[str, Any]:
    """Train once, then ask about both kinds of people."""
    encoder_seconds = options.encoder_fraction * options.budget_seconds
    training = dataclasses.replace(options, budget_seconds=options.budget_seconds - encoder_seconds)
    config = config_of(name, options)
    latent = config.model.latent
    folder = f"{name}-{latent.constant_width}-{latent.num_keyframes}x{latent.width}"
    trained: TrainedSpace = train_space(stores["training"], folder, seed, training, work, config)
    figures = trained.figures
    say(
        f"{name}, seed {seed}: {figures['psnr_db']:.2f} dB on {figures['num_training_clips']} clips"
    )
    space = with_encoder(trained.space, stores["training"], seed, encoder_seconds, work)
    if options.pictures:
        write_sheets(options.pictures, f"{name}-seed{seed}", space, stores["training"])
    inversion = InversionConfig(max_steps=options.max_steps, seed=seed)
    refining = dataclasses.replace(inversion, refine="weights")
    run: dict[str, Any] = {
        "preset": name,
        "seed": seed,
        "training": {figure: figures[figure] for figure in TRAINING},
        "cost": {
            "num_parameters": figures["num_parameters"],
            "num_values_of_latent": space.latents.shape[1],
            "train_seconds": figures["train_seconds"],
            "steps": figures["steps"],
        },
    }
    for kind in KINDS:
        shared: dict[str, Any] = {
            "training_store": stores["training"],
            "max_clips": options.max_clips,
            "faces": faces,
        }
        rows = task_table(space, stores[kind], tasks=options.tasks, config=inversion, **shared)
        print(f"\n{kind}, {name}, seed {seed}\n{table_text(rows)}\n", flush=True)
        refined = (
            task_table(
                space,
                stores[kind],
                tasks=("invert",),
                with_baselines=False,
                config=refining,
                **shared,
            )[:1]
            if "invert" in options.tasks
            else []
        )
        run[kind] = by_task(rows, refined)
        for task, methods in run[kind].items():
            print_table(f"{kind}: {task}", methods, (*FIGURES.values(), "seconds_per_clip"))
    return run


def by_task(rows: Sequence[Row], refined: Sequence[Row]) -> dict[str, Any]:
    """Mean scores by task and method."""
    named = [(METHODS.get(row.method, row.method), row) for row in rows]
    named += [(PERSONALIZED, row) for row in refined]
    tasks: dict[str, Any] = {}
    for method, row in named:
        scores = {new: row.scores[old].mean for old, new in FIGURES.items() if old in row.scores}
        scores["seconds_per_clip"] = row.seconds_per_clip
        tasks.setdefault(row.task, {})[method] = scores
    return tasks


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("unseen_people", __doc__, UnseenPeopleOptions, measure, arguments)


if __name__ == "__main__":
    main()

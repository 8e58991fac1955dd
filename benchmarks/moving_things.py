"""Things that move: does a space move them, or fade them out and in?

Every set is learned twice in the same time: with tracks (the preset ``moving``), and with
coordinates that do not move (``fast``). Interpolations between training clips are then checked for
whole bodies that move.

- ``moving-mnist``: two digits; held out are clips of digits that no training clip shows.
- ``bouncing-ball``: the codes start from chance, so that only tracks can put the clips in order.
- ``mouse`` and ``flies``: recordings of animals by a static camera; all their clips are trained on.
- ``grid-faces``: a person who speaks, of whom nothing but the head moves; nothing is checked.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, UInt8

from benchmarks.bouncing_ball import RADIUS_FRACTION
from benchmarks.long_videos import recording_store
from benchmarks.support.common import (
    fraction_of_valid_balls,
    medians,
    print_table,
    run_benchmark,
    say,
)
from benchmarks.support.spaces import SpaceOptions, train_space, warm_up, write_sheets
from benchmarks.tasks import (
    BALL_SIZE,
    TasksOptions,
    ball_store,
    by_task,
    digit_store,
    face_store,
    with_encoder,
)
from videospace.baselines.task_table import table_text, task_table
from videospace.clips.store.clip_store import ClipStore
from videospace.clips.synthetic.bouncing_ball import ball_heights
from videospace.inrv.inversion.inversion import InversionConfig
from videospace.inrv.inversion.tasks import Task
from videospace.inrv.space.sampling import latents_between
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.code_init import CodeInitConfig
from videospace.inrv.training.config import TrainingConfig, with_tracks
from videospace.inrv.training.presets import preset
from videospace.inrv.training.track_choice import count_tracks
from videospace.metrics.moving_bodies import LEAST_INK, check_bodies, usual_ink, usual_step
from videospace.reports.demo.scores import draw_between

Name = Literal["moving-mnist", "bouncing-ball", "mouse", "flies", "grid-faces"]
Variant = Literal["tracks", "still"]
Clips = UInt8[np.ndarray, "clip time height width 3"]
MEASURED = ("train_psnr_db", "train_psnr_moving_db", "heldout_psnr_db", "valid_interpolations")
DIGIT_TASKS: tuple[Task, ...] = ("invert", "predict", "interpolate", "inpaint")


@dataclasses.dataclass(frozen=True, kw_only=True)
class MovingThingsOptions(SpaceOptions):
    """Things that move: does a space move them, or fade them out and in?"""

    datasets: tuple[Name, ...] = ("moving-mnist", "bouncing-ball", "mouse", "flies")
    """The sets of clips to learn."""
    budget_seconds: float = 240.0
    """Seconds of training with each set of digits or faces; recordings of animals have half of it,
    and balls a quarter."""
    encoder_seconds: float = 60.0
    """Seconds of training of an encoder, for sets with held-out clips; 0 trains none."""
    variants: tuple[Variant, ...] = ("tracks", "still")
    """With tracks, and without."""
    num_clips: int = 1000
    """Training clips of digits."""
    heldout_clips: int = 256
    """The most held-out clips of each set."""
    num_checked: int = 100
    """Interpolations to check."""
    max_steps: int = 60
    """The most steps of an inversion."""


def real_videos(num_tracks: int) -> TrainingConfig:
    """The preset ``moving`` with a number of tracks, or else ``fast``."""
    return with_tracks(preset("moving"), num_tracks) if num_tracks else preset("fast")


@dataclasses.dataclass(frozen=True, kw_only=True)
class MovingSet:
    """A set of clips in which something moves."""

    store: Callable[[MovingThingsOptions, Path], ClipStore]
    """Makes the clips."""
    valid: Callable[[ClipStore, "Interpolations"], float] | None = None
    """The fraction of interpolations that show what moves."""
    config: Callable[[int], TrainingConfig] = real_videos
    """The settings for a number of tracks."""
    time: float = 1.0
    """Fraction of the budget."""
    tasks: tuple[Task, ...] = ("invert",)
    """What is asked about held-out clips, where there are some."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Interpolations:
    """Clips between pairs of training clips."""

    videos: Clips
    first: list[int]
    """Row of the first clip of each pair among the training clips."""
    other: list[int]
    """Row of the other one."""
    ratios: Float[np.ndarray, " pair"]


def balls_from_chance(num_tracks: int) -> TrainingConfig:
    """The preset ``tiny`` with a number of tracks and random codes."""
    chance = CodeInitConfig(method="gaussian", deviation=1.0)
    return dataclasses.replace(with_tracks(preset("tiny"), num_tracks), code_init=chance)


def task_options(dataset: Any, options: MovingThingsOptions, num_sources: int) -> TasksOptions:
    """The options with which the benchmark of the tasks makes the same clips."""
    return TasksOptions(
        dataset=dataset, num_sources=num_sources, max_clips=options.heldout_clips, save=False
    )


def interpolations(space: VideoSpace, options: MovingThingsOptions, seed: int) -> Interpolations:
    """Render clips between pairs of training clips that are drawn at random."""
    first, other, ratios = draw_between(len(space.latents), options.num_checked, seed)
    latents = latents_between(
        space.latents[first], space.latents[other], ratios, config=space.model.config.latent
    )
    return Interpolations(
        videos=space.render(latents),
        first=first.tolist(),
        other=other.tolist(),
        ratios=ratios.numpy(),
    )


def valid_digits(store: ClipStore, found: Interpolations) -> float:
    """The fraction that shows two whole digits on a path without jumps."""
    clips = store.frames(store.rows("train"))
    return valid_bodies(clips, found, num_bodies=2, side_px=28, ink_tolerance=0.2)


def valid_animals(num_animals: int) -> Callable[[ClipStore, Interpolations], float]:
    """Returns the fraction in which all animals are there in every frame, and do not jump."""

    def check(store: ClipStore, found: Interpolations) -> float:
        clips = store.frames(store.rows("train"))
        background = np.median(clips[:, :: max(1, clips.shape[1] // 4)], axis=(0, 1))
        contrast = float(np.median([np.abs(c - background).mean(axis=-1).max() for c in clips]))
        clips, videos = (foreground(each, background, contrast) for each in (clips, found.videos))
        seen = dataclasses.replace(found, videos=videos)
        return valid_bodies(clips, seen, num_bodies=num_animals, side_px=30, ink_tolerance=0.5)

    return check


def foreground(clips: Clips, background: Float[np.ndarray, "_ _ 3"], contrast: float) -> Clips:
    """What differs enough from the background, as gray levels; ``contrast`` levels become white."""
    differences = np.abs(clips - background).mean(axis=-1, keepdims=True) / contrast
    differences[differences < LEAST_INK] = 0  # noise of the camera
    return (255 * np.minimum(differences, 1)).repeat(3, axis=-1).astype(np.uint8)


def valid_bodies(clips: Clips, found: Interpolations, **settings: Any) -> float:
    """The fraction of interpolations that show bright bodies as the clips do.

    Args:
        clips: The training clips.
        found: The interpolations between them.
        **settings: The number and the size of the bodies, for :func:`check_bodies`.
    """
    num_bodies = settings["num_bodies"]
    inks = np.array([usual_ink(clip) for clip in clips])
    steps = np.array([usual_step(clip, num_bodies) for clip in clips])
    usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else 1.0
    checks = []
    for video, one, other, ratio in zip(
        found.videos, found.first, found.other, found.ratios, strict=True
    ):
        ink = (1 - ratio) * inks[one] + ratio * inks[other]
        step = max(steps[one], steps[other], usual)
        checks.append(check_bodies(video, ink=ink, max_step_px=step, **settings))
    for number, check in enumerate(checks):
        if check.reasons:
            say(f"  interpolation {number}: {'; '.join(check.reasons)}")
    return float(np.mean([check.valid for check in checks]))


def valid_balls(store: ClipStore, found: Interpolations) -> float:
    """The fraction that shows one round ball at a height between those of the two clips."""
    numbers = [int(store.records[row].id.removeprefix("ball-")) for row in store.rows("train")]
    heights_px = ball_heights(max(numbers) + 1, BALL_SIZE, BALL_SIZE)[numbers]
    parents = heights_px[found.first], heights_px[found.other]
    return fraction_of_valid_balls(found.videos, *parents, RADIUS_FRACTION * BALL_SIZE)


SETS: dict[str, MovingSet] = {
    "moving-mnist": MovingSet(
        store=lambda options, work: digit_store(
            task_options("moving-mnist", options, options.num_clips), work
        ),
        valid=valid_digits,
        tasks=DIGIT_TASKS,
    ),
    "bouncing-ball": MovingSet(
        store=lambda options, work: ball_store(task_options("bouncing-ball", options, 50), work),
        config=balls_from_chance,
        valid=valid_balls,
        time=0.25,
    ),
    "mouse": MovingSet(
        store=lambda _, work: recording_store("tracktor_mouse", work),
        valid=valid_animals(1),
        time=0.5,
    ),
    "flies": MovingSet(
        store=lambda _, work: recording_store("sleap_flies", work),
        valid=valid_animals(2),
        time=0.5,
    ),
    "grid-faces": MovingSet(
        store=lambda options, work: face_store(task_options("grid-faces", options, 100), work),
    ),
}


def measure(options: MovingThingsOptions, work: Path) -> dict[str, Any]:
    """Learn every set, with tracks and without, and compare."""
    warm_up()
    return {name: measure_set(name, options, work) for name in options.datasets}


def measure_set(name: str, options: MovingThingsOptions, work: Path) -> dict[str, Any]:
    """Learn one set in every variant with every seed; the first variant's figures come first."""
    moving = SETS[name]
    store = moving.store(options, work)
    count = count_tracks(store)
    left = ", ".join(f"{fraction:.2f}" for fraction in count.unexplained)
    say(f"{name}: {count.num_tracks} tracks; a still picture, 1, 2, ... leave {left} unexplained")
    budget = dataclasses.replace(options, budget_seconds=moving.time * options.budget_seconds)
    variants: dict[str, Any] = {}
    for variant in options.variants:
        if variants and count.num_tracks == 0:  # all variants are the same then
            variants[variant] = next(iter(variants.values()))
            continue
        num_tracks = count.num_tracks if variant == "tracks" else 0
        config = moving.config(num_tracks)
        runs = [
            measure_run(name, variant, config, seed, store, budget, work) for seed in options.seeds
        ]
        variants[variant] = medians(runs, (*MEASURED, "train_seconds", "steps")) | {"runs": runs}
    print_table(name, variants, (*MEASURED, "train_seconds", "steps"))
    found = variants[options.variants[0]]
    return {
        **{figure: found[figure] for figure in MEASURED},
        "num_tracks": count.num_tracks,
        "unexplained": count.unexplained,
        "num_clips": len(store.rows("train")),
        "variants": variants,
    }


def measure_run(
    name: str,
    variant: str,
    config: TrainingConfig,
    seed: int,
    store: ClipStore,
    options: MovingThingsOptions,
    work: Path,
) -> dict[str, Any]:
    """Train once, then ask about held-out clips and check interpolations."""
    moving = SETS[name]
    space, figures = train_space(store, variant, seed, options, work, config)
    figures["train_psnr_db"], figures["train_psnr_moving_db"] = (
        figures.pop("psnr_db"),
        figures.pop("psnr_moving_db"),
    )
    say(f"{name}, {variant}, seed {seed}: {figures['train_psnr_db']:.2f} dB")
    if options.pictures:
        write_sheets(options.pictures, f"{name}-{variant}-seed{seed}", space, store)
    if moving.valid:
        figures["valid_interpolations"] = moving.valid(store, interpolations(space, options, seed))
    if store.rows("holdout"):
        space = with_encoder(space, store, seed, options.encoder_seconds, work)
        inversion = InversionConfig(max_steps=options.max_steps, seed=seed)
        rows = task_table(
            space, store, tasks=moving.tasks, config=inversion, max_clips=options.heldout_clips
        )
        print(f"\n{name}, {variant}, seed {seed}\n{table_text(rows)}\n", flush=True)
        figures["tasks"] = by_task(rows)["tasks"]
        figures["heldout_psnr_db"] = figures["tasks"]["invert"]["inversion"]["psnr_db"]
    return figures


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("moving_things", __doc__, MovingThingsOptions, measure, arguments)


if __name__ == "__main__":
    main()

"""``videospace train``."""

import dataclasses
import itertools
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from videospace.cli.arguments import parse
from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.space.files import CONFIG_FILE
from videospace.inrv.training.config import TrainingConfig, with_own_content, with_tracks
from videospace.inrv.training.evaluation import score_space
from videospace.inrv.training.loop import TrainingOptions, TrainingReport, train
from videospace.inrv.training.presets import PRESETS, preset
from videospace.inrv.training.track_choice import count_tracks, have_one_background
from videospace.runtime.errors import UserError
from videospace.runtime.processes import is_first_process
from videospace.runtime.reading.json_reader import read_json_file
from videospace.runtime.text import counted


def main(arguments: list[str]) -> None:
    """Parse the arguments with the preset as defaults, train, evaluate, and print the result."""
    command: Any = parse(_command(_preset_name(arguments)), arguments, "videospace train")
    options = TrainingOptions(
        time_budget_seconds=command.time_budget,
        checkpoint_seconds=command.checkpoint_every,
        tensorboard=command.tensorboard,
        device=command.device,
    )
    config = command.config
    if command.tracks is not None:
        config = _with_tracks(config, command.tracks, command.store)
    report = train(command.store, command.out, config, options)
    if not is_first_process():
        return
    scores = _scores_of(command.out, report) if report.finished else None
    outcome = "already finished" if scores else "finished" if report.finished else "stopped"
    print(
        f"{outcome} after {report.step} steps and "
        f"{report.seconds:.0f} s at {report.psnr_db:.1f} dB on the training points"
    )
    if not report.finished:
        raise UserError(f"'{command.out}' is saved: run the same command again to resume")
    wrote = "" if scores else "wrote "
    scores = scores or score_space(command.out, command.store, report)
    print(f"{wrote}{command.out}: {scores['psnr_db']:.2f} dB, SSIM {scores['ssim']:.3f}")
    print(f"next: videospace sample {command.out} --out samples.mp4")


def _with_tracks(
    config: TrainingConfig, tracks: int | Literal["auto"], store: Path
) -> TrainingConfig:
    """The configuration with the tracks, and the content, that the clips call for."""
    clips = ClipStore.open(store)
    num_tracks = _num_tracks(tracks, clips, config.seed)
    config = with_tracks(config, num_tracks)
    if not config.model.latent.shares_content:
        return config
    if num_tracks and have_one_background(clips):
        return config
    if num_tracks and is_first_process():
        print("the clips have different backgrounds, so each has content of its own")
    return with_own_content(config)


def _num_tracks(tracks: int | Literal["auto"], store: ClipStore, seed: int) -> int:
    """The number that was asked for, or the one that the clips call for."""
    if tracks != "auto":
        return tracks
    found = count_tracks(store, seed=seed)
    if is_first_process():
        still, *parts = (f"{1 - left:.0%}" for left in found.unexplained)
        tried = [f"{counted(n, 'track')} {part}" for n, part in enumerate(parts, start=1)]
        print(
            f"{counted(found.num_tracks, 'track')}: of what moves, a still picture explains "
            f"{', '.join([still, *tried])}"
        )
    return found.num_tracks


def _scores_of(folder: Path, report: TrainingReport) -> dict[str, Any] | None:
    """The scores that an earlier run of the same command has measured; None without any."""
    scores = read_json_file(folder / CONFIG_FILE)["scores"]
    same = (scores.get("train_steps"), scores.get("train_points")) == (report.step, report.points)
    return scores if same and {"psnr_db", "ssim"} <= scores.keys() else None


def _command(preset_name: str) -> type:
    """Create the command, with the settings of a preset as the defaults of its flags."""

    @dataclasses.dataclass(frozen=True)
    class Train:
        """Train a space on the training clips of a store.

        If training is interrupted, the same command resumes it. Flags change single settings of the
        preset.
        """

        store: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="STORE")]
        """Folder of clips from 'videospace prepare'."""
        out: Annotated[Path, tyro.conf.arg(metavar="SPACE")]
        """Folder of the space."""
        preset: Annotated[str, tyro.conf.arg(metavar="|".join(PRESETS))] = preset_name
        """Default settings: 'fast' for real videos, 'moving' for small things that move, 'tiny' for
        simple clips in a minute, 'paper' as published."""
        tracks: Annotated[int | Literal["auto"] | None, tyro.conf.arg(metavar="N|auto")] = (
            "auto" if preset_name == "moving" else None
        )
        """Things that move to follow in every clip, before a background that stands still; 'auto'
        chooses by how much of the motion tracks explain. None means --model.latent.num-tracks."""
        time_budget: float | None = None
        """Seconds of training after which to finish, summed over interruptions."""
        checkpoint_every: float = 120.0
        """Seconds between two checkpoints."""
        tensorboard: bool = False
        """Also write TensorBoard files (needs the extra 'log')."""
        device: str = "auto"
        """Where to compute: auto, cpu or cuda."""
        config: Annotated[TrainingConfig, tyro.conf.arg(name="")] = dataclasses.field(
            default_factory=lambda: preset(preset_name)
        )

    preset(preset_name)  # raises the error of an unknown name before tyro does
    return Train


def _preset_name(arguments: list[str]) -> str:
    """The value of --preset, found before parsing because it sets the defaults."""
    for word, following in itertools.pairwise([*arguments, ""]):
        if word == "--preset":
            return following
        if word.startswith("--preset="):
            return word.partition("=")[2]
    return "fast"

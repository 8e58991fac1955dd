"""``videospace lipread train``."""

import dataclasses
import time
from pathlib import Path

import tyro

from videospace.cli.lipread.reading import ProfileFolder
from videospace.lipreading.mouth_model import MouthModel
from videospace.lipreading.profile.learning import (
    adopt_model,
    checked_strategy,
    open_recogniser,
    train,
)
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.strategies import LearningSettings, StrategyName


@dataclasses.dataclass(frozen=True)
class Train:
    """Learn the words of a profile, by its strategy or another one that it keeps from then on.

    Words and recordings that are added later count at once, without training.
    """

    profile: ProfileFolder
    """Folder of the profile."""
    strategy: StrategyName | None = None
    """How to learn; None keeps the profile's."""
    model: Path | None = None
    """A model of 'videospace lipread pretrain' to begin with, copied into the profile."""
    minutes: float | None = None
    """Most time it may take; None takes what the strategy asks for."""
    seed: int = 0
    """Of everything random."""
    device: str = "auto"
    """Where to compute: auto, cpu or cuda."""


def main(arguments: list[str]) -> None:
    """Parse, train."""
    command = tyro.cli(Train, args=arguments, prog="videospace lipread train")
    profile = Profile(command.profile)
    if command.model is not None:
        adopt_model(profile, MouthModel.from_pretrained(command.model))
        print(f"took over the model '{command.model}'")
    settings = LearningSettings(
        seed=command.seed,
        device=command.device,
        time_budget_seconds=None if command.minutes is None else 60 * command.minutes,
    )
    strategy = checked_strategy(command.strategy or profile.settings.strategy)
    started = time.perf_counter()
    record = train(profile, strategy, settings)
    opened = open_recogniser(profile, settings, strategy=strategy)
    seconds = time.perf_counter() - started
    what = "learns without training" if record is None else f"trained model {record.id}"
    num_words = len(opened.recogniser.words)
    print(f"{strategy}: {what}; {num_words} words in {seconds:.1f} s")
    for word in opened.words_without_clip:
        print(f"'{word}' has no recording yet and cannot be recognised")

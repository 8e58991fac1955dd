"""``videospace lipread new``."""

import dataclasses
from pathlib import Path

from videospace.cli.arguments import parse
from videospace.cli.lipread.recordings import ProfileFolder, Strategy
from videospace.lipreading.adaptation.strategies import strategy_named
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.phonetics.phonemes import phonemes
from videospace.lipreading.profile.learning import adopt_model
from videospace.lipreading.profile.model_selection import checked_strategy
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import ProfileSettings


@dataclasses.dataclass(frozen=True)
class New:
    """Make a profile: a folder for the words, recordings and models of one person."""

    profile: ProfileFolder
    """Folder of the new profile; only its owner may read it."""
    name: str | None = None
    """Name of the person; None takes the name of the folder."""
    model: Path | None = None
    """A model of 'videospace lipread pretrain', which is copied into the profile. Without one,
    words are recognized by template matching."""
    language: str = "en-us"
    """Voice of espeak-ng that pronounces the words, such as en-us, de or fr."""
    strategy: Strategy = "fusion"
    """Strategy by which the words are learned."""
    prior: bool = False
    """Prefer words that are used often."""


def main(arguments: list[str]) -> None:
    """Make the profile."""
    command = parse(New, arguments, "videospace lipread new")
    settings = ProfileSettings(
        person=command.name or command.profile.absolute().name,
        language=command.language,
        strategy=checked_strategy(command.strategy),
        prior=command.prior,
    )
    model = None if command.model is None else MouthModel.from_pretrained(command.model)
    profile = Profile.create(command.profile, settings)
    print(f"made the profile '{command.profile}' for {settings.person}")
    if phonemes("a", settings.language) is None:
        print(f"espeak-ng has no voice '{settings.language}' here: how words look on the lips is")
        print("guessed from their letters, as if they were English")
    if model is not None:
        adopt_model(profile, model)
        print(f"took over the model '{command.model}'")
    elif strategy_named(command.strategy).needs_model:
        print("it has no pretrained model, so that words are recognized by template matching;")
        print(f"'videospace lipread train {command.profile} --model MODEL' adds one")

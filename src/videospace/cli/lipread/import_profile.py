"""``videospace lipread import``."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from videospace.cli.arguments import parse
from videospace.cli.lipread.recordings import ProfileFolder
from videospace.lipreading.profile.archive import import_profile
from videospace.runtime.text import counted


@dataclasses.dataclass(frozen=True)
class Import:
    """Make a profile from a zip file that 'videospace lipread export' wrote."""

    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")]
    """The zip file."""
    profile: ProfileFolder
    """Folder of the new profile."""


def main(arguments: list[str]) -> None:
    """Import the profile."""
    command = parse(Import, arguments, "videospace lipread import")
    profile = import_profile(command.file, command.profile)
    print(
        f"made the profile '{command.profile}' for {profile.settings.person}: "
        f"{counted(len(profile.words()), 'word')}, {counted(len(profile.clips()), 'recording')}"
    )

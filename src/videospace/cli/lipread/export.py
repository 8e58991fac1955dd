"""``videospace lipread export``."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from videospace.cli.arguments import parse
from videospace.cli.lipread.recordings import ProfileFolder
from videospace.lipreading.profile.archive import export_profile
from videospace.lipreading.profile.profile import Profile


@dataclasses.dataclass(frozen=True)
class Export:
    """Write everything that a profile holds to one zip file, as a backup or to move it."""

    profile: ProfileFolder
    """Folder of the profile."""
    out: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")]
    """The zip file to write."""


def main(arguments: list[str]) -> None:
    """Write the zip file."""
    command = parse(Export, arguments, "videospace lipread export")
    export_profile(Profile(command.profile), command.out)
    print(f"wrote {command.out}: {command.out.stat().st_size / 2**20:.1f} MiB")

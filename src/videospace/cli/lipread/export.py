"""``videospace lipread export``."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from videospace.cli.arguments import parse
from videospace.cli.lipread.recordings import ProfileFolder
from videospace.lipreading.profile.archive import export_profile
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.damage import export_as_it_is
from videospace.runtime.text import counted


@dataclasses.dataclass(frozen=True)
class Export:
    """Write everything that a profile holds to one zip file, as a backup or to move it."""

    profile: ProfileFolder
    """Folder of the profile."""
    out: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")]
    """The zip file to write."""
    as_is: bool = False
    """Write all files of the profile as they are, also of a damaged one. Such a file cannot be
    imported; it is for repairs, and for the time before the profile is deleted."""


def main(arguments: list[str]) -> None:
    """Write the zip file."""
    command = parse(Export, arguments, "videospace lipread export")
    if command.as_is:
        left_out = export_as_it_is(command.profile, command.out)
        if left_out:
            print(f"could not read {counted(len(left_out), 'file')}: {', '.join(left_out[:3])}")
    else:
        export_profile(Profile(command.profile), command.out)
    print(f"wrote {command.out}: {command.out.stat().st_size / 2**20:.1f} MiB")

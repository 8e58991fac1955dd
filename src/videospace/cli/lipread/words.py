"""``videospace lipread words``."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from videospace.cli.arguments import parse
from videospace.cli.lipread.add import name_look_alikes
from videospace.cli.lipread.recordings import ProfileFolder
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.words import read_word_list
from videospace.runtime.errors import UserError
from videospace.runtime.text import counted


@dataclasses.dataclass(frozen=True)
class Words:
    """Add a list of words; words that the profile has already stay as they are.

    Each line has a word or, as CSV, the word, how it is spoken, and a note.
    """

    profile: ProfileFolder
    """Folder of the profile."""
    list: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")]
    """Text or CSV file, UTF-8."""


def main(arguments: list[str]) -> None:
    """Read the list, and add its words."""
    command = parse(Words, arguments, "videospace lipread words")
    profile = Profile(command.profile)
    try:
        content = command.list.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read the list '{command.list}' as UTF-8: {error}") from error
    entries = read_word_list(content)
    added = profile.add_words(entries)
    print(f"added {counted(len(added), 'word')}; {len(entries) - len(added)} were there already")
    for word in added:
        name_look_alikes(profile, word, heading=f"'{word.text}': ")

"""``videospace lipread words``."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from videospace.cli.arguments import parse
from videospace.cli.lipread.add import name_look_alikes
from videospace.cli.lipread.recordings import ProfileFolder
from videospace.lipreading.profile.editing import change_word
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.words import read_word_list
from videospace.runtime.errors import UserError
from videospace.runtime.text import counted


@dataclasses.dataclass(frozen=True)
class Words:
    """Add a list of words, or change one: rename it, or say how it is spoken.

    Each line of a list has a word or, as CSV, the word, how it is spoken, and a note. Words that
    the profile has already stay as they are.
    """

    profile: ProfileFolder
    """Folder of the profile."""
    list: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")] = None
    """Text or CSV file, UTF-8."""
    change: str | None = None
    """The word to change."""
    to: str | None = None
    """Its new text; its recordings and its history follow it."""
    spoken: str | None = None
    """How it is spoken from now on."""


def main(arguments: list[str]) -> None:
    """Add the words of the list, or change a word."""
    command = parse(Words, arguments, "videospace lipread words")
    is_change = (command.to, command.spoken) != (None, None)
    if is_change != (command.change is not None) or is_change == (command.list is not None):
        raise UserError(
            "expected a list of words, or --change WORD with --to TEXT, --spoken FORM or both"
        )
    profile = Profile(command.profile)
    if command.list is not None:
        _add_list(profile, command.list)
    else:
        _change(profile, str(command.change), command.to, command.spoken)


def _add_list(profile: Profile, path: Path) -> None:
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read the list '{path}' as UTF-8: {error}") from error
    entries = read_word_list(content)
    added = profile.add_words(entries)
    print(f"added {counted(len(added), 'word')}; {len(entries) - len(added)} were there already")
    for word in added:
        name_look_alikes(profile, word, heading=f"'{word.text}': ")


def _change(profile: Profile, text: str, new_text: str | None, spoken: str | None) -> None:
    changed = change_word(profile, text, new_text=new_text, spoken=spoken)
    recordings = counted(changed.num_clips, "recording")
    print(f"'{text}' is now '{changed.text}', spoken '{changed.spoken}', with {recordings}")
    name_look_alikes(profile, changed, heading=f"'{changed.text}': ")

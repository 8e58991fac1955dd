"""``videospace lipread delete``."""

import dataclasses

from videospace.cli.arguments import parse
from videospace.cli.lipread.recordings import ProfileFolder
from videospace.lipreading.profile.deletion import delete_clip, delete_profile, delete_word
from videospace.lipreading.profile.profile import Profile
from videospace.runtime.errors import UserError
from videospace.runtime.text import counted


@dataclasses.dataclass(frozen=True)
class Delete:
    """Delete a recording, a word with its recordings, or a whole profile, for good.

    Models that learned from what is deleted are deleted with it.
    """

    profile: ProfileFolder
    """Folder of the profile."""
    word: str | None = None
    """The word to delete."""
    clip: str | None = None
    """The id of the recording to delete ('videospace lipread info PROFILE --clips' lists them)."""
    everything: bool = False
    """Delete the whole profile."""


def main(arguments: list[str]) -> None:
    """Delete what the arguments name."""
    command = parse(Delete, arguments, "videospace lipread delete")
    if [command.word is not None, command.clip is not None, command.everything].count(True) != 1:
        raise UserError("expected one of --word WORD, --clip ID and --everything")
    if command.everything:
        delete_profile(command.profile)
        print(f"deleted the profile '{command.profile}'")
        return
    profile = Profile(command.profile)
    if command.word is not None:
        what, num_models = f"the word '{command.word}'", delete_word(profile, command.word)
    else:
        what, num_models = f"clip {command.clip}", delete_clip(profile, str(command.clip))
    print(f"deleted {what}")
    if num_models:
        print(f"also deleted: {counted(num_models, 'model')} trained on it; train again")

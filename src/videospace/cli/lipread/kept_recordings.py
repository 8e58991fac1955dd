"""``videospace lipread recordings``."""

import dataclasses
from pathlib import Path

from videospace.cli.arguments import parse
from videospace.cli.lipread.recordings import ProfileFolder
from videospace.lipreading.mouth.clip_film import write_film
from videospace.lipreading.profile.editing import move_clip
from videospace.lipreading.profile.profile import Profile
from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True)
class Recordings:
    """List the recordings of a profile, write one as a film, or move one to another word."""

    profile: ProfileFolder
    """Folder of the profile."""
    word: str | None = None
    """List only the recordings of this word."""
    clip: str | None = None
    """Id of the recording to write or to move."""
    film: Path | None = None
    """Video file to write the recording to; its suffix chooses the format, such as .mp4 or .gif."""
    to: str | None = None
    """The word that the recording really shows."""


def main(arguments: list[str]) -> None:
    """List the recordings, or do what the arguments ask with one of them."""
    command = parse(Recordings, arguments, "videospace lipread recordings")
    asks = (command.film, command.to) != (None, None)
    if asks != (command.clip is not None) or (asks and command.word is not None):
        raise UserError(
            "expected --clip ID with --film FILE, --to WORD or both, or only --word WORD for a list"
        )
    profile = Profile(command.profile)
    if command.clip is None:
        _list(profile, command.word)
        return
    if command.film is not None:
        print(f"wrote {write_film(command.film, profile.load_clip(command.clip))}")
    if command.to is not None:
        moved = move_clip(profile, command.clip, command.to)
        print(f"clip {moved.id} is now a recording of '{moved.word}'")


def _list(profile: Profile, word: str | None) -> None:
    for clip in profile.clips(word):
        seconds = clip.num_frames / clip.fps
        print(
            f"{clip.id}  {clip.word}  {clip.added}  {seconds:.1f} s  {clip.domain}  {clip.source}"
        )

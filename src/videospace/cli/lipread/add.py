"""``videospace lipread add``."""

import dataclasses
from typing import Annotated

import tyro

from videospace.cli.arguments import parse
from videospace.cli.lipread.recordings import (
    Faces,
    ProfileFolder,
    Recordings,
    choose_detector,
    read_word,
)
from videospace.lipreading.phonetics.homophenes import look_alikes
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import WordRecord
from videospace.lipreading.profile.words import checked_text, word_key
from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True)
class Add:
    """Add a word, recordings of it, or both.

    A word that the profile has already gets the recordings. The command lists words that look alike
    on the lips.
    """

    profile: ProfileFolder
    """Folder of the profile."""
    word: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="WORD")]
    """The word or phrase."""
    clips: Recordings = ()
    """Recordings of the word: videos of the face, or folders or zips of mouth images."""
    spoken: str | None = None
    """How the word is spoken, where the text does not say it: "doctor Lee" for "Dr. Lee"."""
    note: str = ""
    """A note about the word."""
    faces: Faces = "dlib"
    """Detector that finds the face; crops: the recordings show only the mouth."""
    box: str | None = None
    """Position of the mouth, instead of face detection: top,left,height,width in px, or center, the
    largest square in the middle."""
    synthetic: bool = False
    """The recordings do not show the person: they were made by speech synthesis and lip-sync."""


def main(arguments: list[str]) -> None:
    """Add the word and the recordings."""
    command = parse(Add, arguments, "videospace lipread add")
    profile = Profile(command.profile)
    known = {word_key(word.text) for word in profile.words()}
    is_new = word_key(checked_text(command.word)) not in known
    if not is_new and command.clips and (command.spoken is not None or command.note):
        raise UserError(
            f"the word '{command.word}' is in the profile already: its spoken form and note are "
            "given when it is added; delete it to add it again"
        )
    # All recordings are read before anything is added, so that a bad one changes nothing.
    detector = choose_detector(command.faces, command.box)
    recordings = [(path, *read_word(path, detector)) for path in command.clips]
    if is_new or not command.clips:
        word = profile.add_word(command.word, spoken=command.spoken, note=command.note)
        print(f"added the word '{word.text}'")
        name_look_alikes(profile, word)
    domain = "synthetic" if command.synthetic else "real"
    for path, clip, problems in recordings:
        record = profile.add_clip(
            command.word, clip, source=str(path), domain=domain, problems=problems
        )
        print(f"kept {path} as clip {record.id}: {clip.seconds:.1f} s")
        for problem in problems:
            print(f"  {problem}")


def name_look_alikes(profile: Profile, word: WordRecord, *, heading: str = "") -> None:
    """Print the words of a profile that look like this word, each on a line."""
    others = [(other.text, other.spoken) for other in profile.words() if other.text != word.text]
    for alike in look_alikes(word.spoken, others, language=profile.settings.language):
        if alike.difference == 0:
            likeness = f"looks the same on the lips as '{alike.word}': another wording helps"
        else:
            likeness = f"looks much like '{alike.word}'"
        print(f"  {heading}it {likeness}")

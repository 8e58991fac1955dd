"""``videospace lipread recognize``."""

import dataclasses
import json
import time
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
from videospace.lipreading.adaptation.learning import LearningSettings
from videospace.lipreading.profile.learning import open_recognizer
from videospace.lipreading.profile.profile import Profile
from videospace.runtime.errors import UserError

NUM_KEPT = 5
"""Words of an answer that the profile keeps with the right word."""


@dataclasses.dataclass(frozen=True)
class Recognize:
    """Name the likeliest words of recordings, each with its probability.

    With --word the recording is added to that word, and counts as a use.
    """

    profile: ProfileFolder
    """Folder of the profile."""
    clips: Recordings
    """Recordings, each of one mouthed word."""
    k: Annotated[int, tyro.conf.arg(name="k")] = 5
    """How many words to name."""
    word: str | None = None
    """The word that was really said."""
    faces: Faces = "dlib"
    """Detector that finds the face; crops: the recordings show only the mouth."""
    box: str | None = None
    """Position of the mouth, instead of face detection: top,left,height,width in px, or center, the
    largest square in the middle."""
    json: bool = False
    """Print a line of JSON for each recording instead."""
    device: str = "auto"
    """Device: auto, cpu or cuda."""


def main(arguments: list[str]) -> None:
    """Recognize the recordings, and print or keep the answers."""
    command = parse(Recognize, arguments, "videospace lipread recognize")
    if not command.clips:
        raise UserError("expected at least one recording to recognize, got none")
    profile = Profile(command.profile)
    if command.word is not None:
        profile.word(command.word)
    opened = open_recognizer(profile, LearningSettings(device=command.device))
    if opened.strategy != profile.settings.strategy and not command.json:
        print(f"by '{opened.strategy}', since '{profile.settings.strategy}' has no model yet")
    detector = choose_detector(command.faces, command.box)
    for path in command.clips:
        clip, problems = read_word(path, detector)
        started = time.perf_counter()
        answered = opened.recognizer.recognize(clip, k=_num_words(command))
        seconds = time.perf_counter() - started
        if command.word is not None:
            record = profile.add_clip(
                command.word,
                clip,
                source=str(path),
                problems=problems,
                answer=opened.record_of(answered),
            )
            if not command.json:
                print(f"kept {path} as clip {record.id}: {clip.seconds:.1f} s")
        found = dataclasses.replace(
            answered,
            words=answered.words[: command.k],
            probabilities=answered.probabilities[: command.k],
        )
        if command.json:
            said = dataclasses.asdict(found) | {"clip": str(path), "seconds": round(seconds, 4)}
            print(json.dumps(said, ensure_ascii=False))
        else:
            verdict = "confident" if found.confident else "not confident"
            print(f"{path}: {verdict}, {1000 * seconds:.0f} ms")
            for word, probability in zip(found.words, found.probabilities, strict=True):
                print(f"  {100 * probability:5.1f} %  {word}")
            for problem in problems:
                print(f"  {problem}")


def _num_words(command: Recognize) -> int:
    """The number of words to ask for: an answer that is kept has at least five."""
    return command.k if command.word is None or command.k < 1 else max(command.k, NUM_KEPT)

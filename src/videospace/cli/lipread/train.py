"""``videospace lipread train``."""

import dataclasses
import time
from pathlib import Path

from videospace.cli.arguments import parse
from videospace.cli.lipread.recordings import (
    Faces,
    OptionalStrategy,
    ProfileFolder,
    choose_detector,
    read_recording,
)
from videospace.lipreading.adaptation.learning import LearningSettings
from videospace.lipreading.data.footage import segments
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.profile.learning import (
    adopt_model,
    open_recognizer,
    pseudo_label_footage,
    require_training,
    train,
)
from videospace.lipreading.profile.model_selection import checked_strategy
from videospace.lipreading.profile.profile import Profile
from videospace.runtime.errors import UserError
from videospace.runtime.text import counted


@dataclasses.dataclass(frozen=True)
class Train:
    """Learn the words of a profile, by its strategy or another one that it keeps from then on.

    Words and recordings that are added later count immediately, without training.
    """

    profile: ProfileFolder
    """Folder of the profile."""
    strategy: OptionalStrategy = None
    """Strategy by which to learn; None keeps the profile's."""
    model: Path | None = None
    """A model of 'videospace lipread pretrain' to start from, which is copied into the profile."""
    footage: tuple[Path, ...] = ()
    """Videos of the person mouthing anything, with a rest of half a second between two words. They
    are cut at the pauses and adapt the model to the mouth. Nothing of them is kept."""
    pseudo_labels: bool = False
    """Also learn the words that the recognizer is confident to find in the footage. This is for
    comparison: in the thesis it lowered the accuracy."""
    faces: Faces = "dlib"
    """Detector that finds the face in the footage; crops: it shows only the mouth."""
    box: str | None = None
    """Position of the mouth in it, instead of face detection: top,left,height,width in px, or
    center, the largest square in the middle."""
    minutes: float | None = None
    """Most time that training may take; None takes the time of the strategy."""
    seed: int = 0
    """Random seed."""
    device: str = "auto"
    """Device: auto, cpu or cuda."""


def main(arguments: list[str]) -> None:
    """Train, and open the recognizer once."""
    command = parse(Train, arguments, "videospace lipread train")
    if command.strategy is not None:
        checked_strategy(command.strategy)
    profile = Profile(command.profile)
    if command.model is not None:
        adopt_model(profile, MouthModel.from_pretrained(command.model))
        print(f"took over the model '{command.model}'")
    settings = LearningSettings(
        seed=command.seed,
        device=command.device,
        time_budget_seconds=None if command.minutes is None else 60 * command.minutes,
    )
    strategy = checked_strategy(command.strategy or profile.settings.strategy)
    if command.footage:
        require_training(strategy)
    footage = _footage(command)
    named = pseudo_label_footage(profile, footage, settings) if command.pseudo_labels else []
    if footage:
        also = f", {len(named)} of them taken for words" if command.pseudo_labels else ""
        print(f"{counted(len(footage), 'movement')} in the footage{also}")
    started = time.perf_counter()
    record = train(profile, strategy, settings, footage=footage, pseudo_labeled_footage=named)
    opened = open_recognizer(profile, settings, strategy=strategy)
    seconds = time.perf_counter() - started
    what = "learns without training" if record is None else f"trained model {record.id}"
    words = counted(len(opened.recognizer.words), "word")
    print(f"{strategy}: {what}; {words} in {seconds:.1f} s")
    for word in opened.words_without_clip:
        print(f"'{word}' has no recording yet and cannot be recognized")


def _footage(command: Train) -> list[MouthClip]:
    if command.pseudo_labels and not command.footage:
        raise UserError("expected --footage with --pseudo-labels, got none")
    detector = choose_detector(command.faces, command.box)
    return [
        clip for path in command.footage for clip in segments(read_recording(path, detector)[0])
    ]

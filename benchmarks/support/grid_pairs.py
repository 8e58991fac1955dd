"""Cuts letter + digit pairs out of GRID's sentences, as a corpus for lipreading."""

import csv
import dataclasses
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.support.common import say
from videospace.clips.sources import VIDEO_SUFFIXES
from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.mouth.detectors import FaceDetector
from videospace.lipreading.mouth.dlib_detector import DlibDetector
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.mouth.reading import read_mouth
from videospace.lipreading.profile.storage.clip_files import load_clip, save_clip
from videospace.runtime.errors import UserError

FPS = 25.0
MARGIN_FRAMES = 2
SILENCE = ("sil", "sp")
LETTER, DIGIT = 3, 4
"""Numbers of the two words in a sentence, counted without the silence."""
SAY_EVERY_SECONDS = 20


@dataclasses.dataclass(frozen=True, kw_only=True)
class SpokenWord:
    """A word of a sentence, and when it is spoken."""

    text: str
    """The word, as the table spells it."""
    start_frame: float
    """Where it begins, in frames of the recording."""
    end_frame: float
    """Where it ends."""


def read_grid_pairs(
    folder: Path | str,
    *,
    work: Path,
    detector: FaceDetector | None = None,
    max_recordings: int | None = None,
) -> list[LabeledClip]:
    """The letter + digit pairs of one GRID speaker, from 2 frames before to 2 frames after.

    Args:
        folder: The recordings with their ``words.tsv``; the folder is named after the speaker.
        work: Folder that keeps the mouths of each recording, so that an interrupted run goes on.
        detector: Finds the faces; None takes dlib.
        max_recordings: Read the first ones in alphabetical order only; None reads all.

    Returns:
        Clips in alphabetical order of the recordings, whose names are the takes.

    Raises:
        UserError: There are no recordings or no table of words.
    """
    folder = Path(folder)
    spoken = dict(list(sentences(folder / "words.tsv").items())[:max_recordings])
    speaker = folder.name.removeprefix("grid_")
    mouths = mouths_of_recordings(folder, list(spoken), work=work, detector=detector)
    return [
        LabeledClip(
            word=f"{words[LETTER].text} {words[DIGIT].text}",
            speaker=speaker,
            take=recording,
            domain="real",
            clip=window(mouth, words[LETTER], words[DIGIT], margin_frames=MARGIN_FRAMES),
        )
        for (recording, words), mouth in zip(spoken.items(), mouths, strict=True)
    ]


def window(
    mouth: MouthClip, first: SpokenWord, last: SpokenWord, *, margin_frames: int
) -> MouthClip:
    """Cut some words of a sentence out of its recording.

    Args:
        mouth: The mouth through the whole recording.
        first: The first of the words.
        last: The last of them, which may be the same.
        margin_frames: Frames to keep before and after them.
    """
    start = max(0, math.floor(first.start_frame) - margin_frames)
    return mouth.part(start, math.ceil(last.end_frame) + margin_frames)


def sentences(table: Path) -> dict[str, list[SpokenWord]]:
    """Read the words of every recording without its silence, in alphabetical order.

    Args:
        table: Recording, start frame, end frame and word, separated by tabs, with a header.

    Raises:
        UserError: There is no such table, or a sentence has fewer words than five.
    """
    try:
        with open(table, encoding="utf-8", newline="") as file:
            rows = sorted(
                csv.DictReader(file, delimiter="\t"),
                key=lambda row: (row["recording"], float(row["start_frame"])),
            )
            spoken: dict[str, list[SpokenWord]] = {row["recording"]: [] for row in rows}
            for row in rows:
                if row["word"] not in SILENCE:
                    word = SpokenWord(
                        text=row["word"],
                        start_frame=float(row["start_frame"]),
                        end_frame=float(row["end_frame"]),
                    )
                    spoken[row["recording"]].append(word)
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise UserError(f"expected a table of GRID's words at '{table}': {error}") from error
    for recording, words in spoken.items():
        if len(words) <= DIGIT:
            raise UserError(f"expected a sentence of six words in {recording}, got {len(words)}")
    return spoken


def mouths_of_recordings(
    folder: Path, recordings: Sequence[str], *, work: Path, detector: FaceDetector | None = None
) -> Iterator[MouthClip]:
    """The mouth through each whole recording, read from the work folder where it is there.

    Args:
        folder: The recordings.
        recordings: Their names without suffix.
        work: Folder that keeps the mouths; delete it after a change to how mouths are found.
        detector: Finds the faces; None takes dlib.

    Yields:
        The mouth at 25 frames a second.

    Raises:
        UserError: A recording is missing, cannot be read or shows no face.
    """
    detector = detector or DlibDetector()
    files = {path.stem: path for path in folder.iterdir() if path.suffix in VIDEO_SUFFIXES}
    kept = work / "mouths" / folder.name
    kept.mkdir(parents=True, exist_ok=True)
    last_said = time.monotonic()
    for number, recording in enumerate(recordings):
        if recording not in files:
            raise UserError(f"expected the recording {recording} in '{folder}', got none")
        path = kept / f"{recording}.npz"
        if not path.exists():
            save_clip(path, read_mouth(files[recording], detector, fps=FPS)[0])
        if time.monotonic() > last_said + SAY_EVERY_SECONDS:
            last_said = time.monotonic()
            say(f"mouths of {folder.name}: {number} of {len(recordings)} recordings")
        yield load_clip(path)

"""Cuts letter + digit pairs out of GRID's sentences, as a corpus for lipreading."""

import csv
import dataclasses
import itertools
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from benchmarks.support.common import say
from videospace.clips.sources import VIDEO_SUFFIXES
from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.mouth.detectors import FaceDetector
from videospace.lipreading.mouth.dlib_detector import DlibDetector
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.mouth.reading import read_mouth
from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write

FPS = 25.0
MARGIN_FRAMES = 2
LETTER, DIGIT = 3, 4
"""Numbers of the two words in a sentence, counted without the silence."""
SAY_EVERY_SECONDS = 20


@dataclasses.dataclass(frozen=True, kw_only=True)
class SpokenPair:
    """The window of a sentence in which a letter and a digit are spoken."""

    recording: str
    """Name of the file without its suffix."""
    word: str
    """Such as ``f two``."""
    start_frame: int
    """First frame of the window."""
    end_frame: int
    """First frame after it."""


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
    pairs = spoken_pairs(folder / "words.tsv")[:max_recordings]
    speaker = folder.name.removeprefix("grid_")
    mouths = mouths_of_recordings(
        folder, [pair.recording for pair in pairs], work=work, detector=detector
    )
    return [
        LabeledClip(
            word=pair.word,
            speaker=speaker,
            take=pair.recording,
            domain="real",
            # A copy, so that the rest of the sentence does not stay in memory.
            clip=MouthClip(frames=mouth[pair.start_frame : pair.end_frame].copy(), fps=FPS),
        )
        for pair, mouth in zip(pairs, mouths, strict=True)
    ]


def spoken_pairs(table: Path) -> list[SpokenPair]:
    """Read the windows of the pairs, in alphabetical order of the recordings.

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
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise UserError(f"expected a table of GRID's words at '{table}': {error}") from error
    pairs = []
    for recording, spoken in itertools.groupby(rows, key=lambda row: row["recording"]):
        words = [row for row in spoken if row["word"] not in ("sil", "sp")]
        if len(words) <= DIGIT:
            raise UserError(f"expected a sentence of six words in {recording}, got {len(words)}")
        start, end = float(words[LETTER]["start_frame"]), float(words[DIGIT]["end_frame"])
        pairs.append(
            SpokenPair(
                recording=recording,
                word=f"{words[LETTER]['word']} {words[DIGIT]['word']}",
                start_frame=max(0, math.floor(start) - MARGIN_FRAMES),
                end_frame=math.ceil(end) + MARGIN_FRAMES,
            )
        )
    return pairs


def mouths_of_recordings(
    folder: Path, recordings: Sequence[str], *, work: Path, detector: FaceDetector | None = None
) -> Iterator[UInt8[np.ndarray, "time 88 88"]]:
    """The mouth through each whole recording, read from the work folder where it is there.

    Args:
        folder: The recordings.
        recordings: Their names without suffix.
        work: Folder that keeps the mouths; delete it after a change to how mouths are found.
        detector: Finds the faces; None takes dlib.

    Yields:
        Crops at 25 frames a second.

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
        path = kept / f"{recording}.npy"
        if not path.exists():
            clip, _ = read_mouth(files[recording], detector, fps=FPS)
            with atomic_write(path) as unfinished:
                np.save(unfinished, clip.frames)
        if time.monotonic() > last_said + SAY_EVERY_SECONDS:
            last_said = time.monotonic()
            say(f"mouths of {folder.name}: {number} of {len(recordings)} recordings")
        yield np.load(path)

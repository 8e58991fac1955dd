"""Cuts single words out of GRID's sentences: the colors and digits, one shot and twenty tests."""

import dataclasses
from collections import Counter
from pathlib import Path

from benchmarks.support.grid_pairs import (
    MARGIN_FRAMES,
    SpokenWord,
    mouths_of_recordings,
    sentences,
    window,
)
from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.mouth.detectors import FaceDetector
from videospace.runtime.errors import UserError

CLASSES = (
    *("blue", "green", "red", "white"),
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
)
"""The words that are asked, as GRID's tables spell them."""
NUM_TESTS = 20
"""Most tests of each word."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class GridWords:
    """One speaker's clips of the words, cut from running speech."""

    shots: list[LabeledClip]
    """The first occurrence of each word in alphabetical order of the recordings."""
    tests: list[LabeledClip]
    """The next twenty of each."""


def read_grid_words(
    folder: Path | str, *, work: Path, detector: FaceDetector | None = None
) -> GridWords:
    """Read the words of one GRID speaker, from 2 frames before to 2 frames after.

    Args:
        folder: The recordings with their ``words.tsv``; the folder is named after the speaker.
        work: Folder that keeps the mouths of each recording, so that an interrupted run goes on.
        detector: Finds the faces; None takes dlib.

    Raises:
        UserError: There are no recordings, no table of words, or fewer than two of the words.
    """
    folder = Path(folder)
    chosen: dict[str, list[SpokenWord]] = {}
    counts: Counter[str] = Counter()
    for recording, spoken in sentences(folder / "words.tsv").items():
        for word in spoken:
            if word.text in CLASSES and counts[word.text] <= NUM_TESTS:
                counts[word.text] += 1
                chosen.setdefault(recording, []).append(word)
    if len(counts) < 2:
        raise UserError(f"expected at least two of GRID's colors and digits in '{folder}'")
    mouths = mouths_of_recordings(folder, list(chosen), work=work, detector=detector)
    clips = [
        LabeledClip(
            word=word.text,
            speaker=folder.name.removeprefix("grid_"),
            take=recording,
            domain="real",
            clip=window(mouth, word, word, margin_frames=MARGIN_FRAMES),
        )
        for (recording, words), mouth in zip(chosen.items(), mouths, strict=True)
        for word in words
    ]
    found: dict[str, LabeledClip] = {}
    for clip in clips:
        found.setdefault(clip.word, clip)
    shots = list(found.values())
    return GridWords(shots=shots, tests=[clip for clip in clips if clip not in shots])

"""What a profile knows about its words, clips and models."""

import dataclasses
import datetime
from typing import Literal

from videospace.lipreading.data.corpora import Domain
from videospace.lipreading.mouth.detectors import Finder
from videospace.runtime.errors import UserError
from videospace.runtime.renamed import renamed

ModelKind = Literal["encoder", "recognizer"]
"""What a model learned from: other people, or the person's clips."""
RENAMED_STRATEGIES = {"dtw-normalised": "dtw-normalized"}
"""Names of strategies by those of version 0.1."""
RENAMED_MODEL_KINDS = {"recogniser": "recognizer"}
"""Kinds of models by those of version 0.1."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class WordRecord:
    """A word or phrase of the person's vocabulary."""

    text: str
    """As it is shown; words that differ in capitals alone are the same word."""
    spoken: str
    """How it is spoken, for what the text does not say: ``"doctor Lee"`` for ``"Dr. Lee"``."""
    note: str = ""
    """Anything the helper wants to remember."""
    added: str
    """When, as ISO 8601 in UTC."""
    num_clips: int = 0
    """Recordings of it."""
    num_uses: int = 0
    """How often it was confirmed to be what the person said."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClipRecord:
    """A recording of one word."""

    id: str
    """Sixteen hexadecimal digits that follow from the frames: the same recording, the same id."""
    word: str
    """Text of the word."""
    added: str
    """When, as ISO 8601 in UTC."""
    source: str
    """Where it comes from, such as a file name or ``"camera"``."""
    domain: Domain
    """Recorded or synthetic."""
    num_frames: int
    """Frames."""
    fps: float
    """Frames a second."""
    problems: tuple[str, ...] = ()
    """What the quality report says against it, in plain words."""


@renamed(values={"kind": RENAMED_MODEL_KINDS, "strategy": RENAMED_STRATEGIES})
@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelRecord:
    """A model in the history of a profile."""

    id: str
    """Name of its folder below ``models/``."""
    kind: ModelKind
    """An encoder learned from other people, or what was learned from this person's clips."""
    added: str
    """When, as ISO 8601 in UTC."""
    strategy: str
    """How it was learned."""
    clips: tuple[str, ...] = ()
    """Ids of the clips it was learned from."""
    turn: int = 0
    """Grows with every model that is put to use: the last one of a kind is the one in use."""


@renamed(fields={"sure": "confident"}, values={"strategy": RENAMED_STRATEGIES})
@dataclasses.dataclass(frozen=True, kw_only=True)
class AnswerRecord:
    """What was answered to a recording before somebody said what it was.

    Raises:
        UserError: Not every word has a probability.

    Example:
        >>> AnswerRecord(words=("water", "bread"), probabilities=(0.7, 0.2)).confident
        False
    """

    words: tuple[str | None, ...] = ()
    """The likeliest words, best first; None in the place of a word that was deleted since. Empty:
    nothing was answered, as when fewer than two words had a recording."""
    probabilities: tuple[float, ...] = ()
    """Theirs, in [0, 1]."""
    confident: bool = False
    """Whether the first of them was called sure."""
    strategy: str = ""
    """What answered; empty where nothing did."""
    model: str | None = None
    """Id of the model that it used; None where it needs none. The model may be gone by now."""

    def __post_init__(self) -> None:
        if len(self.words) != len(self.probabilities):
            raise UserError(
                f"expected a probability for each word, got {len(self.words)} words and "
                f"{len(self.probabilities)} probabilities"
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class UsageRecord:
    """A word that was said to somebody, and what had been answered."""

    clip: str
    """Id of the recording, which is kept as one of the word."""
    word: str
    """What was said."""
    made: str
    """When, as ISO 8601 in UTC."""
    was_known: bool
    """Whether the word had a recording before, so that it could be answered at all."""
    answer: AnswerRecord
    """What had been answered."""

    @property
    def was_asked(self) -> bool:
        """Whether it tells how good answers are: there was one, and it could be right."""
        return self.was_known and bool(self.answer.words)

    @property
    def rank(self) -> int | None:
        """Of the right word in the answer, from 1; None where it is not among those named."""
        words = self.answer.words
        return words.index(self.word) + 1 if self.word in words else None


@renamed(values={"strategy": RENAMED_STRATEGIES})
@dataclasses.dataclass(frozen=True, kw_only=True)
class ProfileSettings:
    """Settings of a profile."""

    person: str
    """Name of the person."""
    language: str = "en-us"
    """Voice of espeak-ng by which words are spoken, such as en-us, de or fr."""
    strategy: str = "fusion"
    """How the person's words are learned: a name in
    :mod:`videospace.lipreading.adaptation.strategies`."""
    prior: bool = False
    """Prefer words that are used often."""
    finder: Finder = "dlib"
    """What finds the mouth in recordings that the studio makes."""
    phrases: str = "Yes\nNo\nHelp\nI am in pain"
    """What is said with one tap and never recognized, one a line."""


def now() -> str:
    """The time in UTC, as ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")

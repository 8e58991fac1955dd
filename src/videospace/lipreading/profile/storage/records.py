"""The records of a profile: settings, words, clips, models and usage.

No record holds what a profile may not: each checks its fields, wherever they come from.
"""

import dataclasses
import datetime
import functools
from typing import Literal

from videospace.lipreading.adaptation.strategies import strategy_named
from videospace.lipreading.data.corpora import Domain
from videospace.lipreading.mouth.detectors import Finder
from videospace.lipreading.mouth.mouth_clip import MAX_SECONDS
from videospace.lipreading.profile.storage.checks import (
    MAX_COUNT,
    MAX_FPS,
    MAX_MEDIA_BYTES,
    MAX_PHRASES,
    MAX_WORDS,
    require_free_text,
    require_id,
    require_language,
    require_time,
    require_within,
)
from videospace.lipreading.profile.words import MAX_LENGTH, checked_text
from videospace.runtime.errors import UserError
from videospace.runtime.reading.renamed import renamed

ModelKind = Literal["encoder", "recognizer"]
"""What a model learned from: other people, or the person's clips."""
MediaKind = Literal["picture", "voice"]
"""A picture, or a recording of the person's own voice."""
PRETRAINED = "pretrained"
"""The strategy of a model of other people's mouths."""
MIN_FPS = 0.1
"""Lowest frame rate of a clip."""
ROUNDING = 1e-6
"""How far a probability may be above 1."""
RENAMED_STRATEGIES = {"dtw-normalised": "dtw-normalized"}
"""Names of strategies by those of version 0.1."""
RENAMED_MODEL_KINDS = {"recogniser": "recognizer"}
"""Kinds of models by those of version 0.1."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class WordRecord:
    """A word or phrase of the person's vocabulary.

    Raises:
        UserError: A field holds what a profile may not.
    """

    text: str
    """The word as it is shown. Words that differ only in upper and lower case are the same."""
    spoken: str
    """How it is spoken, where the text does not say it: ``"doctor Lee"`` for ``"Dr. Lee"``."""
    note: str = ""
    """A note for the helper."""
    added: str
    """Time, as ISO 8601 in UTC."""
    num_clips: int = 0
    """Recordings of the word."""
    num_uses: int = 0
    """How often the person said it in use."""

    def __post_init__(self) -> None:
        _require_word(self.text)
        checked_text(self.spoken, "spoken form")
        require_free_text(self.note, "note")
        require_time(self.added, "a word")
        require_within(self.num_clips, "a number of clips", 0, MAX_COUNT)
        require_within(self.num_uses, "a number of uses", 0, MAX_COUNT)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClipRecord:
    """A recording of one word.

    Raises:
        UserError: A field holds what a profile may not.
    """

    id: str
    """Sixteen hexadecimal digits, a hash of the frames: the same recording has the same id."""
    word: str
    """Text of the word."""
    added: str
    """Time, as ISO 8601 in UTC."""
    source: str
    """Where the clip comes from, such as a file name or ``"camera"``."""
    domain: Domain
    """Whether the clip was recorded or is synthetic."""
    num_frames: int
    fps: float
    """Frames per second."""
    problems: tuple[str, ...] = ()
    """Problems that the quality report found, in plain words."""

    def __post_init__(self) -> None:
        require_id(self.id, "a clip")
        _require_word(self.word)
        require_time(self.added, "a clip")
        require_free_text(self.source, "source of a clip")
        require_within(self.fps, "frames per second", MIN_FPS, MAX_FPS)
        require_within(self.num_frames, "a number of frames", 1, MAX_SECONDS * self.fps)
        for problem in self.problems:
            require_free_text(problem, "problem of a clip")


@renamed(values={"kind": RENAMED_MODEL_KINDS, "strategy": RENAMED_STRATEGIES})
@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelRecord:
    """A model that a profile keeps.

    Raises:
        UserError: A field holds what a profile may not.
    """

    id: str
    """Name of its folder below ``models/``."""
    kind: ModelKind
    """Whether it is an encoder of other people's mouths or was trained on this person's clips."""
    added: str
    """Time, as ISO 8601 in UTC."""
    strategy: str
    """The strategy that trained it."""
    clips: tuple[str, ...] = ()
    """Ids of the clips that it learned from."""
    turn: int = 0
    """Grows with every model that is put to use: the model of a kind with the highest turn is in
    use."""

    def __post_init__(self) -> None:
        require_id(self.id, "a model")
        require_time(self.added, "a model")
        if self.kind != "encoder" or self.strategy != PRETRAINED:
            strategy_named(self.strategy)
        for clip in self.clips:
            require_id(clip, "a clip")
        require_within(self.turn, "the turn of a model", 0, MAX_COUNT)


@renamed(fields={"sure": "confident"}, values={"strategy": RENAMED_STRATEGIES})
@dataclasses.dataclass(frozen=True, kw_only=True)
class AnswerRecord:
    """The answer that a recognizer gave to a recording.

    Raises:
        UserError: Not every word has a probability, or a field holds what a profile may not.

    Example:
        >>> AnswerRecord(words=("water", "bread"), probabilities=(0.7, 0.2)).confident
        False
    """

    words: tuple[str | None, ...] = ()
    """The likeliest words, best first; None for a word that has been deleted since. Empty where
    there was no answer, as when fewer than two words had a recording."""
    probabilities: tuple[float, ...] = ()
    """The probability of each word, in [0, 1]."""
    confident: bool = False
    """Whether the recognizer was confident about the first word."""
    strategy: str = ""
    """The strategy that answered; empty where there was no answer."""
    model: str | None = None
    """Id of the model that answered; None where the strategy needs none. It may have been deleted
    since."""

    def __post_init__(self) -> None:
        if len(self.words) != len(self.probabilities):
            raise UserError(
                f"expected a probability for each word, got {len(self.words)} words and "
                f"{len(self.probabilities)} probabilities"
            )
        require_within(len(self.words), "a number of words", 0, MAX_WORDS)
        for word in self.words:
            if word is not None:
                _require_word(word)
        for probability in self.probabilities:
            require_within(probability, "a probability", 0, 1 + ROUNDING)
        if self.strategy:
            strategy_named(self.strategy)
        if self.model is not None:
            require_id(self.model, "a model")


@dataclasses.dataclass(frozen=True, kw_only=True)
class UsageRecord:
    """One use: a word that the person said, and what the recognizer had answered.

    Raises:
        UserError: A field holds what a profile may not.
    """

    clip: str
    """Id of the recording, which is kept as a clip of the word."""
    word: str
    """The word that was said."""
    made: str
    """Time, as ISO 8601 in UTC."""
    was_known: bool
    """Whether the word had a recording before, so that the answer could be right."""
    answer: AnswerRecord

    def __post_init__(self) -> None:
        require_id(self.clip, "a clip")
        _require_word(self.word)
        require_time(self.made, "a use")

    @property
    def was_asked(self) -> bool:
        """Whether it counts for the accuracy: there was an answer, and it could be right."""
        return self.was_known and bool(self.answer.words)

    @property
    def rank(self) -> int | None:
        """Rank of the right word in the answer, from 1; None where the answer does not name it."""
        words = self.answer.words
        return words.index(self.word) + 1 if self.word in words else None


@dataclasses.dataclass(frozen=True, kw_only=True)
class MediaRecord:
    """A picture or a recording of the person's own voice, for a word or phrase.

    Raises:
        UserError: A field holds what a profile may not.
    """

    id: str
    """Sixteen hexadecimal digits, a hash of its file."""
    text: str
    """The word or phrase, which need not be one that is recognized."""
    kind: MediaKind
    added: str
    """Time, as ISO 8601 in UTC."""
    seconds: float = 0.0
    """Length of a recording."""
    num_bytes: int
    """Size of its file."""

    def __post_init__(self) -> None:
        require_id(self.id, "a picture or recording")
        checked_text(self.text)
        require_time(self.added, "a picture or recording")
        require_within(self.seconds, "seconds of a recording", 0, 60)
        require_within(self.num_bytes, "the bytes of a file", 1, MAX_MEDIA_BYTES)


@dataclasses.dataclass(frozen=True, kw_only=True)
class SaidRecord:
    """A word or phrase that the person said.

    Raises:
        UserError: A field holds what a profile may not.
    """

    id: str
    """Sixteen hexadecimal digits."""
    sentence: str
    """Name of the sentence, the same for all that were said in a row."""
    text: str
    made: str
    """Time, as ISO 8601 in UTC."""

    def __post_init__(self) -> None:
        require_id(self.id, "what was said")
        require_free_text(self.sentence, "name of a sentence", max_length=MAX_LENGTH)
        checked_text(self.text)
        require_time(self.made, "what was said")


@renamed(values={"strategy": RENAMED_STRATEGIES})
@dataclasses.dataclass(frozen=True, kw_only=True)
class ProfileSettings:
    """What a helper can set for one person.

    Raises:
        UserError: A field holds what a profile may not.
    """

    person: str
    """Name of the person."""
    language: str = "en-us"
    """Voice of espeak-ng that pronounces the words, such as en-us, de or fr."""
    strategy: str = "fusion"
    """How the person's words are learned: a name in
    :mod:`videospace.lipreading.adaptation.strategies`."""
    prior: bool = False
    """Prefer words that are used often."""
    finder: Finder = "dlib"
    """Detector that finds the mouth in recordings that the studio makes."""
    phrases: str = "Yes\nNo\nHelp\nI am in pain"
    """Phrases that are said with one tap and never recognized, one a line. A line that ends with a
    colon begins a category."""
    context: bool = False
    """Prefer words that fit the sentence so far, as the person's sentences before have shown."""
    talk: str = ""
    """How the person operates the studio's page Talk, as JSON; empty: as the studio begins."""
    identity: str = ""
    """Random name for what browsers keep about the person, so that nobody else ever gets it."""
    caregiver_pin: str = ""
    """Salted hash of the PIN that deletions and settings need in the studio; empty for none."""
    notes: str = ""
    """What the next helper should know about the person, for the hand-over sheet."""
    backed_up: str = ""
    """Time of the last export in the studio, as ISO 8601 in UTC; empty for none."""

    def __post_init__(self) -> None:
        checked_text(self.person, "name")
        require_language(self.language)
        strategy_named(self.strategy)
        phrases = [line for line in self.phrases.splitlines() if line.strip()]
        require_within(len(phrases), "a number of phrases", 0, MAX_PHRASES)
        for phrase in phrases:
            require_free_text(phrase, "phrase", max_length=MAX_LENGTH)
        for field in dataclasses.fields(self):
            if isinstance(value := getattr(self, field.name), str):
                require_free_text(value, field.name)


def now() -> str:
    """The time in UTC, as ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


@functools.lru_cache(maxsize=MAX_WORDS)
def _require_word(text: str) -> None:
    """Check the text of a word, once for all records that name it."""
    checked_text(text)

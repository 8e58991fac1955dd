"""What a profile knows about its words, clips and models."""

import dataclasses
from typing import Literal

from videospace.lipreading.corpus import Domain


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


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelRecord:
    """A model in the history of a profile."""

    id: str
    """Name of its folder below ``models/``."""
    kind: Literal["encoder", "recogniser"]
    """An encoder learned from other people, or what was learned from this person's clips."""
    added: str
    """When, as ISO 8601 in UTC."""
    strategy: str
    """How it was learned."""
    clips: tuple[str, ...] = ()
    """Ids of the clips it was learned from."""

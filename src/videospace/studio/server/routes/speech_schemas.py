"""The JSON of requests and answers about voices, speech, and what goes with phrases."""

import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from videospace.lipreading.profile.storage.records import MediaKind
from videospace.lipreading.synthesis.speech import MAX_CHARACTERS, MAX_RATE, MIN_RATE
from videospace.studio.server.routes.schemas import Strict, Text

Rate = Annotated[float, Field(ge=MIN_RATE, le=MAX_RATE)]


class SpeechRequest(Strict):
    """A text to speak."""

    text: Annotated[str, Field(max_length=MAX_CHARACTERS)]
    voice: Annotated[str, Field(min_length=1, max_length=100)]
    """Name of a voice, or a language such as ``en-us``."""
    rate: Rate = 1.0
    """Speed: 2 is twice as fast."""
    pitch: Rate = 1.0
    """Height of the voice: above 1 is higher."""


class StudioVoice(BaseModel):
    """A voice of the studio."""

    name: str
    languages: list[str]
    """Languages that it speaks, its own one first."""
    title: str
    """What the page shows."""


# Pictures, own voice, and what was said


class Media(BaseModel):
    """A picture, or a recording of the person's own voice, for a word or phrase."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    text: str
    kind: MediaKind
    seconds: float
    """Length of a recording."""


class NewSaid(Strict):
    """A word or phrase that the person said."""

    text: Text
    sentence: Annotated[str, Field(min_length=1, max_length=100)]
    """Name of its sentence, the same for all that are said in a row."""


class Said(BaseModel):
    """A word or phrase that the person said."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    sentence: str
    text: str
    made: datetime.datetime


class Symbol(BaseModel):
    """A picture of the symbol set."""

    id: str
    name: str


class Symbols(BaseModel):
    """Symbols that were found."""

    title: str
    """Name of the symbol set and its licence; empty where there is none."""
    symbols: list[Symbol]

"""The JSON of requests and answers about voices and speech."""

from typing import Annotated

from pydantic import BaseModel, Field

from videospace.lipreading.synthesis.speech import MAX_CHARACTERS, MAX_RATE, MIN_RATE
from videospace.studio.server.routes.schemas import Strict

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

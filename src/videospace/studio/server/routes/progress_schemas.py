"""What goes over the wire about progress."""

import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from videospace.studio.server.routes.schemas import Strict

Fraction = Annotated[float, Field(ge=0, le=1)]


class Share(BaseModel):
    """A share of right answers with its 95 % interval."""

    mean: Fraction
    low: Fraction
    high: Fraction


class Accuracy(BaseModel):
    """How often an answer was right."""

    num_answers: int
    """Answers that could be right."""
    top1: Share | None
    """By the first word; None without answers."""
    top5: Share | None
    """By one of the first five."""


class Day(BaseModel):
    """A day on which something was said."""

    date: datetime.date
    num_words: int
    accuracy: Accuracy
    moving_top1: Share | None
    """Over the last answers at the end of the day, of other days too."""


class Session(BaseModel):
    """Words with no long pause between them."""

    start: datetime.datetime
    end: datetime.datetime
    num_words: int
    accuracy: Accuracy


class TakenFor(BaseModel):
    """A word that was named first instead of the right one."""

    word: str
    times: int


class WordProgress(BaseModel):
    """A word in use."""

    word: str
    num_clips: int
    num_uses: int
    num_answers: int
    num_hits: int
    top1: Share | None
    taken_for: list[TakenFor]


class Confusion(BaseModel):
    """Two words that were confused."""

    said: str
    answered: str
    times: int


class Model(BaseModel):
    """A model in the history."""

    id: str
    kind: Literal["encoder", "recognizer"]
    """Learned from other people, or from this person's recordings too."""
    added: datetime.datetime
    strategy: str
    num_clips: int
    """Recordings of this person that it learned from."""
    is_in_use: bool
    accuracy: Accuracy
    """Of its own answers."""


class Progress(BaseModel):
    """How well words were recognized in use."""

    num_words: int
    """Words that were said."""
    accuracy: Accuracy
    num_moving: int
    """Answers over which the moving accuracy looks back."""
    fall: str | None
    """A sentence where accuracy has fallen by more than chance."""
    days: list[Day]
    sessions: list[Session]
    words: list[WordProgress]
    """The weakest first."""
    confusions: list[Confusion]
    """The most frequent first."""
    strategy: str
    """What answers now."""
    models: list[Model]
    """The newest first."""


class ModelChoice(Strict):
    """A model to answer from now on."""

    model: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
    """Its id."""

"""What goes over the wire."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from videospace.lipreading.mouth.detectors import Finder
from videospace.lipreading.profile.words import MAX_LENGTH

Text = Annotated[str, Field(min_length=1, max_length=MAX_LENGTH)]


class Strict(BaseModel):
    """What a page sends: a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """Why something was not done."""

    error: str
    """One sentence for whoever sits before the page."""


class Session(BaseModel):
    """What a page needs to know first."""

    needs_code: bool
    """Whether the access code has to be given."""
    token: str | None
    """Goes with every request that changes something; None until the code is given."""


class AccessCode(Strict):
    """The code that the studio printed when it was started."""

    code: Annotated[str, Field(max_length=100)]


class NewPerson(Strict):
    """A person to make a profile for."""

    person: Text
    """Name."""
    language: Annotated[str, Field(pattern="^[a-z]{2,3}(-[a-z0-9]{1,8}){0,2}$")] = "en-us"
    """In which the person's words are spoken."""


class PersonChanges(Strict):
    """Settings to change; what is None stays."""

    person: Text | None = None
    language: Annotated[str, Field(pattern="^[a-z]{2,3}(-[a-z0-9]{1,8}){0,2}$")] | None = None
    finder: Finder | None = None
    phrases: Annotated[list[Text], Field(max_length=24)] | None = None


class Person(BaseModel):
    """A person and what is known of them."""

    id: str
    person: str
    """Name; the id where the profile is damaged."""
    language: str = "en-us"
    finder: Finder = "dlib"
    phrases: list[str] = []
    """Said with one tap."""
    num_words: int = 0
    num_clips: int = 0
    num_bytes: int = 0
    """What all of it takes on the disk."""
    can_train: bool = False
    """Whether there is a pretrained model to train."""
    damage: str | None = None
    """Why the profile cannot be opened; nothing else is known of it then."""


class NewWord(Strict):
    """A word to add."""

    text: Text
    spoken: Text | None = None
    """How it is spoken; None takes the text."""


class Word(BaseModel):
    """A word of a person's vocabulary."""

    text: str
    spoken: str
    num_clips: int
    num_uses: int


class LookAlike(BaseModel):
    """A word that is hard to tell from another one by the lips."""

    word: str
    same: bool
    """Whether nobody could tell them apart."""


class AddedWord(Word):
    """A word, and those it may be taken for."""

    look_alikes: list[LookAlike]


class WordList(Strict):
    """A list of words to add: one on each line, or CSV with the spoken form and a note."""

    text: Annotated[str, Field(min_length=1, max_length=50_000)]


class Likeness(LookAlike):
    """Two words that are hard to tell apart by the lips."""

    added: str
    """That of the list."""


class AddedList(BaseModel):
    """A list of words, all of which the person has now."""

    words: list[Word]
    """In the order of the list."""
    look_alikes: list[Likeness]
    """Of those that were added."""


class Clip(BaseModel):
    """A recording that is kept."""

    id: str
    word: str
    added: str
    """When, as ISO 8601 in UTC."""
    seconds: float
    problems: list[str]


class Guess(BaseModel):
    """A word that a recording may be."""

    text: str
    spoken: str
    probability: Annotated[float, Field(ge=0, le=1)]


class Recording(BaseModel):
    """What became of a recording that was sent."""

    id: str
    """By which it can be kept, while the studio runs and not too many others have come."""
    guesses: list[Guess]
    """The likeliest words, best first; none where fewer than two words have a recording."""
    confident: bool
    """Whether the first of them is likely enough to be taken without asking."""
    lips_moved: bool
    """Whether there is a movement in it that can be a word."""
    problems: list[str]
    """What could be better about the recording."""


class Mouth(BaseModel):
    """Where a still shows a mouth."""

    x_px: float
    """Center of the lips, from the left edge."""
    y_px: float
    """Center of the lips, from the top edge."""
    side_px: float
    """Side of the square that is cut out."""
    angle: float
    """How far the head leans clockwise, in radians."""


class Choice(Strict):
    """What was said in a recording."""

    word: Text
    """One of the person's words, or a new one."""
    used: bool = True
    """Whether the person said it to somebody, and not to teach it."""


class Kept(Clip):
    """A recording that has become one of its word."""

    spoken: str
    """How the word is spoken."""


class TrainingWish(Strict):
    """How long a training may take."""

    minutes: Annotated[float, Field(gt=0, le=24 * 60)] | None = None
    """None: as long as it asks for."""


class LearningState(BaseModel):
    """How far a training is."""

    state: Literal["idle", "running", "done", "failed", "stopped"]
    fraction: Annotated[float, Field(ge=0, le=1)]
    note: str

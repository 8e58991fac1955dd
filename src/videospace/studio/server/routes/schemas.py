"""The JSON of requests and answers, in the order: all pages, profiles, words, progress, spaces."""

import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from videospace.inrv.model.coordinates import Placement
from videospace.inrv.space.moved_tracks import TrackMove
from videospace.inrv.space.sampling import SamplingMethod
from videospace.lipreading.mouth.detectors import Finder
from videospace.lipreading.profile.storage.checks import IDENTITY, LANGUAGE, MAX_PHRASES
from videospace.lipreading.profile.words import MAX_LENGTH, checked_text
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message
from videospace.studio.languages.catalogues import translated
from videospace.studio.server.sessions.space_items import ItemKind, Knows, MapKind, Panel, Position
from videospace.studio.server.talk_settings import TalkSettings

Text = Annotated[str, Field(min_length=1, max_length=MAX_LENGTH), AfterValidator(checked_text)]
"""A word, phrase or name, with single spaces."""
Translated = Annotated[str, BeforeValidator(translated)]
"""What the server says, in the language of the request."""
Language = Annotated[str, Field(pattern=f"^{LANGUAGE}$")]
Fraction = Annotated[float, Field(ge=0, le=1)]
ItemId = Annotated[str, Field(min_length=1, max_length=500)]
ItemName = Annotated[str, Field(min_length=1, max_length=100)]
MoveTexts = list[Annotated[str, Field(max_length=200)]]
"""Moved tracks, each as TRACK,DOWN,RIGHT, or as TRACK,DOWN,RIGHT,TIME,REACH if the path is bent
around a time: numbers of :class:`videospace.inrv.space.moved_tracks.TrackMove`."""
MAX_SAMPLES = 8
"""Clips that an inversion finds together."""
MAX_ITEMS = 4096
"""Items of a space in one request; its map has fewer."""
MAX_MOVES = 64
"""Moves of tracks at a position."""
SidePx = Annotated[int, Field(ge=1, le=4096)]
UploadId = Annotated[str, Field(pattern="^[0-9a-f-]{8,40}$")]
"""A page's name for a recording that it sends in pieces."""
UploadStart = Annotated[int, Field(ge=0, le=2**32)]
"""Number of bytes of the recording that were sent before."""
JobState = Literal["idle", "running", "done", "failed", "stopped"]


class Strict(BaseModel):
    """The JSON of a request; an unknown field is refused."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """Why a request was refused."""

    error: str
    """One sentence for the person who uses the page."""


class PageSession(BaseModel):
    """What a page needs before its other requests."""

    needs: Literal["code", "key"] | None
    """What the browser has to give first: the access code, or the key in the printed address."""
    token: str | None
    """Sent with every request; None until the browser is let in."""


class AccessCode(Strict):
    """The access code or the key that the studio printed."""

    code: Annotated[str, Field(max_length=100)]


# Profiles


class NewProfile(Strict):
    """A profile to create."""

    person: Text
    """Name of the person."""
    language: Language = "en-us"
    """Language of the words."""


class ProfileChanges(Strict):
    """Settings to change; those that are None stay."""

    person: Text | None = None
    language: Language | None = None
    finder: Finder | None = None
    phrases: Annotated[list[Text], Field(max_length=MAX_PHRASES)] | None = None
    context: bool | None = None
    talk: TalkSettings | None = None
    """Only those that are given change."""
    notes: Annotated[str, Field(max_length=5000)] | None = None
    """What the next helper should know."""


class PinChange(Strict):
    """A PIN that deletions and settings need from now on."""

    pin: Annotated[str, Field(max_length=100)] | None
    """Four to twelve digits; None removes the lock."""


class ProfileInfo(BaseModel):
    """A profile."""

    id: str
    person: str
    """Name of the person; the id if the profile is damaged."""
    language: str = "en-us"
    finder: Finder = "dlib"
    phrases: list[str] = []
    """Phrases that are spoken with one tap; one that ends with a colon begins a category."""
    context: bool = False
    """Whether the ranking knows the sentence so far."""
    talk: TalkSettings = TalkSettings()
    """How the person operates the page Talk."""
    num_words: int = 0
    num_clips: int = 0
    num_bytes: int = 0
    """Size on the disk."""
    can_train: bool = False
    """Whether there is a pretrained model to train."""
    identity: str = ""
    """Name for what the browser keeps about the person; nobody else ever gets it."""
    is_locked: bool = False
    """Whether deletions and settings need a PIN."""
    notes: str = ""
    """What the next helper should know."""
    backed_up: datetime.datetime | None = None
    """When the profile was last exported here; None for never."""
    backup_is_due: bool = False
    """Whether so much was recorded since then that the profile should be exported."""
    damage: Translated | None = None
    """Why the profile cannot be opened; the other fields have no meaning then."""


class TrainingRequest(Strict):
    """A training to start."""

    minutes: Annotated[float, Field(gt=0, le=24 * 60)] | None = None
    """Time limit. None: no limit."""


class TrainingState(BaseModel):
    """The progress of a training."""

    state: JobState
    fraction: Fraction
    note: Translated


# Words and recordings


class NewWord(Strict):
    """A word to add."""

    text: Text
    spoken: Text | None = None
    """How the word is spoken. None: as its text."""


class WordChanges(Strict):
    """Changes of a word; those that are None stay."""

    text: Text | None = None
    """Its new text."""
    spoken: Text | None = None
    """How it is spoken."""


class Word(BaseModel):
    """A word of a profile."""

    text: str
    spoken: str
    num_clips: int
    num_uses: int


class LookAlike(BaseModel):
    """A word that is hard to tell from another one by the lips."""

    word: str
    same: bool
    """Whether the two look exactly the same."""


class AddedWord(Word):
    """A word that was added, and the words that look like it."""

    look_alikes: list[LookAlike]


class WordList(Strict):
    """A list of words to add: one a line, or CSV with the spoken form and a note."""

    text: Annotated[str, Field(min_length=1, max_length=50_000)]


class ListLookAlike(LookAlike):
    """Two words that are hard to tell apart by the lips."""

    added: str
    """The word of the list."""


class AddedList(BaseModel):
    """The words of a list, all of which the profile has now."""

    words: list[Word]
    """In the order of the list."""
    look_alikes: list[ListLookAlike]
    """Pairs with a word that was added."""


class Clip(BaseModel):
    """A recording that is kept."""

    id: str
    word: str
    added: str
    """Time in UTC, as ISO 8601."""
    seconds: float
    problems: list[Translated]


class ClipChanges(Strict):
    """The word that a recording really shows."""

    word: Text
    """A word of the profile."""


class Guess(BaseModel):
    """A word that a recording may show."""

    text: str
    spoken: str
    probability: Fraction


class Recording(BaseModel):
    """A recording that was sent, and the words that it may show."""

    id: str
    """With it the recording can be kept, until newer recordings replace it."""
    guesses: list[Guess]
    """The likeliest words, best first; none if fewer than two words have a recording, or the lips
    never move."""
    others: list[str]
    """All other words, the likeliest first; at the end those without a recording."""
    confident: bool
    """Whether the first word is so likely that nobody need be asked."""
    lips_moved: bool
    """Whether the recording shows a movement that can be a word."""
    problems: list[Translated]
    """What could be better about the recording."""


class Mouth(BaseModel):
    """A mouth in a still."""

    x_px: float
    """Center of the lips, from the left edge."""
    y_px: float
    """Center of the lips, from the top edge."""
    side_px: float
    """Side of the square around the mouth."""
    angle: float
    """How far the head leans clockwise, in radians."""


class Choice(Strict):
    """What a recording shows."""

    word: Text
    """A word of the profile, or a new one."""
    used: bool = True
    """True if the word was said to somebody, False if it was said to teach it."""


class KeptClip(Clip):
    """A recording that was kept as a clip of its word."""

    spoken: str
    """How the word is spoken."""


# Progress


class ProportionInterval(BaseModel):
    """A fraction of right answers with its 95 % interval."""

    mean: Fraction
    low: Fraction
    high: Fraction


class Accuracy(BaseModel):
    """How often an answer was right."""

    num_answers: int
    """Answers whose word had a recording before."""
    top1: ProportionInterval | None
    """How often the first word was right; None without answers."""
    top5: ProportionInterval | None
    """How often one of the first five words was right."""


class Day(BaseModel):
    """A day on which something was said."""

    date: datetime.date
    num_words: int
    accuracy: Accuracy
    moving_top1: ProportionInterval | None
    """Over the last answers up to the end of the day, also of earlier days."""


class Session(BaseModel):
    """Words without a long pause between them."""

    start: datetime.datetime
    end: datetime.datetime
    num_words: int
    accuracy: Accuracy


class TakenFor(BaseModel):
    """A word that was recognized instead of the right one."""

    word: str
    times: int


class WordProgress(BaseModel):
    """How well one word was recognized."""

    word: str
    num_clips: int
    num_uses: int
    num_answers: int
    num_hits: int
    top1: ProportionInterval | None
    taken_for: list[TakenFor]


class Confusion(BaseModel):
    """Two words that were confused."""

    said: str
    answered: str
    times: int


class Model(BaseModel):
    """A model of the profile's history."""

    id: str
    kind: Literal["encoder", "recognizer"]
    """Trained on other people, or also on the recordings of this profile."""
    added: datetime.datetime
    strategy: str
    num_clips: int
    """Recordings of this profile that it was trained on."""
    is_in_use: bool
    """Whether it recognizes now."""
    accuracy: Accuracy
    """Accuracy of this model's own answers."""


class Weak(BaseModel):
    """A recording that attracts wrong answers."""

    word: str
    clip: str
    num_attracted: int
    """Wrong answers that named its word."""
    num_wrong: int
    """All wrong answers that it could have attracted."""


class ShotScore(BaseModel):
    """Accuracy after a number of recordings of each word."""

    num_shots: int
    num_answers: int
    top1: ProportionInterval
    top5: ProportionInterval


class FilmedConfusion(BaseModel):
    """Two words that were confused, with a recording of each."""

    said: str
    answered: str
    times: int
    said_clip: str
    answered_clip: str


class Report(BaseModel):
    """How well the words are told apart, measured on recordings that were left out."""

    strategy: str
    curve: list[ShotScore]
    confusions: list[FilmedConfusion]


class ReportState(BaseModel):
    """The progress of a measurement."""

    state: JobState
    fraction: Fraction
    note: Translated
    result: Report | None


class Progress(BaseModel):
    """How well words were recognized in use."""

    num_words: int
    """Words that were said."""
    accuracy: Accuracy
    num_moving: int
    """Number of answers in the moving accuracy."""
    accuracy_drop: Translated | None
    """A sentence if the accuracy has dropped by more than chance explains."""
    days: list[Day]
    sessions: list[Session]
    words: list[WordProgress]
    """The weakest first."""
    confusions: list[Confusion]
    """The most frequent first."""
    weak: list[Weak]
    """Recordings that attract wrong answers, the worst first."""
    strategy: str
    """The strategy that recognizes now."""
    models: list[Model]
    """The newest first."""


class ModelChoice(Strict):
    """A model to use from now on."""

    model: Annotated[str, Field(pattern=f"^{IDENTITY}$")]
    """Id of the model."""


# Video spaces


class SpaceName(BaseModel):
    """A space that can be chosen."""

    id: str
    is_pretrained: bool
    """Whether it comes with videospace."""


class Item(BaseModel):
    """A clip or another item of a space, with its position on the map."""

    model_config = ConfigDict(from_attributes=True)
    id: str
    kind: ItemKind
    name: str
    """The name that the page shows."""
    map_xy: tuple[float, float]
    source: str | None
    """The source of a clip; null where its id names none."""
    values: dict[str, str | float]
    """Labels and scores of a clip, by the names of their columns."""


class Space(BaseModel):
    """An open space."""

    id: str
    about: str
    """What its clips show."""
    num_frames: int
    height: int
    """Height of its clips in px."""
    width: int
    """Width of its clips in px."""
    fps: float
    num_clips: int
    items: list[Item]
    """Its clips (a selection if there are very many) and what was sampled or found."""
    num_tracks: int
    """Tracks of each clip; 0 where the space has none."""
    has_flow: bool
    """Whether the space has learned how its clips are distributed, and can sample by that."""
    frames_at: Placement
    """Whether the first and the last frame are at the ends of the time of a clip, or its frames are
    in the centers of equal parts of it."""
    map_fraction: Fraction
    """Fraction of the latents' variance that the map shows."""
    maps: list[MapKind]
    """The maps that the studio can compute: the projection (pca), and maps of neighbors."""
    table_problem: Translated
    """Why the labels and scores of the clips cannot be used; empty where they can."""


class NeighborPlaces(BaseModel):
    """A map of neighbors, which the studio computes in the background."""

    ready: bool
    problem: Translated
    """Why there is none; empty where there is one, or there will be."""
    places: dict[str, tuple[float, float]]
    """Coordinates of the items by their ids."""


class SamplingRequest(Strict):
    """Items to sample."""

    count: Annotated[int, Field(ge=1, le=16)] = 4
    method: SamplingMethod = "slerp"
    """slerp: on the arc between two random clips; lerp: on the line between them; gaussian: from
    the Gaussian of all clips; flow: from their learned distribution, where the space has one."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0


class ItemsRequest(Strict):
    """Some items of a space."""

    items: Annotated[list[ItemId], Field(min_length=1, max_length=MAX_ITEMS)]
    """Their ids, in this order."""


class MeanRequest(ItemsRequest):
    """Items to average."""

    name: ItemName = "mean"
    """Name of the item that the mean becomes."""


class PositionRequest(Strict):
    """An item of the space, or a position on the arc between two items."""

    start: ItemId
    end: ItemId | None = None
    ratio: Fraction = 0.0
    moves: MoveTexts = []

    @property
    def position(self) -> Position:
        """The position, with its moves read.

        Raises:
            UserError: A move is not written as it should be, or there are too many.
        """
        return position_of(self.start, self.end, self.ratio, self.moves)


def position_of(start: str, end: str | None, ratio: float, moves: list[str]) -> Position:
    """A position, with its moves read.

    Raises:
        UserError: A move is not written as it should be, or there are too many.
    """
    if len(moves) > MAX_MOVES:
        raise UserError(Message("too many moves: press 'As it was' and begin again"))
    read = tuple(TrackMove.from_text(move) for move in moves)
    return Position(start=start, end=end, ratio=ratio, moves=read)


class Video(BaseModel):
    """A video to work on, at the size of the space's clips."""

    id: str
    num_real: int
    """Frames of the video; the rest of the clip repeats the last one and is not observed."""
    fps: float
    problem: Translated
    """What is wrong with the video, such as lost frames; empty where nothing is."""


class InversionRequest(Strict):
    """Which pixels of a video are observed, and how long to search for it in the space."""

    name: ItemName = "video"
    """Name of the item that will be found; with several samples, their numbers follow it."""
    hidden: Annotated[str, Field(max_length=2**16)] | None = None
    """Mask of all frames as base64: a bit for each pixel, row by row, 1 where it is hidden."""
    observed_frames: list[Annotated[int, Field(ge=0)]] | None = None
    """Numbers of the observed frames, from 0. None: all."""
    max_steps: Annotated[int, Field(ge=1, le=2000)] = 300
    restarts: Annotated[int, Field(ge=1, le=8)] = 1
    samples: Annotated[int, Field(ge=1, le=MAX_SAMPLES)] = 1
    """Clips to find. A single one is the most probable; several differ in what is filled in."""
    keep_observed: bool = True
    """Keep the observed pixels as they are, if something is hidden."""


class RenderRequest(PositionRequest):
    """What to render, and at which size. None takes the value of the space's clips."""

    height: SidePx | None = None
    width: SidePx | None = None
    num_frames: Annotated[int, Field(ge=1, le=2000)] | None = None
    fps: Annotated[float, Field(ge=0.1, le=240)] | None = None
    suffix: Literal[".mp4", ".webm", ".gif"] = ".mp4"


class Found(BaseModel):
    """A clip that an inversion found; its film strip and its file have their own addresses."""

    item: Item | None
    """None if newer items have replaced it."""
    psnr_observed_db: float
    psnr_hidden_db: float | None
    """None if nothing was hidden."""
    ssim: float
    knows: Knows
    """How well the space knows such videos."""


class JobResult(BaseModel):
    """The result of a job."""

    found: list[Found]
    """A clip for each sample of an inversion, the one that agrees best with the observed pixels
    first; empty for a render."""
    panels: list[Panel]
    """What the film strips show, from left to right."""
    steps: int | None
    seconds: float


class Job(BaseModel):
    """The progress of a job."""

    state: JobState
    kind: str
    fraction: Fraction
    note: Translated
    seconds_left: float | None
    """Estimate of the longest time left."""
    result: JobResult | None

"""How well words were recognized in use: by day, by session, by word, and what was confused.

Everything is counted from the choices that a profile keeps (``Profile.usage``).
"""

import csv
import dataclasses
import datetime
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from videospace.lipreading.profile.model_selection import current_selection
from videospace.lipreading.profile.models import models
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.records import ModelRecord, UsageRecord, WordRecord
from videospace.metrics.bootstrap import Interval
from videospace.metrics.proportion import proportion_interval

MOVING = 40
"""Answers over which the moving accuracy looks back."""
SESSION_PAUSE = datetime.timedelta(minutes=30)
"""Without a word, after which another session begins."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Accuracy:
    """How often an answer was right, with 95 % intervals."""

    num_answers: int
    """Answers that could be right: to words that had a recording before."""
    top1: Interval | None
    """The first word was what was said; None without answers."""
    top5: Interval | None
    """One of the first five was."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Day:
    """A day on which something was said."""

    date: datetime.date
    """In the time zone that was asked for."""
    num_words: int
    """Words that were said."""
    accuracy: Accuracy
    """Of this day alone."""
    moving_top1: Interval | None
    """Of the last ``MOVING`` answers at the end of the day."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Session:
    """Words with no long pause between them."""

    start: datetime.datetime
    """When the first word was chosen."""
    end: datetime.datetime
    """When the last one was."""
    num_words: int
    """Words that were said."""
    accuracy: Accuracy
    """Of the answers."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class WordHistory:
    """A word in use."""

    word: str
    """Its text."""
    num_clips: int
    """Recordings of it."""
    num_uses: int
    """How often it was said."""
    num_answers: int
    """How often an answer to it could be right."""
    num_hits: int
    """How often the first word of the answer was right."""
    taken_for: tuple[tuple[str, int], ...]
    """Words that were named first instead, and how often, the most frequent first."""

    @property
    def top1(self) -> Interval | None:
        """Share of the answers that were right; None without answers."""
        return proportion_interval(number < self.num_hits for number in range(self.num_answers))

    @property
    def weakness(self) -> tuple[int, float]:
        """Orders words, the weakest first: by their recordings, then by how often they were right.

        A word without answers counts as one that is right every other time.

        Source: Laplace's rule of succession, 1774.
        """
        return self.num_clips, (self.num_hits + 1) / (self.num_answers + 2)


def accuracy(choices: Sequence[UsageRecord]) -> Accuracy:
    """How often the answers before these choices were right."""
    places = [choice.rank for choice in choices if choice.was_asked]
    return Accuracy(
        num_answers=len(places),
        top1=proportion_interval(place == 1 for place in places),
        top5=proportion_interval(place is not None and place <= 5 for place in places),
    )


def by_day(choices: Sequence[UsageRecord], zone: datetime.tzinfo | None = None) -> list[Day]:
    """The days of use, oldest first.

    Args:
        choices: Oldest first.
        zone: Decides where a day ends; None takes that of this machine.
    """
    days = defaultdict(list)
    for choice in choices:
        days[_time(choice, zone).date()].append(choice)
    so_far: list[UsageRecord] = []
    found = []
    for date, said in days.items():
        so_far = [*so_far, *(choice for choice in said if choice.was_asked)][-MOVING:]
        found.append(
            Day(
                date=date,
                num_words=len(said),
                accuracy=accuracy(said),
                moving_top1=accuracy(so_far).top1,
            )
        )
    return found


def sessions(choices: Sequence[UsageRecord], zone: datetime.tzinfo | None = None) -> list[Session]:
    """Times of use between long pauses, oldest first.

    Args:
        choices: Oldest first.
        zone: Of the times; None takes that of this machine.
    """
    groups: list[list[UsageRecord]] = []
    for choice in choices:
        if not groups or _time(choice) - _time(groups[-1][-1]) > SESSION_PAUSE:
            groups.append([])
        groups[-1].append(choice)
    return [
        Session(
            start=_time(said[0], zone),
            end=_time(said[-1], zone),
            num_words=len(said),
            accuracy=accuracy(said),
        )
        for said in groups
    ]


def word_history(words: Sequence[WordRecord], choices: Sequence[UsageRecord]) -> list[WordHistory]:
    """What became of each word in use, the weakest first."""
    said = defaultdict(list)
    for choice in choices:
        said[choice.word].append(choice)
    found = [_of_word(word, said[word.text]) for word in words]
    return sorted(found, key=lambda word: word.weakness)


def confusion_pairs(choices: Sequence[UsageRecord]) -> list[tuple[str, str, int]]:
    """Which words were taken for which: (said, answered, times), the most frequent first."""
    wrong = Counter((choice.word, taken) for choice in choices if (taken := _taken_for(choice)))
    return [(said, answered, times) for (said, answered), times in wrong.most_common()]


def _of_word(word: WordRecord, said: Sequence[UsageRecord]) -> WordHistory:
    asked = [choice for choice in said if choice.was_asked]
    return WordHistory(
        word=word.text,
        num_clips=word.num_clips,
        num_uses=len(said),
        num_answers=len(asked),
        num_hits=sum(choice.rank == 1 for choice in asked),
        taken_for=tuple((answered, times) for _, answered, times in confusion_pairs(asked)),
    )


def _taken_for(choice: UsageRecord) -> str | None:
    """What was named first instead; None where it was right, or the word was deleted since."""
    return choice.answer.words[0] if choice.was_asked and choice.rank != 1 else None


def _time(choice: UsageRecord, zone: datetime.tzinfo | None = None) -> datetime.datetime:
    return datetime.datetime.fromisoformat(choice.made).astimezone(zone)


NUM_GUESSES = 5

COLUMNS = (
    "time",
    "word",
    "place",
    "sure",
    "known",
    *(
        f"{what} {place}"
        for place in range(1, NUM_GUESSES + 1)
        for what in ("guess", "probability")
    ),
    "strategy",
    "model",
    "clip",
)

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def usage_csv(choices: Iterable[UsageRecord]) -> str:
    """One line for each word that was said.

    ``place`` is that of the right word among the guesses, empty where it is not among them;
    ``known`` whether the word had a recording before. Times are UTC. A text that a spreadsheet
    would take for a formula has an apostrophe before it.

    Args:
        choices: What was said.

    Example:
        >>> usage_csv([]).splitlines()[0][:26]
        'time,word,place,sure,known'
    """
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    writer.writerows(_row(choice) for choice in choices)
    return table.getvalue()


def _row(choice: UsageRecord) -> list[object]:
    answer = choice.answer
    return [
        choice.made,
        _plain(choice.word),
        choice.rank or "",
        int(answer.confident),
        int(choice.was_known),
        *_guesses(answer.words, answer.probabilities),
        answer.strategy,
        answer.model or "",
        choice.clip,
    ]


def _guesses(words: Sequence[str | None], probabilities: Sequence[float]) -> list[object]:
    named = zip(words[:NUM_GUESSES], probabilities, strict=False)
    cells = [cell for word, p in named for cell in (_plain(word or ""), f"{p:.4f}")]
    return [*cells, *[""] * (2 * NUM_GUESSES - len(cells))]


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelHistory:
    """A model of a profile and its part in use."""

    model: ModelRecord
    """What it is."""
    is_in_use: bool
    """Whether it answers now."""
    accuracy: Accuracy
    """Of what it answered in use. Two models answered at other times and to other words, so that
    only a clear difference says something."""


def model_history(profile: Profile, choices: Sequence[UsageRecord]) -> list[ModelHistory]:
    """The models that a profile keeps, the newest first.

    Args:
        profile: The profile.
        choices: From which to count how well each did.
    """
    _, current = current_selection(profile)
    return [
        ModelHistory(
            model=record,
            is_in_use=current is not None and record.id == current.id,
            accuracy=accuracy([each for each in choices if each.answer.model == record.id]),
        )
        for record in reversed(models(profile))
    ]

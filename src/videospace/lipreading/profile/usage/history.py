"""Recognition accuracy in use, by day, session, word and model; confusion pairs.

Everything is counted from what :meth:`Profile.usage` returns.
"""

import csv
import dataclasses
import datetime
import io
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from videospace.lipreading.profile.model_selection import current_selection
from videospace.lipreading.profile.models import models
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import ModelRecord, UsageRecord, WordRecord
from videospace.metrics.bootstrap import Interval
from videospace.metrics.proportion import proportion_interval

MOVING = 40
"""Number of answers that the moving accuracy averages."""
SESSION_PAUSE = datetime.timedelta(minutes=30)
"""A pause that is longer than this begins another session."""
NUM_GUESSES = 5
"""Words of an answer in the CSV table."""
COLUMNS = (
    "time",
    "word",
    "rank",
    "confident",
    "known",
    *(f"{what} {rank}" for rank in range(1, NUM_GUESSES + 1) for what in ("guess", "probability")),
    "strategy",
    "model",
    "clip",
)
"""Columns of the CSV table."""
_FORMULA = frozenset("=+-@")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Accuracy:
    """How often answers were right, with 95 % intervals."""

    num_answers: int
    """Answers that could be right, because the word had a recording before."""
    top1: Interval | None
    """How often the first word was right; None without answers."""
    top5: Interval | None
    """How often one of the first five words was right; None without answers."""


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
    """Top-1 accuracy of the last ``MOVING`` answers at the end of the day."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Session:
    """Words with no long pause between them."""

    start: datetime.datetime
    """Time of the first word."""
    end: datetime.datetime
    """Time of the last word."""
    num_words: int
    """Words that were said."""
    accuracy: Accuracy


@dataclasses.dataclass(frozen=True, kw_only=True)
class WordHistory:
    """How well one word was recognized."""

    word: str
    num_clips: int
    """Recordings of the word."""
    num_uses: int
    """How often it was said."""
    num_answers: int
    """How often an answer to it could be right."""
    num_hits: int
    """How often the first word of the answer was right."""
    taken_for: tuple[tuple[str, int], ...]
    """Wrong first words and how often each was named, the most frequent first."""

    @property
    def top1(self) -> Interval | None:
        """Fraction of the answers that were right; None without answers."""
        return proportion_interval(number < self.num_hits for number in range(self.num_answers))

    @property
    def weakness(self) -> tuple[int, float]:
        """Sort key, the weakest words first: by number of clips, then by how often it was right.

        A word without answers counts as one that is right every other time.

        Source: Laplace's rule of succession, 1774.
        """
        return self.num_clips, (self.num_hits + 1) / (self.num_answers + 2)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelHistory:
    """How well one model of a profile did in use."""

    model: ModelRecord
    is_in_use: bool
    """Whether it answers now."""
    accuracy: Accuracy
    """Accuracy of its answers. Two models answered at different times and to different words, so
    that only a clear difference between them means something."""


def accuracy(usage: Sequence[UsageRecord]) -> Accuracy:
    """Count how often answers were right."""
    ranks = [use.rank for use in usage if use.was_asked]
    return Accuracy(
        num_answers=len(ranks),
        top1=proportion_interval(rank == 1 for rank in ranks),
        top5=proportion_interval(rank is not None and rank <= 5 for rank in ranks),
    )


def by_day(usage: Sequence[UsageRecord], zone: datetime.tzinfo | None = None) -> list[Day]:
    """Group usage by days, oldest first.

    Args:
        usage: What was said, oldest first.
        zone: The time zone that decides where a day ends; None takes that of this machine.
    """
    days = defaultdict(list)
    for use in usage:
        days[_time(use, zone).date()].append(use)
    recent: list[UsageRecord] = []
    found = []
    for date, said in days.items():
        recent = [*recent, *(use for use in said if use.was_asked)][-MOVING:]
        found.append(
            Day(
                date=date,
                num_words=len(said),
                accuracy=accuracy(said),
                moving_top1=accuracy(recent).top1,
            )
        )
    return found


def sessions(usage: Sequence[UsageRecord], zone: datetime.tzinfo | None = None) -> list[Session]:
    """Group usage by sessions with long pauses between them, oldest first.

    Args:
        usage: What was said, oldest first.
        zone: The time zone of the times; None takes that of this machine.
    """
    groups: list[list[UsageRecord]] = []
    for use in usage:
        if not groups or _time(use) - _time(groups[-1][-1]) > SESSION_PAUSE:
            groups.append([])
        groups[-1].append(use)
    return [
        Session(
            start=_time(said[0], zone),
            end=_time(said[-1], zone),
            num_words=len(said),
            accuracy=accuracy(said),
        )
        for said in groups
    ]


def word_history(words: Sequence[WordRecord], usage: Sequence[UsageRecord]) -> list[WordHistory]:
    """Summarize how each word did in use, the weakest first."""
    said = defaultdict(list)
    for use in usage:
        said[use.word].append(use)
    found = [_word_history(word, said[word.text]) for word in words]
    return sorted(found, key=lambda word: word.weakness)


def model_history(profile: Profile, usage: Sequence[UsageRecord]) -> list[ModelHistory]:
    """Summarize how each model that a profile keeps did in use, the newest first.

    Args:
        profile: The profile.
        usage: What was said and answered.
    """
    _, current = current_selection(profile)
    return [
        ModelHistory(
            model=record,
            is_in_use=current is not None and record.id == current.id,
            accuracy=accuracy([use for use in usage if use.answer.model == record.id]),
        )
        for record in reversed(models(profile))
    ]


def confusion_pairs(usage: Sequence[UsageRecord]) -> list[tuple[str, str, int]]:
    """Count which words were taken for which: (said, answered, times), the most frequent first."""
    wrong = Counter((use.word, taken) for use in usage if (taken := _taken_for(use)))
    return [(said, answered, times) for (said, answered), times in wrong.most_common()]


def usage_csv(usage: Iterable[UsageRecord]) -> str:
    """Write usage as a CSV table for spreadsheets, with a line for each word that was said.

    ``rank`` is the rank of the right word among the guesses, empty where it is not one of them.
    ``known`` says whether the word had a recording before. Times are UTC. An apostrophe stands
    before a text that a spreadsheet would take for a formula.

    Args:
        usage: What was said and answered.

    Example:
        >>> usage_csv([]).splitlines()[0][:30]
        'time,word,rank,confident,known'
    """
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    writer.writerows(map(_safe, _row(use)) for use in usage)
    return table.getvalue()


def _word_history(word: WordRecord, said: Sequence[UsageRecord]) -> WordHistory:
    asked = [use for use in said if use.was_asked]
    return WordHistory(
        word=word.text,
        num_clips=word.num_clips,
        num_uses=len(said),
        num_answers=len(asked),
        num_hits=sum(use.rank == 1 for use in asked),
        taken_for=tuple((answered, times) for _, answered, times in confusion_pairs(asked)),
    )


def _taken_for(use: UsageRecord) -> str | None:
    """The wrong first word; None where it was right, or has been deleted since."""
    return use.answer.words[0] if use.was_asked and use.rank != 1 else None


def _time(use: UsageRecord, zone: datetime.tzinfo | None = None) -> datetime.datetime:
    return datetime.datetime.fromisoformat(use.made).astimezone(zone)


def _row(use: UsageRecord) -> list[object]:
    answer = use.answer
    return [
        use.made,
        use.word,
        use.rank or "",
        int(answer.confident),
        int(use.was_known),
        *_guesses(answer.words, answer.probabilities),
        answer.strategy,
        answer.model or "",
        use.clip,
    ]


def _guesses(words: Sequence[str | None], probabilities: Sequence[float]) -> list[object]:
    named = zip(words[:NUM_GUESSES], probabilities, strict=False)
    cells = [cell for word, p in named for cell in (word or "", p)]
    return [*cells, *[""] * (2 * NUM_GUESSES - len(cells))]


def _safe(cell: object) -> object:
    """A cell in which no spreadsheet sees a formula, also by a sign of full width."""
    if isinstance(cell, float):
        return f"{cell:.4f}"
    if not isinstance(cell, str) or not cell:
        return cell
    shown = (sign for sign in cell if sign.isprintable() and not sign.isspace())
    first = unicodedata.normalize("NFKC", next(shown, cell[0]))
    return f"'{cell}" if first in _FORMULA or cell[0] in "\t\r\n" else cell

"""Choices as a table for spreadsheets and statistics programs."""

import csv
import io
from collections.abc import Iterable, Sequence

from videospace.lipreading.profile.records import ChoiceRecord

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


def choices_csv(choices: Iterable[ChoiceRecord]) -> str:
    """One line for each word that was said.

    ``place`` is that of the right word among the guesses, empty where it is not among them;
    ``known`` whether the word had a recording before. Times are UTC. A text that a spreadsheet
    would take for a formula has an apostrophe before it.

    Args:
        choices: What was said.

    Example:
        >>> choices_csv([]).splitlines()[0][:26]
        'time,word,place,sure,known'
    """
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    writer.writerows(_row(choice) for choice in choices)
    return table.getvalue()


def _row(choice: ChoiceRecord) -> list[object]:
    answer = choice.answer
    return [
        choice.made,
        _plain(choice.word),
        choice.place or "",
        int(answer.sure),
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

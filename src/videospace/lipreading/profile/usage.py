"""Choices in the index of a profile: what was said in use, and what had been answered."""

import sqlite3
from collections import defaultdict

from videospace.lipreading.profile.records import AnswerRecord, UsageRecord
from videospace.lipreading.profile.store import format_of
from videospace.lipreading.profile.words import word_key

FIRST_FORMAT = 2
"""Of an index that knows choices."""


def insert_choice(index: sqlite3.Connection, choice: UsageRecord) -> None:
    """Add the rows of a choice whose clip is there; its word and time are those of the clip.

    A guess whose word has been deleted meanwhile loses its name.
    """
    answer = choice.answer
    index.execute(
        "INSERT INTO choices VALUES (?, ?, ?, ?, ?)",
        (choice.clip, choice.was_known, answer.confident, answer.strategy, answer.model),
    )
    guesses = zip(answer.words, answer.probabilities, strict=True)
    index.executemany(
        "INSERT INTO guesses VALUES (?, ?, (SELECT key FROM words WHERE key = ?), ?)",
        [
            (choice.clip, place, None if word is None else word_key(word), probability)
            for place, (word, probability) in enumerate(guesses, start=1)
        ],
    )


def read_choices(index: sqlite3.Connection) -> list[UsageRecord]:
    """All choices, oldest first."""
    if format_of(index) < FIRST_FORMAT:
        return []
    guesses = defaultdict(list)
    for row in index.execute(
        "SELECT clip, text, probability FROM guesses LEFT JOIN words ON words.key = guesses.word "
        "ORDER BY clip, place"
    ):
        guesses[row["clip"]].append((row["text"], row["probability"]))
    rows = index.execute(
        "SELECT choices.*, text, clips.added FROM choices JOIN clips ON clips.id = choices.clip "
        "JOIN words ON words.key = clips.word ORDER BY clips.rowid"
    )
    return [_choice(row, guesses[row["clip"]]) for row in rows]


def _choice(row: sqlite3.Row, guesses: list[tuple[str | None, float]]) -> UsageRecord:
    return UsageRecord(
        clip=row["clip"],
        word=row["text"],
        made=row["added"],
        was_known=bool(row["was_known"]),
        answer=AnswerRecord(
            words=tuple(word for word, _ in guesses),
            probabilities=tuple(probability for _, probability in guesses),
            confident=bool(row["sure"]),
            strategy=row["strategy"],
            model=row["model"],
        ),
    )

"""``videospace lipread history``."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from videospace.cli.arguments import parse
from videospace.cli.lipread.recordings import ProfileFolder
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import UsageRecord
from videospace.lipreading.profile.usage.accuracy_drop import find_accuracy_drop
from videospace.lipreading.profile.usage.history import (
    Accuracy,
    accuracy,
    by_day,
    confusion_pairs,
    sessions,
    usage_csv,
    word_history,
)
from videospace.metrics.bootstrap import Interval
from videospace.runtime.files import atomic_write
from videospace.runtime.text import counted

MOST_LINES = 20


@dataclasses.dataclass(frozen=True)
class History:
    """Show how well words were recognized in use: by day, by session and by word.

    This counts the words that were chosen in the studio or given with 'recognize --word'.
    """

    profile: ProfileFolder
    """Folder of the profile."""
    csv: Path | None = None
    """CSV file to write every use to."""


def main(arguments: list[str]) -> None:
    """Print the history, and write the CSV file."""
    command = parse(History, arguments, "videospace lipread history")
    profile = Profile(command.profile)
    usage = profile.usage()
    if not usage:
        print("nothing has been said in use yet: use the studio or 'recognize --word'")
    else:
        print(f"{counted(len(usage), 'word')} said; {_accuracy(accuracy(usage))}")
        if drop := find_accuracy_drop(usage):
            print(f"accuracy has dropped. {drop.text()}")
        _print_parts(profile, usage)
    if command.csv is not None:
        with atomic_write(command.csv) as unfinished:
            # The byte order mark makes spreadsheets read UTF-8.
            unfinished.write_text(usage_csv(usage), encoding="utf-8-sig", newline="")
        print(f"wrote {command.csv}")


def _print_parts(profile: Profile, usage: Sequence[UsageRecord]) -> None:
    print("days:")
    for day in by_day(usage)[-MOST_LINES:]:
        print(f"  {day.date}: {counted(day.num_words, 'word')}; {_accuracy(day.accuracy)}")
    print("sessions:")
    for session in sessions(usage)[-MOST_LINES:]:
        times = f"{session.start:%Y-%m-%d %H:%M} to {session.end:%H:%M}"
        print(f"  {times}: {counted(session.num_words, 'word')}; {_accuracy(session.accuracy)}")
    print("words, the weakest first:")
    for word in word_history(profile.words(), usage)[:MOST_LINES]:
        print(
            f"  {word.word}: {counted(word.num_clips, 'recording')}, said {word.num_uses} ×, "
            f"right {word.num_hits} of {word.num_answers}"
        )
    if pairs := confusion_pairs(usage)[:MOST_LINES]:
        print("confused:")
    for said, answered, times in pairs:
        print(f"  {times} × '{said}' taken for '{answered}'")


def _accuracy(found: Accuracy) -> str:
    top1, top5 = _interval(found.top1), _interval(found.top5)
    return f"top-1 {top1}, top-5 {top5} of {found.num_answers} answers"


def _interval(interval: Interval | None) -> str:
    return "–" if interval is None else interval.text()

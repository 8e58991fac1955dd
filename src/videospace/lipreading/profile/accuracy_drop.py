"""Whether answers have become worse, and whether that is more than chance."""

import dataclasses
from collections import Counter
from collections.abc import Sequence

from scipy import stats

from videospace.lipreading.profile.records import UsageRecord
from videospace.metrics.bootstrap import Interval
from videospace.metrics.proportion import proportion_interval

RECENT = 40
"""Answers that count as recent."""
BEFORE = 200
"""Answers before these to compare with, at most; at least as many as recent ones."""
LEAST_LIKELY = 0.001
"""A fall that chance brings more often than so is none. The comparison is made again after every
word, so that it has to be strict."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class AccuracyDrop:
    """Recent answers were worse than those before."""

    recent: Interval
    """Share of the recent answers whose first word was right."""
    num_recent: int
    """Recent answers."""
    before: Interval
    """The same of those before."""
    num_before: int
    """Answers before."""
    p_value: float
    """How often chance alone brings recent answers as bad as these, in [0, 1]."""
    since: str
    """When the first of the recent ones was chosen, as ISO 8601 in UTC."""
    most_missed: tuple[tuple[str, int], ...]
    """Words that were missed most often of late, and how often."""

    def text(self) -> str:
        """In a sentence, with the test that it rests on."""
        rarity = float(f"{1 / self.p_value:.1g}")
        missed = ", ".join(f"{word} ({times} ×)" for word, times in self.most_missed)
        return (
            f"Of the last {self.num_recent} answers {self.recent.text()} were right, of the "
            f"{self.num_before} before {self.before.text()}. Chance alone brings that about once "
            f"in {rarity:,.0f} times (Fisher's exact test, one-sided). "
            f"Most often missed: {missed}."
        )


def find_accuracy_drop(choices: Sequence[UsageRecord]) -> AccuracyDrop | None:
    """Whether recent answers are worse than those before; None where chance explains it.

    Simulated: where answers stay as they are, 70 or 90 per cent right, fewer than one of ten people
    gets a false notice within a thousand words. A fall from 90 to 60 per cent is noticed after some
    30 words.

    Args:
        choices: Oldest first.

    Source: Fisher's exact test (1922) of the last 40 answers against up to 200 before them.
    """
    asked = [choice for choice in choices if choice.was_asked]
    recent, before = asked[-RECENT:], asked[-RECENT - BEFORE : -RECENT]
    if len(before) < RECENT:
        return None
    hits = [[choice.rank == 1 for choice in each] for each in (recent, before)]
    num_right = sum(map(sum, hits))
    p_value = float(
        stats.hypergeom.cdf(sum(hits[0]), len(recent) + len(before), num_right, len(recent))
    )
    recent_share, before_share = proportion_interval(hits[0]), proportion_interval(hits[1])
    if p_value >= LEAST_LIKELY or recent_share is None or before_share is None:
        return None
    missed = Counter(choice.word for choice in recent if choice.rank != 1)
    return AccuracyDrop(
        recent=recent_share,
        num_recent=len(recent),
        before=before_share,
        num_before=len(before),
        p_value=p_value,
        since=recent[0].made,
        most_missed=tuple(missed.most_common(3)),
    )

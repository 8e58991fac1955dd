"""Find out whether recent answers are worse than earlier ones by more than chance."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import cast

from scipy import stats

from videospace.lipreading.profile.storage.records import UsageRecord
from videospace.metrics.bootstrap import Interval
from videospace.metrics.proportion import proportion_interval
from videospace.runtime.messages import Message

NUM_RECENT = 40
"""Answers that count as recent."""
MAX_BEFORE = 200
"""Most answers before the recent ones to compare with; there must be as many as recent ones."""
SIGNIFICANCE = 0.001
"""Largest p-value of a drop. It is strict, because the comparison is repeated after every word."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class AccuracyDrop:
    """Recent answers that were worse than those before."""

    recent: Interval
    """Fraction of the recent answers whose first word was right."""
    num_recent: int
    before: Interval
    """The same fraction of the answers before."""
    num_before: int
    p_value: float
    """Probability in [0, 1] that chance alone makes recent answers as bad as these."""
    since: str
    """Time of the first recent answer, as ISO 8601 in UTC."""
    most_missed: tuple[tuple[str, int], ...]
    """The words that were missed most often among the recent answers, with their counts."""

    def text(self) -> str:
        """Describe the drop and its test in three sentences."""
        rarity = f"{float(f'{1 / self.p_value:.1g}'):,.0f}"
        missed = ", ".join(f"{word} ({times} ×)" for word, times in self.most_missed)
        return Message(
            "{recent} of the last {num_recent} answers were right, and {before} of the "
            "{num_before} before them. Chance alone causes such a drop once in {rarity} times "
            "(Fisher's exact test, one-sided). Most often missed: {missed}.",
            recent=self.recent.text().replace(" to ", "–"),
            num_recent=self.num_recent,
            before=self.before.text().replace(" to ", "–"),
            num_before=self.num_before,
            rarity=rarity,
            missed=missed,
        )


def find_accuracy_drop(usage: Sequence[UsageRecord]) -> AccuracyDrop | None:
    """Test whether recent answers are worse than those before; None where chance explains it.

    In simulations, fewer than one of ten people whose accuracy stays at 70 or 90 per cent gets a
    false notice within a thousand words. A drop from 90 to 60 per cent is noticed after some 30
    words.

    Args:
        usage: What was said in use, oldest first.

    Source: Fisher's exact test (1922) of the last 40 answers against up to 200 before them.
    """
    scored = [use for use in usage if use.was_asked]
    recent, before = scored[-NUM_RECENT:], scored[-NUM_RECENT - MAX_BEFORE : -NUM_RECENT]
    if len(before) < NUM_RECENT:
        return None
    hits = [[use.rank == 1 for use in uses] for uses in (recent, before)]
    table = [[sum(right), len(right) - sum(right)] for right in hits]
    p_value = cast(float, stats.fisher_exact(table, alternative="less")[1])
    recent_interval, before_interval = map(proportion_interval, hits)
    if p_value >= SIGNIFICANCE or recent_interval is None or before_interval is None:
        return None
    missed = Counter(use.word for use in recent if use.rank != 1)
    return AccuracyDrop(
        recent=recent_interval,
        num_recent=len(recent),
        before=before_interval,
        num_before=len(before),
        p_value=float(p_value),
        since=recent[0].made,
        most_missed=tuple(missed.most_common(3)),
    )

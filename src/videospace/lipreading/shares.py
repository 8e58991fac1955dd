"""How sure a share of right answers is, when there are few of them."""

from collections.abc import Iterable

from scipy import stats

from videospace.lipreading.bootstrap import Interval


def share(outcomes: Iterable[bool]) -> Interval | None:
    """The share of outcomes that are true, with its 95 % interval; None where there are none.

    It takes the outcomes to be independent, and holds for three of them as for a thousand.

    Args:
        outcomes: Whether each was right.

    Example:
        >>> share([True, True, True]).text()
        '100.0 % (43.8 to 100.0)'

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    counted = list(outcomes)
    if not counted:
        return None
    found = stats.binomtest(sum(counted), len(counted)).proportion_ci(0.95, method="wilson")
    mean = sum(counted) / len(counted)
    return Interval(mean=mean, low=float(found.low), high=float(found.high))

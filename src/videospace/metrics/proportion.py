"""Confidence interval of a proportion, such as the fraction of answers that were right."""

from collections.abc import Iterable

from scipy import stats

from videospace.metrics.bootstrap import Interval


def proportion_interval(outcomes: Iterable[bool]) -> Interval | None:
    """The fraction of outcomes that are true, with its 95 % interval; None where there are none.

    The outcomes are taken to be independent. The interval holds for few of them as for many.

    Args:
        outcomes: Whether each was right.

    Example:
        >>> proportion_interval([True, True, True]).text()
        '100.0 % (43.9 to 100.0)'

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    values = list(outcomes)
    if not values:
        return None
    mean = sum(values) / len(values)
    test = stats.binomtest(sum(values), len(values), mean)  # its p-value, not used, is quickest so
    low, high = test.proportion_ci(confidence_level=0.95, method="wilson")
    return Interval(mean=mean, low=float(low), high=float(high))

"""How sure a share of right answers is, when there are few of them."""

import math
from collections.abc import Iterable

from videospace.metrics.bootstrap import Interval

_QUANTILE = 1.959964
"""Of the normal distribution, for 95 %."""


def proportion_interval(outcomes: Iterable[bool]) -> Interval | None:
    """The share of outcomes that are true, with its 95 % interval; None where there are none.

    It takes the outcomes to be independent, and holds for three of them as for a thousand.

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
    mean, weight = sum(values) / len(values), _QUANTILE**2 / len(values)
    center = (mean + weight / 2) / (1 + weight)
    spread = math.sqrt(weight * mean * (1 - mean) + weight**2 / 4) / (1 + weight)
    return Interval(mean=mean, low=max(center - spread, 0.0), high=min(center + spread, 1.0))

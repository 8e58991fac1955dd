"""Confidence intervals of a mean over clips, and of the difference between two methods.

The intervals assume independent clips. Clips that are cut from one recording resemble each other,
so that an interval over them is too narrow for statements about other recordings.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from scipy import stats
from torch import Tensor

from videospace.runtime.errors import UserError

Values = Float[Tensor, " clip"] | Sequence[float | int]
"""A value for each clip; nan for a clip that has none."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MeanInterval:
    """A mean over clips with its 95 % interval."""

    mean: float | None
    """None where no clip has a value."""
    half_width: float | None
    """The interval is mean ± half_width; None for fewer than two clips."""
    num_values: int
    """Clips that were averaged."""
    num_left_out: int
    """Clips without a value (nan)."""

    @property
    def low(self) -> float | None:
        """Lower end of the interval."""
        return self._end(-1)

    @property
    def high(self) -> float | None:
        """Upper end of the interval."""
        return self._end(1)

    def _end(self, side: int) -> float | None:
        if self.mean is None or self.half_width is None:
            return None
        return self.mean + side * self.half_width

    def text(self, decimals: int = 2) -> str:
        """Format the interval for a table.

        Args:
            decimals: Digits after the point.

        Example:
            >>> mean_interval([1.0, 2.0, 3.0]).text(), mean_interval([1.0]).text()
            ('2.00 ± 2.48', '1.00')
        """
        if self.mean is None:
            return "–"
        interval = "" if self.half_width is None else f" ± {self.half_width:.{decimals}f}"
        return f"{self.mean:.{decimals}f}{interval}"


def mean_interval(values: Values) -> MeanInterval:
    """The mean of a value over clips, with a 95 % interval by Student's t.

    Args:
        values: A value for each clip; nan is left out and counted.

    Raises:
        UserError: A value is infinite, such as the PSNR of a perfect clip: limit it first.

    Example:
        >>> found = mean_interval([1.0, 2.0, 3.0, float("nan")])
        >>> found.mean, round(found.half_width, 3), found.num_left_out
        (2.0, 2.484, 1)

    Source: Student (1908), "The probable error of a mean".
    """
    scores = _as_array(values)
    known = scores[~np.isnan(scores)]
    mean = float(known.mean()) if len(known) else None
    half_width = None
    if len(known) > 1:
        quantile = stats.t.ppf(0.975, df=len(known) - 1)
        half_width = float(quantile * known.std(ddof=1) / math.sqrt(len(known)))
    return MeanInterval(
        mean=mean,
        half_width=half_width,
        num_values=len(known),
        num_left_out=len(scores) - len(known),
    )


def paired_difference(values: Values, others: Values) -> MeanInterval:
    """The mean difference of two methods on the same clips, with a 95 % interval.

    A hard clip is hard for both methods, so that differences vary less between clips than the
    values do. The first method is higher where the interval lies above 0.

    Args:
        values: The first method's value for each clip.
        others: The other method's value for the same clips, in the same order.

    Returns:
        The mean of ``values - others``, over the clips that have both values.

    Raises:
        UserError: Not the same number of clips, or an infinite value.

    Example:
        >>> found = paired_difference([31.0, 21.0, 41.0], [30.0, 20.0, 40.0])
        >>> found.low, found.high
        (1.0, 1.0)
    """
    scores, other_scores = _as_array(values), _as_array(others)
    if len(scores) != len(other_scores):
        raise UserError(
            "expected scores of the same clips for both methods, "
            f"got {len(scores)} and {len(other_scores)}"
        )
    return mean_interval((scores - other_scores).tolist())


def _as_array(values: Values) -> Float[np.ndarray, " clip"]:
    scores = torch.as_tensor(values, dtype=torch.float64).cpu().numpy()
    if np.isinf(scores).any():
        raise UserError(
            "expected finite scores (nan where there is none), got an infinite one: "
            "limit the PSNR of perfect clips to 100 dB"
        )
    return scores

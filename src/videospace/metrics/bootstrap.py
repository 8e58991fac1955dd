"""Bootstrap intervals of a mean over answers that come in clusters, such as words and seeds."""

import dataclasses
from collections.abc import Hashable, Sequence

import numpy as np
from jaxtyping import Float

NUM_RESAMPLES = 2000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float

    def text(self) -> str:
        """Format the interval in per cent, for a table.

        Example:
            >>> Interval(mean=0.617, low=0.5, high=0.71).text()
            '61.7 % (50.0 to 71.0)'
        """
        return f"{100 * self.mean:.1f} % ({100 * self.low:.1f} to {100 * self.high:.1f})"


def bootstrap_mean(
    values: Sequence[float | int | bool],
    words: Sequence[Hashable],
    seeds: Sequence[Hashable],
    *,
    num_resamples: int = NUM_RESAMPLES,
) -> Interval:
    """The mean of a value over answers, with a 95 % interval over words and seeds.

    Answers to clips of one word resemble each other, and so do answers of one trained model. The
    bootstrap therefore resamples words and seeds with all of their answers, not single answers.
    With a single seed the interval is over words alone.

    Args:
        values: A value for each answer, such as whether it was right.
        words: The word of each answer, or the speaker and the word.
        seeds: The training seed behind each answer.
        num_resamples: Number of bootstrap samples.

    Raises:
        ValueError: There is no value.

    Example:
        >>> bootstrap_mean([1, 1, 0, 0], ["yes", "yes", "no", "no"], [0, 0, 0, 0])
        Interval(mean=0.5, low=0.0, high=1.0)

    Source: Efron (1979), percentile intervals; Davison and Hinkley (1997), 3.8, for clusters.
    """
    if not len(values):
        raise ValueError("expected at least one value, got none")
    sums, counts = _tables(np.asarray(values, float), words, seeds)
    generator = np.random.default_rng(0)
    num_seeds, num_words = sums.shape
    draw_words = generator.multinomial(num_words, [1 / num_words] * num_words, num_resamples)
    draw_seeds = generator.multinomial(num_seeds, [1 / num_seeds] * num_seeds, num_resamples)

    def drawn(table: np.ndarray) -> np.ndarray:
        return np.einsum("ns,sw,nw->n", draw_seeds, table, draw_words, optimize=True)

    totals = drawn(counts)
    means = drawn(sums)[totals > 0] / totals[totals > 0]
    low, high = np.percentile(means, (2.5, 97.5))
    return Interval(mean=float(sums.sum() / counts.sum()), low=float(low), high=float(high))


def _tables(
    values: Float[np.ndarray, " answer"], words: Sequence[Hashable], seeds: Sequence[Hashable]
) -> tuple[Float[np.ndarray, "seed word"], Float[np.ndarray, "seed word"]]:
    """Sum and count of the values of each seed and word."""
    rows, columns = _numbers(seeds), _numbers(words)
    sums = np.zeros((max(rows) + 1, max(columns) + 1))
    counts = np.zeros_like(sums)
    np.add.at(sums, (rows, columns), values)
    np.add.at(counts, (rows, columns), 1)
    return sums, counts


def _numbers(names: Sequence[Hashable]) -> list[int]:
    order = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return [order[name] for name in names]

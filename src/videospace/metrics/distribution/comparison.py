"""The report on two sets of videos: distance, coverage and novelty, each beside its floor."""

import dataclasses
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.metrics.bootstrap import Interval
from videospace.metrics.distribution.coverage import coverage, novelty
from videospace.metrics.distribution.frechet import frechet_distance
from videospace.runtime.errors import UserError
from videospace.runtime.random import random_stream

NUM_SPLITS = 20
"""Random halves of the sets over which figures are repeated."""

FEWEST_SAMPLES = 16
"""Of each set."""

ENOUGH_SAMPLES = 256
"""With fewer samples of each set, a Fréchet distance says little: half of them should be as many
as there are features."""

FIGURES = ("distance", "precision", "recall", "density", "coverage")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Comparison:
    """How near generated videos are to real ones.

    The intervals hold 95 % of the values over random halves of these sets. They do not tell how
    much other sets of the same kind would differ.
    """

    num_real: int
    num_generated: int
    generated: dict[str, Interval]
    """``distance`` (Fréchet), ``precision``, ``recall``, ``density`` and ``coverage`` of half of
    the generated samples against as many real ones."""
    floor: dict[str, Interval]
    """The same of real samples against other real ones: nothing can be better than that."""
    novelty: float | None = None
    """Median distance of a sample to the nearest training clip, divided by that of a held-out clip;
    None where no clips were held out."""

    def as_json(self) -> dict[str, Any]:
        """All figures, for a JSON file."""
        return dataclasses.asdict(self)


def compare_features(
    real: Float[Tensor, "sample feature"],
    generated: Float[Tensor, "other feature"],
    held_out: Float[Tensor, "clip feature"] | None = None,
    *,
    seed: int = 0,
) -> Comparison:
    """Compare the features of generated videos with those of real ones.

    All figures are of sets of one size, half of the smaller set, drawn anew for each split: a
    distance depends on the number of samples.

    Args:
        real: Of the real videos; where ``held_out`` is given, those that were trained on.
        generated: Of the generated videos.
        held_out: Of real videos that were not trained on.
        seed: Of the splits.

    Raises:
        UserError: A set has fewer than 16 samples.

    Example:
        >>> real, copies = torch.randn(200, 4), torch.randn(200, 4)
        >>> found = compare_features(real, copies + 1.0)
        >>> found.generated["distance"].mean > 5 * found.floor["distance"].mean
        True
    """
    for name, features in (("real", real), ("generated", generated)):
        if len(features) < FEWEST_SAMPLES:
            raise UserError(
                f"expected at least {FEWEST_SAMPLES} {name} videos to compare, got {len(features)}"
            )
    generator = random_stream(seed, "splits of a comparison")
    half = min(len(real), len(generated)) // 2
    floor: list[dict[str, float]] = []
    ours: list[dict[str, float]] = []
    for _ in range(NUM_SPLITS):
        order = torch.randperm(len(real), generator=generator)
        one, other = real[order[:half]], real[order[half : 2 * half]]
        chosen = torch.randperm(len(generated), generator=generator)[:half]
        floor.append(_figures(one, other))
        ours.append(_figures(one, generated[chosen]))
    return Comparison(
        num_real=len(real),
        num_generated=len(generated),
        generated=_over_splits(ours),
        floor=_over_splits(floor),
        novelty=novelty(generated, real, held_out).ratio if held_out is not None else None,
    )


def _figures(
    real: Float[Tensor, "sample feature"], generated: Float[Tensor, "sample feature"]
) -> dict[str, float]:
    distance = frechet_distance(real, generated)
    return {"distance": distance, **coverage(real, generated)._asdict()}


def _over_splits(splits: list[dict[str, float]]) -> dict[str, Interval]:
    figures = {}
    for name in FIGURES:
        values = torch.tensor([split[name] for split in splits], dtype=torch.float64)
        low, high = values.quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
        figures[name] = Interval(mean=values.mean().item(), low=low, high=high)
    return figures


def comparison_text(comparison: Comparison) -> str:
    """The table of a comparison.

    Args:
        comparison: What was found.
    """
    rows = [f"{'':12}{'generated':>26}{'real against real':>26}"]
    for name in FIGURES:
        ours, floor = _text(comparison.generated[name]), _text(comparison.floor[name])
        rows.append(f"{name:12}{ours:>26}{floor:>26}")
    if comparison.novelty is not None:
        rows.append(f"{'novelty':12}{comparison.novelty:>26.2f}{'1.00':>26}")
    counts = comparison.num_real, comparison.num_generated
    rows += ["", f"{counts[0]} real and {counts[1]} generated videos, means over random halves"]
    if min(counts) < ENOUGH_SAMPLES:
        rows.append(
            f"Fewer than {ENOUGH_SAMPLES} videos of a kind: the distance is rough, compare it only "
            "with its floor."
        )
    return "\n".join(rows)


def _text(interval: Interval) -> str:
    return f"{interval.mean:.2f} ({interval.low:.2f} to {interval.high:.2f})"

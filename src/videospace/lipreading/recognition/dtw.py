"""Dynamic time warping: distances between sequences of different speed."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor


def pad(sequences: Sequence[Tensor]) -> tuple[Float[Tensor, "clip time feature"], Tensor]:
    """Stack sequences of different lengths.

    Args:
        sequences: At least one sequence, each (time, feature).

    Returns:
        The sequences padded with zeros, and their lengths.
    """
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    return torch.nn.utils.rnn.pad_sequence(list(sequences), batch_first=True), lengths


@torch.no_grad()
def dtw_distances(
    query: Float[Tensor, "query_time feature"],
    templates: Float[Tensor, "template time feature"],
    lengths: Int[Tensor, " template"],
    *,
    free_ends: int = 0,
) -> Float[Tensor, " template"]:
    """Compute the distance of one sequence to many templates at once.

    The local distance is Euclidean, a diagonal step counts twice, and the sum is divided by the
    number of frames of both, so that long templates have no disadvantage. All cells of one
    anti-diagonal of all templates are computed together.

    Args:
        query: The sequence.
        templates: Sequences padded at the end; the values in the padding do not matter.
        lengths: Frames of each template, at least 1.
        free_ends: Frames that either sequence may have more than the other at the beginning, and
            at the end, without a cost; for words that are cut out of running speech.

    Example:
        >>> fast = torch.tensor([[0.0], [1.0], [2.0]])
        >>> slow = fast.repeat_interleave(2, 0)
        >>> dtw_distances(fast, torch.stack([slow, slow + 1]), torch.tensor([6, 6])).tolist()
        [0.0, 0.4444444477558136]

    Source: Sakoe and Chiba, "Dynamic programming algorithm optimization for spoken word
    recognition", 1978, symmetric form, P = 0.
    """
    num_query = len(query)
    costs = torch.cdist(query.expand(len(templates), -1, -1), templates)
    rows = torch.arange(num_query)
    distances = costs.new_full((len(templates),), torch.inf)
    for diagonal, step in enumerate(_diagonals(costs, free_ends)):
        # A path ends with the last frame of one and near the end of the other.
        left = torch.stack(
            [(num_query - 1 - rows).expand_as(step.now), lengths[:, None] - 1 - diagonal + rows]
        )
        is_end = (left.amin(0) == 0) & (left.amax(0) <= free_ends)
        ended = torch.where(is_end, step.now, torch.inf).amin(1) / (diagonal + 2)
        distances = torch.minimum(distances, ended)
    return distances


@torch.no_grad()
def dtw_part_distances(
    query: Float[Tensor, "query_time feature"],
    templates: Float[Tensor, "template time feature"],
    lengths: Int[Tensor, " template"],
    parts: Int[Tensor, "template time"],
) -> Float[Tensor, "template part"]:
    """Compute the distance of a sequence to each part of many templates.

    The path is the cheapest one of :func:`dtw_distances` through the whole template. The distance
    to a part is the cost of the path in that part over the weight of its steps there.

    Args:
        query: The sequence.
        templates: Sequences padded at the end; the values in the padding do not matter.
        lengths: Frames of each template, at least 1.
        parts: The part, from 0, that each frame of a template belongs to.

    Returns:
        Infinite where a template has no frame of a part.

    Example:
        >>> low_high = torch.tensor([[0.0], [0.0], [5.0], [5.0]])
        >>> parts = torch.tensor([[0, 0, 1, 1]])
        >>> dtw_part_distances(low_high - 1, low_high[None], torch.tensor([4]), parts).tolist()
        [[1.0, 1.0]]
    """
    num_query = len(query)
    costs = torch.cdist(query.expand(len(templates), -1, -1), templates)
    in_part = torch.nn.functional.one_hot(parts).float()
    in_part = _skewed(in_part[:, None].expand(-1, num_query, -1, -1), 0.0)
    # Cost of the path to a cell in each part, and weight of its steps there.
    last_sums = costs.new_zeros(len(templates), num_query, 2, in_part.shape[-1])
    before_sums, sums = last_sums, last_sums[:, 0].clone()
    ends = num_query - 1 + lengths - 1
    for diagonal, (cost, from_last, across, now) in enumerate(_diagonals(costs)):
        part = in_part[:, :, diagonal, None]
        is_across, is_last = (across <= now)[..., None, None], (from_last <= now)[..., None, None]
        sums_before = torch.where(is_last, last_sums, _sums_from_above(last_sums))
        sums_before = torch.where(is_across, _sums_from_above(before_sums), sums_before)
        step = torch.stack([cost.where(cost.isfinite(), 0.0), torch.ones_like(cost)], 2)
        now_sums = sums_before + torch.where(is_across, 2, 1) * step[..., None] * part
        sums = torch.where((ends == diagonal)[:, None, None], now_sums[:, -1], sums)
        before_sums, last_sums = last_sums, now_sums
    cost_sums, weights = sums.unbind(1)
    return torch.where(weights > 0, cost_sums / weights, torch.inf)


class _Diagonal(NamedTuple):
    """Costs of the cells of an anti-diagonal of all templates."""

    cost: Float[Tensor, "template query_time"]
    """Local cost of each cell; infinite outside."""
    from_last: Float[Tensor, "template query_time"]
    """Cost of the path that comes from the last anti-diagonal with the same frame of the query."""
    across: Float[Tensor, "template query_time"]
    """Cost of the path that comes diagonally, or begins here."""
    now: Float[Tensor, "template query_time"]
    """Cost of the cheapest path."""


def _diagonals(
    costs: Float[Tensor, "template query_time time"], free_ends: int = 0
) -> Iterator[_Diagonal]:
    """Iterate over the anti-diagonals of the recursion."""
    skewed, rows = _skewed(costs, torch.inf), torch.arange(costs.shape[1])
    before = last = torch.full_like(costs[:, :, 0], torch.inf)
    for diagonal in range(skewed.shape[2]):
        cost = skewed[:, :, diagonal]
        across = _from_above(before) + 2 * cost
        if diagonal <= free_ends:
            is_start = (rows == 0) | (rows == diagonal)
            across = torch.where(is_start, 2 * cost, across)
        from_last = last + cost
        now = torch.minimum(torch.minimum(from_last, _from_above(last) + cost), across)
        yield _Diagonal(cost, from_last, across, now)
        before, last = last, now


def _skewed(
    cells: Shaped[Tensor, "template query_time time *rest"], fill: float
) -> Shaped[Tensor, "template query_time diagonal *rest"]:
    """Shift row i by i columns, so that anti-diagonals become columns."""
    _, num_query, num_template, *rest = cells.shape
    skewed = cells.new_full((len(cells), num_query, num_query + num_template - 1, *rest), fill)
    rows = torch.arange(num_query)[:, None]
    skewed[:, rows, rows + torch.arange(num_template)] = cells
    return skewed


def _from_above(
    column: Float[Tensor, "template query_time"],
) -> Float[Tensor, "template query_time"]:
    return torch.nn.functional.pad(column[:, :-1], (1, 0), value=torch.inf)


def _sums_from_above(
    sums: Float[Tensor, "template query_time 2 part"],
) -> Float[Tensor, "template query_time 2 part"]:
    return torch.nn.functional.pad(sums[:, :-1], (0, 0, 0, 0, 1, 0))

"""Dynamic time warping: how alike two sequences are when each may slow down and hurry."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor


def pad(sequences: Sequence[Tensor]) -> tuple[Float[Tensor, "clip time feature"], Tensor]:
    """Stack sequences of different lengths.

    Args:
        sequences: At least one, each (time, feature).

    Returns:
        The sequences padded with zeros, and their lengths.
    """
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    return torch.nn.utils.rnn.pad_sequence(list(sequences), batch_first=True), lengths


@torch.no_grad()
def warping_distances(
    query: Float[Tensor, "query_time feature"],
    templates: Float[Tensor, "template time feature"],
    lengths: Int[Tensor, " template"],
) -> Float[Tensor, " template"]:
    """Distance of one sequence to many templates at once.

    The local distance is Euclidean, a diagonal step counts twice, and the sum is divided by the
    number of frames of both, so that long templates are not at a disadvantage. All cells of one
    anti-diagonal of all templates are computed together.

    Args:
        query: The sequence.
        templates: Padded at the end; what stands in the padding does not matter.
        lengths: Frames of each template, at least 1.

    Example:
        >>> fast = torch.tensor([[0.0], [1.0], [2.0]])
        >>> slow = fast.repeat_interleave(2, 0)
        >>> warping_distances(fast, torch.stack([slow, slow + 1]), torch.tensor([6, 6])).tolist()
        [0.0, 0.4444444477558136]

    Source: Sakoe and Chiba, "Dynamic programming algorithm optimization for spoken word
    recognition", 1978, symmetric form, P = 0.
    """
    num_query, num_template = len(query), templates.shape[1]
    costs = torch.cdist(query.expand(len(templates), -1, -1), templates)
    infinite = costs.new_full((), torch.inf)
    # Row i of column k + i holds cell (i, k): anti-diagonals become columns.
    skewed = costs.new_full((len(templates), num_query, num_query + num_template - 1), torch.inf)
    rows = torch.arange(num_query)
    skewed[:, rows[:, None], rows[:, None] + torch.arange(num_template)] = costs
    before = costs.new_full((len(templates), num_query), torch.inf)
    last = torch.full_like(before, torch.inf)
    last[:, 0] = 0.0  # where the path begins, one step before cell (0, 0)
    ends = num_query - 1 + lengths - 1
    distances = costs.new_zeros(len(templates))
    for diagonal in range(skewed.shape[2]):
        cost = skewed[:, :, diagonal]
        if diagonal == 0:
            now = torch.where(rows == 0, 2 * cost, infinite)
        else:
            straight = torch.minimum(last, _from_above(last)) + cost
            now = torch.minimum(straight, _from_above(before) + 2 * cost)
        distances = torch.where(ends == diagonal, now[:, -1], distances)
        before, last = (torch.full_like(now, torch.inf) if diagonal == 0 else last), now
    return distances / (num_query + lengths)


def _from_above(
    column: Float[Tensor, "template query_time"],
) -> Float[Tensor, "template query_time"]:
    return torch.nn.functional.pad(column[:, :-1], (1, 0), value=torch.inf)

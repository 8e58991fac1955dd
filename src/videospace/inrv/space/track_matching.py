"""Matching the tracks of two latents, so that nothing jumps between them."""

import torch
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.tracks import LatentParts, split_latents

LOOK_COST = 0.5
"""Cost of an angle of 90° between two looks, beside the mean squared distance of two paths."""


def matched_parts(
    start: Float[Tensor, "pair latent"], end: Float[Tensor, "pair latent"], config: LatentConfig
) -> tuple[LatentParts, LatentParts]:
    """Split pairs of latents, the second with its tracks in the order of the first.

    The order of tracks has no meaning: a latent shows the same clip in any order. Matched tracks
    have the least sum of costs, which are distances of paths and of looks.

    Args:
        start: The first latents.
        end: The second latents; their tracks are reordered.
        config: Of the latents.

    Source: Kuhn (1955), the Hungarian method.
    """
    first, second = split_latents(start, config), split_latents(end, config)
    if config.num_tracks < 2:
        return first, second
    paths = (first.paths[:, :, None] - second.paths[:, None]).square().sum(dim=-1).mean(dim=-1)
    cosines = torch.nn.functional.cosine_similarity(
        first.looks[:, :, None], second.looks[:, None], dim=-1
    )
    costs = (paths + LOOK_COST * (1 - cosines)).cpu().double().numpy()
    order = torch.tensor(
        [linear_sum_assignment(cost)[1].tolist() for cost in costs], device=end.device
    )
    looks, paths = (
        part.gather(
            1, order.view(*order.shape, *(1,) * (part.ndim - 2)).expand(-1, -1, *part.shape[2:])
        )
        for part in (second.looks, second.paths)
    )
    return first, LatentParts(second.content, looks, paths)

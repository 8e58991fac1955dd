"""Starting points for the tracks of a context: the paths of what is seen to move."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from videospace.inrv.inversion.contexts import Context
from videospace.inrv.model.coordinates import axis_coordinates
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.tracks import path_weights, split_latents
from videospace.inrv.space.latent_prior import LatentPrior
from videospace.inrv.tracking.find_tracks import find_tracks

CENTER_ERROR = 0.03
"""Standard deviation of the error of a center that was found; a frame is 2 wide."""


@torch.no_grad()
def guess_paths(
    coordinates: Float[Tensor, "context direction"],
    prior: LatentPrior,
    contexts: Sequence[Context],
    config: LatentConfig,
    seed: int,
) -> None:
    """Set the coordinates of the paths to those of the things that move in the observed pixels.

    Where frames are not observed, a path goes on as the prior expects: it is the mean of the paths
    that pass the centers that were found.

    Args:
        coordinates: Changed in place.
        prior: Of the space.
        contexts: One for each row, of one size.
        config: Of the latents.
        seed: Of the search.

    Source: Rasmussen & Williams (2006), Eq. 2.8, with independent errors of equal size.
    """
    videos = torch.from_numpy(np.stack([context.video for context in contexts]))
    observed = torch.from_numpy(np.stack([context.observed for context in contexts]))
    found = find_tracks(videos, config.num_tracks, observed=observed, seed=seed).paths
    frames = axis_coordinates(videos.shape[1], "ends")
    weights = path_weights(frames, config.num_path_keyframes).double()
    mean = split_latents(prior.mean, config).paths[0].cpu().double()
    look, path = prior.num_look_directions, prior.num_path_directions
    first = prior.num_directions - config.num_tracks * (look + path)
    rows = prior.mean.shape[0] - 2 * config.num_path_keyframes
    basis = prior.basis[rows:, prior.num_directions - path :].cpu().double()
    at_frames = torch.einsum("tm,mxd->txd", weights, basis.unflatten(0, (-1, 2)))
    for index in range(len(contexts)):
        is_seen = observed[index].flatten(1).any(dim=1)
        design = at_frames[is_seen].flatten(0, 1)
        covariance = design @ design.T
        covariance.diagonal().add_(CENTER_ERROR**2)
        for track in range(config.num_tracks):
            residual = (found[index, track] - weights @ mean)[is_seen].flatten()
            solved = design.T @ torch.linalg.solve(covariance, residual)
            start = first + track * (look + path) + look
            coordinates[index, start : start + path] = solved.to(coordinates)

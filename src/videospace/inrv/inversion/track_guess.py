"""Starting points for the tracks of contexts: what is seen to move, and what it looks like."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.path_guess import paths_everywhere
from videospace.inrv.model.coordinates import axis_coordinates
from videospace.inrv.model.inrv_model import ModelConfig
from videospace.inrv.model.track_encoder import TrackEncoder, track_crops
from videospace.inrv.model.tracks import path_weights
from videospace.inrv.space.latent_prior import PriorParts
from videospace.inrv.tracking.find_tracks import find_tracks

CENTER_ERROR = 0.03
"""Standard deviation of the error of a center that was found; a frame is 2 wide."""

FRAMES_OF_A_LOOK = 8
"""Most frames of a clip from which looks are guessed."""


@torch.no_grad()
def guess_tracks(
    prior: PriorParts,
    contexts: Sequence[Context],
    config: ModelConfig,
    encoder: TrackEncoder | None,
    *,
    usual: UInt8[Tensor, "height width 3"] | None = None,
    seed: int = 0,
) -> Float[Tensor, "context direction"]:
    """Guess the tracks of contexts from what moves in the observed pixels.

    Where frames are not observed, a path goes on as those of similar training clips do.

    Args:
        prior: Of the space.
        contexts: All of one size.
        config: Of the model, which has tracks.
        encoder: Guesses looks; with None they are the mean look.
        usual: The usual background of the space's clips, at the size of the contexts; None where it
            is not known.
        seed: Of the search.

    Returns:
        Coordinates of the prior: those of look and path of the first track, then of the others.
    """
    latent, device = config.latent, prior.look.mean.device
    videos = torch.from_numpy(np.stack([context.video for context in contexts]))
    observed = torch.from_numpy(np.stack([context.observed for context in contexts]))
    found = find_tracks(videos, latent.num_tracks, observed=observed, usual=usual, seed=seed)
    paths = found.paths.to(device)
    size = (len(contexts), latent.num_tracks)
    looks = torch.zeros(*size, prior.look.num_directions, device=device)
    if encoder is not None:
        crops = [
            _crops(*each, config.tracks.radius)
            for each in zip(videos.to(device), observed.to(device), paths, strict=True)
        ]
        guesses, shifts = encoder(torch.stack(crops))
        paths = paths + shifts[:, :, None]
        once = torch.ones(1, 1, device=device)
        looks = prior.look.coordinates_over_time(guesses.flatten(0, 1)[:, None], once)
        looks = looks.unflatten(0, size)
    times = axis_coordinates(videos.shape[1], "ends").to(device)
    weights = path_weights(times, latent.num_path_keyframes)
    seen = observed.flatten(2).any(dim=2).to(device)
    examples = torch.einsum("tk,ekx->etx", weights, prior.paths)
    paths = torch.stack(
        [
            paths_everywhere(centers, frames, examples, CENTER_ERROR)
            for centers, frames in zip(paths, seen, strict=True)
        ]
    )
    along = prior.path.coordinates_over_time(
        paths.flatten(0, 1), weights, noise_variance=CENTER_ERROR**2
    )
    return torch.cat([looks, along.unflatten(0, size)], dim=2).flatten(1)


def _crops(
    video: UInt8[Tensor, "time height width rgb=3"],
    observed: Bool[Tensor, "time height width"],
    paths: Float[Tensor, "track time hw=2"],
    radius: float,
) -> Float[Tensor, "track channel side side"]:
    """The crops around the tracks of one clip, in some of its observed frames."""
    seen = observed.flatten(1).any(dim=1).nonzero()[:, 0]
    num = min(FRAMES_OF_A_LOOK, len(seen))
    chosen = seen[torch.linspace(0, len(seen) - 1, num, device=seen.device).round().long()]
    frames = video[chosen].permute(0, 3, 1, 2).float() / 127.5 - 1
    return track_crops(
        frames[None], observed[chosen][None].float(), paths[None, :, chosen], radius
    )[0]

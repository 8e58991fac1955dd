"""A first guess of the latents of contexts, by the encoder of the space."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.observed_pixels import cells_seen
from videospace.inrv.model.encoder import LatentEncoder, small_frames
from videospace.inrv.model.latents import keyframe_weights
from videospace.inrv.space.latent_prior import LatentPrior

SMALLEST_SHARE = 1e-3
"""Share of a place above which it counts as seen."""


def legible(context: Context) -> Bool[np.ndarray, " time"]:
    """The frames of which enough is seen for an encoder: something in each of 8×8 cells.

    Example:
        >>> observed = np.ones((3, 16, 16), bool)
        >>> observed[1, 8:] = False
        >>> legible(Context(video=np.zeros((3, 16, 16, 3), np.uint8), observed=observed))
        array([ True, False,  True])
    """
    return cells_seen(context.observed).flatten(1).all(dim=1).numpy()


def can_guess(encoder: LatentEncoder, context: Context) -> bool:
    """Whether an encoder sees enough of a clip: a frame, or where it needs to, all of them."""
    return _enough(encoder, legible(context))


def _enough(encoder: LatentEncoder, frames: Bool[np.ndarray, " time"]) -> bool:
    return bool(frames.all() if encoder.sees_whole_clip else frames.any())


def legible_frames(context: Context, side: int) -> Float[Tensor, "time rgb=3 {side} {side}"]:
    """The frames of a context as an encoder looks at them.

    A place of which nothing is seen takes its color from the nearest time at which something is.

    Args:
        context: What is known of a clip.
        side: Height and width of the result.

    Returns:
        In [-1, 1]; places that are never seen have the mean color of what is.
    """
    video = torch.tensor(context.video).permute(0, 3, 1, 2).float().div(127.5).sub(1)
    if context.observed.all():
        return small_frames(video, side)
    observed = torch.tensor(context.observed).float()[:, None]
    share = small_frames(observed, side)
    color = small_frames(video * observed, side) / share.clamp(min=SMALLEST_SHARE)
    is_seen = share > SMALLEST_SHARE
    time = torch.arange(len(video))
    distance = (time[:, None] - time).abs()[:, :, None, None, None] + len(video) * ~is_seen
    nearest = distance.argmin(dim=1).expand_as(color)
    mean = (video * observed).sum(dim=(0, 2, 3)) / observed.sum()
    return torch.where(is_seen.any(dim=0), color.gather(0, nearest), mean[:, None, None])


@torch.no_grad()
def guess_coordinates(
    encoder: LatentEncoder,
    prior: LatentPrior,
    contexts: Sequence[Context],
    times: Float[Tensor, " time"],
) -> Float[Tensor, "context direction"]:
    """Where an encoder thinks that contexts lie in a space.

    The legible frames are encoded, and the prior says what goes with them at other times. A context
    of which too little is seen lies at the mean latent.

    Args:
        encoder: Of the space.
        prior: Of the space's latents.
        contexts: All of one number of frames.
        times: Of the frames, in [-1, 1].

    Returns:
        Coordinates of the prior.
    """
    coordinates = prior.mean.new_zeros(len(contexts), prior.num_directions)
    weights = keyframe_weights(times, len(prior.mean) // len(encoder.mean))
    groups: dict[bytes, list[int]] = {}  # contexts of which the same frames are legible
    for row, context in enumerate(contexts):
        frames = legible(context)
        if _enough(encoder, frames):
            groups.setdefault(frames.tobytes(), []).append(row)
    for frames_seen, rows in groups.items():
        seen = torch.tensor(list(map(bool, frames_seen)))
        side = encoder.config.side
        shown = torch.stack([legible_frames(contexts[row], side)[seen] for row in rows])
        seen = seen.to(times.device)
        guesses = encoder(shown.to(times.device), times[seen].expand(len(rows), -1))
        coordinates[rows] = prior.coordinates_over_time(guesses, weights[seen])
    return coordinates

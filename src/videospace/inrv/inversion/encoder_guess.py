"""The encoder's guess of the latents of contexts, from which inversion starts."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.observed_pixels import observed_cells
from videospace.inrv.model.encoder import LatentEncoder, small_frames
from videospace.inrv.model.latents import keyframe_weights
from videospace.inrv.space.latent_prior import LatentPrior

SMALLEST_FRACTION = 1e-3
"""A resized pixel counts as observed where more than this fraction of its area is."""


def encodable_frames(context: Context) -> Bool[np.ndarray, " time"]:
    """Which frames have enough observed pixels to be encoded: some in each of 8×8 cells.

    Example:
        >>> observed = np.ones((3, 16, 16), bool)
        >>> observed[1, 8:] = False
        >>> encodable_frames(Context(video=np.zeros((3, 16, 16, 3), np.uint8), observed=observed))
        array([ True, False,  True])
    """
    return observed_cells(context.observed).flatten(1).all(dim=1).numpy()


def can_guess(encoder: LatentEncoder, context: Context) -> bool:
    """Whether an encoder can guess a latent: it needs one encodable frame, or all of them."""
    return _are_enough(encoder, encodable_frames(context))


def _are_enough(encoder: LatentEncoder, encodable: Bool[np.ndarray, " time"]) -> bool:
    return bool(encodable.all() if encoder.needs_whole_clip else encodable.any())


def frames_to_encode(context: Context, side: int) -> Float[Tensor, "time rgb=3 {side} {side}"]:
    """The frames of a context, resized for an encoder, with unobserved pixels filled in.

    An unobserved pixel takes its color from the nearest frame in which it is observed.

    Args:
        context: The observed pixels of a clip.
        side: Height and width of the result in px.

    Returns:
        In [-1, 1]; pixels that no frame observes have the mean color of the observed ones.
    """
    video = torch.tensor(context.video).permute(0, 3, 1, 2).float().div(127.5).sub(1)
    if context.observed.all():
        return small_frames(video, side)
    observed = torch.tensor(context.observed).float()[:, None]
    fraction = small_frames(observed, side)
    color = small_frames(video * observed, side) / fraction.clamp(min=SMALLEST_FRACTION)
    is_observed = fraction > SMALLEST_FRACTION
    time = torch.arange(len(video))
    distance = (time[:, None] - time).abs()[:, :, None, None, None] + len(video) * ~is_observed
    nearest = distance.argmin(dim=1).expand_as(color)
    mean = (video * observed).sum(dim=(0, 2, 3)) / observed.sum()
    return torch.where(is_observed.any(dim=0), color.gather(0, nearest), mean[:, None, None])


@torch.no_grad()
def guess_coordinates(
    encoder: LatentEncoder,
    prior: LatentPrior,
    contexts: Sequence[Context],
    times: Float[Tensor, " time"],
) -> Float[Tensor, "context direction"]:
    """Guess the latents of contexts, as coordinates of the prior.

    The encodable frames are encoded, and the prior adds what is likeliest at the other times. A
    context with too few of them gets the mean latent.

    Args:
        encoder: Of the space.
        prior: Of the contents of the space's latents.
        contexts: All with the same number of frames.
        times: Of the frames, in [-1, 1].

    Returns:
        Coordinates of the prior, zero for the mean latent.
    """
    coordinates = prior.mean.new_zeros(len(contexts), prior.num_directions)
    weights = keyframe_weights(times, encoder.latent.num_keyframes)
    groups: dict[bytes, list[int]] = {}  # rows of contexts with the same encodable frames
    for row, context in enumerate(contexts):
        encodable = encodable_frames(context)
        if _are_enough(encoder, encodable):
            groups.setdefault(encodable.tobytes(), []).append(row)
    for key, rows in groups.items():
        chosen = torch.tensor(list(map(bool, key)))
        side = encoder.config.side
        frames = torch.stack([frames_to_encode(contexts[row], side)[chosen] for row in rows])
        chosen = chosen.to(times.device)
        guesses = encoder(frames.to(times.device), times[chosen].expand(len(rows), -1))
        coordinates[rows] = prior.coordinates_over_time(
            guesses, weights[chosen], constant_width=encoder.latent.constant_width
        )
    return coordinates

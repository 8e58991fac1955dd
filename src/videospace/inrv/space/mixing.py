"""Mixing two latents: what the one shows, moving as the other moves."""

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.tracks import LatentParts, join_latents
from videospace.inrv.space.track_matching import matched_parts
from videospace.runtime.errors import UserError


def mix(
    shown: Float[Tensor, "pair latent"], moving: Float[Tensor, "pair latent"], config: LatentConfig
) -> Float[Tensor, "pair latent"]:
    """Latents that show what the first ones show, and move as the second ones do.

    The constant part and the looks of tracks come from the first latents; the keyframes and the
    paths of tracks from the second ones. Without a constant part, the keyframes tell what a clip
    shows, and only paths can be exchanged.

    Args:
        shown: What is shown.
        moving: How it moves.
        config: Of the latents.

    Raises:
        UserError: The latents have neither a constant part nor tracks.

    Example:
        >>> config = LatentConfig(width=1, num_keyframes=2, constant_width=1)
        >>> mix(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[4.0, 5.0, 6.0]]), config).tolist()
        [[1.0, 5.0, 6.0]]
    """
    if not config.constant_width and not config.num_tracks:
        raise UserError(
            "expected a space whose latents keep what stays apart from what changes: train it with "
            "--model.latent.constant-width 512 --model.latent.width 64, or with tracks"
        )
    first, second = matched_parts(shown, moving, config)
    content = first.content
    if config.constant_width:
        constant = first.content[:, : config.constant_width]
        content = torch.cat([constant, second.content[:, config.constant_width :]], dim=1)
    return join_latents(LatentParts(content, first.looks, second.paths))

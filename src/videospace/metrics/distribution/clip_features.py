"""Features of clips: what their frames show, and how it changes from frame to frame."""

from collections.abc import Iterable

import torch
from einops import rearrange
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

from videospace.metrics.distribution.image_network import NUM_FEATURES, ImageNetwork
from videospace.runtime.errors import UserError
from videospace.runtime.random import random_stream

PICTURE_SIDE = 128
"""Height and width in px at which frames are compared, whatever their size."""

NUM_PAIRS = 6
"""Pairs of neighboring frames that are looked at, spread over a clip."""

WIDTH = 64
"""Numbers for what the frames show, and as many for their changes."""

PICTURES_AT_ONCE = 64


class ClipFeatures:
    """Computes the features of clips.

    Of each clip, twelve frames are looked at: six pairs of neighbors. Its features are 64 random
    projections of the pooled features of a network, averaged over the frames, and 64 of their
    absolute changes within the pairs. So few numbers, because a Fréchet distance needs more clips
    than features.

    Args:
        network: Computes the features of pictures.

    Source: Departs from the FVD of Unterthiner et al. (2018): its network of videos cannot be
    installed, and prefers content to motion (Ge et al., 2024).
    """

    def __init__(self, network: ImageNetwork):
        self.network = network
        noise = torch.randn(2, NUM_FEATURES, WIDTH, generator=random_stream(0, "projections"))
        self.projections = torch.linalg.qr(noise).Q

    @torch.no_grad()
    def __call__(self, batches: Iterable[Tensor]) -> Float[Tensor, "clip feature=128"]:
        """Compute the features of clips that come in batches.

        Args:
            batches: At least one, each uint8 (clip, time, height, width, 3) of at least 2 frames.

        Raises:
            UserError: A clip has fewer than 2 frames, or there is no clip.
        """
        features = [self._of_batch(batch) for batch in batches]
        if not features:
            raise UserError("expected at least one clip to compare, got none")
        return torch.cat(features)

    def _of_batch(
        self, clips: UInt8[Tensor, "clip time height width 3"]
    ) -> Float[Tensor, "clip feature=128"]:
        num_frames = clips.shape[1]
        if num_frames < 2:
            raise UserError("expected clips of at least 2 frames, got 1: motion is compared, too")
        firsts = torch.linspace(0, num_frames - 2, min(NUM_PAIRS, num_frames - 1)).round().long()
        frames = torch.stack([firsts, firsts + 1], dim=1).flatten()
        pictures = rearrange(clips[:, frames], "clip time h w rgb -> (clip time) rgb h w")
        parts = [self.network(_resized(some.float())) for some in pictures.split(PICTURES_AT_ONCE)]
        pairs = torch.cat(parts).view(len(clips), len(firsts), 2, NUM_FEATURES)
        shown = pairs.mean(dim=(1, 2))
        changes = (pairs[:, :, 1] - pairs[:, :, 0]).abs().mean(dim=1)
        return torch.cat([shown @ self.projections[0], changes @ self.projections[1]], dim=1)


def _resized(
    pictures: Float[Tensor, "picture 3 height width"],
) -> Float[Tensor, "picture 3 side side"]:
    size = (PICTURE_SIDE, PICTURE_SIDE)
    return functional.interpolate(pictures, size, mode="bilinear", antialias=True)

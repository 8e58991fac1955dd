"""The encoder of a space: a network that estimates the latent of a clip from its frames."""

import dataclasses
from typing import Annotated

import torch
from jaxtyping import Float
from msgspec import Meta
from torch import Tensor, nn
from torch.nn import functional

from videospace.inrv.model.convolution import NORM_GROUPS, NUM_STAGES, backbone
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.track_encoder import TrackEncoder
from videospace.runtime.errors import UserError
from videospace.runtime.reading.bounds import LayerWidth, check_bounds


@dataclasses.dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """The size of the network."""

    side: Annotated[int, Meta(ge=2**NUM_STAGES, le=4096)] = 32
    """Height and width in px to which frames are resized; a multiple of 8."""
    num_channels: Annotated[int, Meta(ge=NORM_GROUPS, le=8192)] = 32
    """Channels of the first convolution, a multiple of 8; each of the next two doubles them."""
    hidden_width: LayerWidth = 512
    """Units of the hidden layers of neck and head."""

    def __post_init__(self) -> None:
        check_bounds(self)
        for name, step in (("side", 2**NUM_STAGES), ("num_channels", NORM_GROUPS)):
            value = getattr(self, name)
            if value % step:
                raise UserError(f"expected {name} of {step} or a multiple of it, got {value}")


class LatentEncoder(nn.Module):
    """Estimates the content of a clip's latent at the times of its frames.

    The backbone and the neck encode each frame together with its time, and the head maps this to a
    latent. A linear skip connection leads from the pixels straight to the latent. Tracks have a
    network of their own.

    Where latents have several keyframes, each frame is encoded by itself. A latent of one keyframe
    describes the whole clip, so then the features of the frames are averaged over time before the
    head.

    Args:
        config: The size of the network.
        latent: The latents of the space.

    Attributes:
        needs_whole_clip: Whether all frames of a clip have to be given, because its latent has one
            keyframe, and content of its own.
        tracks: Estimates the tracks of a clip; None where latents have none.
        mean: The mean content at one time, to which the network's output is added.
        deviation: Standard deviation of each of its numbers, the unit of the network's output.

    Example:
        >>> encoder = LatentEncoder(EncoderConfig(), LatentConfig(width=6, num_keyframes=3))
        >>> encoder(torch.zeros(2, 5, 3, 32, 32), torch.linspace(-1, 1, 5).expand(2, 5)).shape
        torch.Size([2, 5, 6])
    """

    mean: Float[Tensor, " width"]
    deviation: Float[Tensor, " width"]

    def __init__(self, config: EncoderConfig, latent: LatentConfig):
        super().__init__()
        self.config, self.latent = config, latent
        self.needs_whole_clip = latent.num_keyframes == 1 and not latent.shares_content
        self.backbone, num_features = backbone(3, config.num_channels, config.side)
        self.neck = nn.Sequential(nn.Linear(num_features + 1, config.hidden_width), nn.GELU())
        last = nn.Linear(config.hidden_width, latent.width_at_a_time)
        self.head = nn.Sequential(
            nn.Linear(config.hidden_width, config.hidden_width), nn.GELU(), last
        )
        self.skip = nn.Linear(3 * config.side**2, latent.width_at_a_time)
        nn.init.zeros_(last.weight)
        nn.init.normal_(self.skip.weight, std=1e-3)
        self.register_buffer("mean", torch.zeros(latent.width_at_a_time))
        self.register_buffer("deviation", torch.ones(latent.width_at_a_time))
        self.tracks = (
            TrackEncoder(latent.look_width, config.num_channels, config.hidden_width)
            if latent.num_tracks
            else None
        )

    def forward(
        self,
        frames: Float[Tensor, "clip time rgb=3 side side"],
        times: Float[Tensor, "clip time"],
    ) -> Float[Tensor, "clip time width"]:
        """Estimate the content of each clip at the times of its frames.

        Args:
            frames: In [-1, 1], resized by :func:`small_frames`.
            times: Of the frames, in [-1, 1].
        """
        size = frames.shape[:2]
        frames = frames.flatten(0, 1)
        features = torch.cat([self.backbone(frames), times.flatten()[:, None]], dim=1)
        features = self.neck(features).unflatten(0, size)
        skipped = self.skip(frames.flatten(1)).unflatten(0, size)
        if self.needs_whole_clip:
            features = features.mean(dim=1, keepdim=True).expand_as(features)
            skipped = skipped.mean(dim=1, keepdim=True).expand_as(skipped)
        return self.mean + self.deviation * (self.head(features) + skipped)


def small_frames(
    frames: Float[Tensor, "frame channel height width"], side: int
) -> Float[Tensor, "frame channel {side} {side}"]:
    """Resize frames of any size to the size that an encoder takes, with antialiasing."""
    if frames.shape[2:] == (side, side):
        return frames
    return functional.interpolate(frames, (side, side), mode="bilinear", antialias=True)

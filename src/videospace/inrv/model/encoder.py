"""The encoder of a space: from what is seen of a clip to a first guess of its latent."""

import dataclasses
import itertools

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from videospace.inrv.model.latents import LatentConfig
from videospace.runtime.errors import UserError

HALVINGS = 3
"""Convolutions, each of which halves the sides of what it looks at."""

GROUPS = 8
"""Groups of channels that are normalized together."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """How large the network is."""

    side: int = 32
    """Height and width in px to which frames are brought before they are looked at."""
    num_channels: int = 32
    """Channels of the first convolution; each of the next two has twice as many."""
    hidden_width: int = 512
    """Units of the hidden layers."""

    def __post_init__(self) -> None:
        for name, step in (("side", 2**HALVINGS), ("num_channels", GROUPS), ("hidden_width", 1)):
            value = getattr(self, name)
            if value < step or value % step:
                raise UserError(f"expected {name} of {step} or a multiple of it, got {value}")


class LatentEncoder(nn.Module):
    """A small convolutional network that guesses what the latent of a clip is at its frames.

    Where latents have several keyframes, each frame is encoded by itself. A latent of one keyframe
    describes the whole clip, so then the features of the frames are averaged over time before the
    last layers.

    Example:
        >>> encoder = LatentEncoder(EncoderConfig(), LatentConfig(width=6, num_keyframes=3))
        >>> encoder(torch.zeros(2, 5, 3, 32, 32), torch.linspace(-1, 1, 5).expand(2, 5)).shape
        torch.Size([2, 5, 6])
    """

    mean: Float[Tensor, " width"]
    deviation: Float[Tensor, " width"]

    def __init__(self, config: EncoderConfig, latent: LatentConfig):
        super().__init__()
        self.config = config
        self.sees_whole_clip = latent.num_keyframes == 1
        channels = [3, *(config.num_channels * 2**depth for depth in range(HALVINGS))]
        convolutions = [_halving(*pair) for pair in itertools.pairwise(channels)]
        self.look = nn.Sequential(*convolutions, nn.Flatten())
        num_features = channels[-1] * (config.side // 2**HALVINGS) ** 2
        self.gather = nn.Sequential(nn.Linear(num_features + 1, config.hidden_width), nn.GELU())
        last = nn.Linear(config.hidden_width, latent.width)
        self.decide = nn.Sequential(
            nn.Linear(config.hidden_width, config.hidden_width), nn.GELU(), last
        )
        self.straight = nn.Linear(3 * config.side**2, latent.width)
        nn.init.zeros_(last.weight)
        nn.init.normal_(self.straight.weight, std=1e-3)
        self.register_buffer("mean", torch.zeros(latent.width))
        self.register_buffer("deviation", torch.ones(latent.width))

    def forward(
        self,
        frames: Float[Tensor, "clip time rgb=3 side side"],
        times: Float[Tensor, "clip time"],
    ) -> Float[Tensor, "clip time width"]:
        """The latent of each clip at the times of its frames.

        Args:
            frames: In [-1, 1], as :func:`small_frames` makes them.
            times: Of the frames, in [-1, 1].
        """
        size = frames.shape[:2]
        frames = frames.flatten(0, 1)
        seen = torch.cat([self.look(frames), times.flatten()[:, None]], dim=1)
        found = self.gather(seen).unflatten(0, size)
        straight = self.straight(frames.flatten(1)).unflatten(0, size)
        if self.sees_whole_clip:
            found = found.mean(dim=1, keepdim=True).expand_as(found)
            straight = straight.mean(dim=1, keepdim=True).expand_as(straight)
        return self.mean + self.deviation * (self.decide(found) + straight)


def _halving(num_in: int, num_out: int) -> nn.Sequential:
    convolution = nn.Conv2d(num_in, num_out, kernel_size=3, stride=2, padding=1)
    return nn.Sequential(convolution, nn.GroupNorm(GROUPS, num_out), nn.GELU())


def small_frames(
    frames: Float[Tensor, "frame channel height width"], side: int
) -> Float[Tensor, "frame channel {side} {side}"]:
    """Bring frames of any size to the size that an encoder looks at, without aliasing."""
    if frames.shape[2:] == (side, side):
        return frames
    return functional.interpolate(frames, (side, side), mode="bilinear", antialias=True)

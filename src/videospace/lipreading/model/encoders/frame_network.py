"""The front end that the published encoders share: a spatio-temporal stem and ResNet-18."""

import itertools
from typing import Literal

from jaxtyping import Bool, Float
from torch import Tensor, nn

Activation = Literal["relu", "prelu", "swish"]

FRAME_WIDTH = 512
"""Features that ResNet-18 computes for a frame."""


class FrameNetwork(nn.Module):
    """Computes 512 features for every frame from it and its two neighbors on either side.

    The padding is left out: it takes no time, and does not enter the statistics of batch
    normalization.

    Source: Petridis et al. (2018), "End-to-end audiovisual speech recognition", for the stem; He et
    al. (2016) for ResNet-18.

    Args:
        activation: Activation of all layers.
        squeeze_excitation: Let every residual block weigh its channels.
    """

    def __init__(self, activation: Activation, *, squeeze_excitation: bool) -> None:
        super().__init__()
        self.stem = nn.Conv3d(1, 64, (5, 7, 7), (1, 2, 2), (2, 3, 3), bias=False)
        self.stem_norm = nn.BatchNorm2d(64)
        self.stem_activation = new_activation(activation, 64)
        self.stem_pool = nn.MaxPool2d(3, 2, 1)
        widths = [64, 64, 64, 128, 128, 256, 256, FRAME_WIDTH, FRAME_WIDTH]
        self.blocks = nn.Sequential(
            *(
                ResidualBlock(before, after, activation, squeeze_excitation=squeeze_excitation)
                for before, after in itertools.pairwise(widths)
            )
        )
        initialize(self)

    def forward(
        self, frames: Float[Tensor, "clip time 88 88"], mask: Bool[Tensor, "clip time"]
    ) -> Float[Tensor, "frame 512"]:
        """Compute the features of the frames where the mask is True, clip after clip."""
        inside = frames.where(mask[:, :, None, None], 0.0)
        features = self.stem(inside[:, None]).movedim(1, 2)[mask]
        features = self.stem_pool(self.stem_activation(self.stem_norm(features)))
        return self.blocks(features).mean((2, 3))


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut; a block with more channels also halves the image.

    Source: He et al. (2016); Hu et al. (2018) for squeeze-and-excitation.
    """

    def __init__(
        self, before: int, after: int, activation: Activation, *, squeeze_excitation: bool
    ) -> None:
        super().__init__()
        stride = 1 if before == after else 2
        self.first = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(after)
        self.first_activation = new_activation(activation, after)
        self.second = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(after)
        self.gate = ChannelGate(after) if squeeze_excitation else nn.Identity()
        self.shortcut = nn.Identity() if before == after else _shortcut(before, after)
        self.last_activation = new_activation(activation, after)

    def forward(
        self, image: Float[Tensor, "frame before height width"]
    ) -> Float[Tensor, "frame after new_height new_width"]:
        """Refine the features of every frame."""
        features = self.first_activation(self.first_norm(self.first(image)))
        features = self.gate(self.second_norm(self.second(features)))
        return self.last_activation(features + self.shortcut(image))


class ChannelGate(nn.Module):
    """Weighs the channels of an image by a summary of the image (squeeze-and-excitation)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, channels // 16, 1)
        self.excite = nn.Conv2d(channels // 16, channels, 1)

    def forward(
        self, image: Float[Tensor, "frame channel height width"]
    ) -> Float[Tensor, "frame channel height width"]:
        """Multiply every channel by a weight in (0, 1)."""
        summary = image.mean((2, 3), keepdim=True)
        return image * self.excite(self.squeeze(summary).relu()).sigmoid()


def _shortcut(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, 1, 2, bias=False), nn.BatchNorm2d(after))


def new_activation(activation: Activation, channels: int) -> nn.Module:
    """Make a rectifier, a rectifier with a learned slope per channel, or x · sigmoid(x)."""
    match activation:
        case "relu":
            return nn.ReLU()
        case "prelu":
            return nn.PReLU(channels)
        case "swish":
            return nn.SiLU()


def initialize(module: nn.Module) -> None:
    """Initialize all convolutions as the published encoders do (He et al., 2015)."""
    for part in module.modules():
        if isinstance(part, nn.Conv1d | nn.Conv2d | nn.Conv3d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
            if part.bias is not None:
                nn.init.zeros_(part.bias)

"""The part of an encoder that estimates the tracks of a clip from crops around their centers."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from videospace.inrv.model.convolution import backbone

CROP_SIDE = 32
"""Height and width of a crop in px; it shows what lies within the radius of a track."""

CROP_CHANNELS = 5
"""Mean color of each pixel over time, its standard deviation, and how often it is observed."""

USUAL_SHIFT = 0.1
"""Unit of the network's estimate of a shift; a frame is 2 wide."""

LARGEST_FRAME_PX = 128
"""Frames are reduced to at most this height and width before they are cropped."""


class TrackEncoder(nn.Module):
    """Estimates the look of a track, and how far its center is from where it was expected.

    Args:
        look_width: Numbers of a look.
        num_channels: Channels of the first convolution; each of the next two doubles them.
        hidden_width: Units of the hidden layer.

    Attributes:
        mean: The mean look, to which the network's output is added.
        deviation: Standard deviation of each of its numbers, the unit of the network's output.

    Example:
        >>> encoder = TrackEncoder(6, 8, 16)
        >>> looks, shifts = encoder(torch.zeros(3, 2, CROP_CHANNELS, CROP_SIDE, CROP_SIDE))
        >>> looks.shape, shifts.shape
        (torch.Size([3, 2, 6]), torch.Size([3, 2, 2]))
    """

    mean: Float[Tensor, " look"]
    deviation: Float[Tensor, " look"]

    def __init__(self, look_width: int, num_channels: int, hidden_width: int):
        super().__init__()
        network, num_features = backbone(CROP_CHANNELS, num_channels, CROP_SIDE)
        last = nn.Linear(hidden_width, look_width + 2)
        self.network = nn.Sequential(
            network, nn.Linear(num_features, hidden_width), nn.GELU(), last
        )
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.register_buffer("mean", torch.zeros(look_width))
        self.register_buffer("deviation", torch.ones(look_width))

    def forward(
        self, crops: Float[Tensor, "clip track channel side side"]
    ) -> tuple[Float[Tensor, "clip track look"], Float[Tensor, "clip track hw=2"]]:
        """Estimate looks, and what to add to the centers at all times.

        Args:
            crops: From :func:`track_crops`.
        """
        output = self.network(crops.flatten(0, 1)).unflatten(0, crops.shape[:2])
        looks, shifts = output.split([len(self.mean), 2], dim=-1)
        return self.mean + self.deviation * looks, USUAL_SHIFT * shifts


def track_crops(
    frames: Float[Tensor, "clip time rgb=3 height width"],
    observed: Float[Tensor, "clip time height width"],
    centers: Float[Tensor, "clip track time hw=2"],
    radius: float,
) -> Float[Tensor, "clip track channel side side"]:
    """Show what surrounds the centers of tracks, over all frames together.

    What moves with a track stands still in its crops and keeps its color; the rest has a standard
    deviation.

    Args:
        frames: In [-1, 1].
        observed: 1 for pixels that count, 0 for others.
        centers: In every frame.
        radius: Of the tracks; a frame is 2 high and 2 wide.

    Example:
        >>> frames, centers = torch.ones(1, 4, 3, 16, 16), torch.zeros(1, 2, 4, 2)
        >>> crops = track_crops(frames, torch.ones(1, 4, 16, 16), centers, radius=0.5)
        >>> crops.shape, crops[0, 0, :, 9, 9].tolist()
        (torch.Size([1, 2, 5, 32, 32]), [1.0, 1.0, 1.0, 0.0, 1.0])
    """
    num_tracks = centers.shape[1]
    most = min(LARGEST_FRAME_PX, max(1, round(CROP_SIDE / radius)))
    size = min(most, frames.shape[3]), min(most, frames.shape[4])
    pixels = torch.cat([frames * observed[:, :, None], observed[:, :, None]], dim=2).flatten(0, 1)
    if pixels.shape[2:] != size:
        pixels = functional.interpolate(pixels, size, mode="bilinear", antialias=True)
    side = (torch.arange(CROP_SIDE, device=frames.device) + 0.5) / CROP_SIDE * 2 - 1
    offsets = radius * torch.stack(torch.meshgrid(side, side, indexing="xy"), dim=-1)
    at = centers.flip(-1).transpose(1, 2).flatten(0, 1)[:, :, None, None]  # x before y
    grid = (at + offsets).flatten(1, 2)
    seen = functional.grid_sample(pixels, grid, padding_mode="zeros", align_corners=False)
    seen = seen.unflatten(0, frames.shape[:2]).unflatten(3, (num_tracks, CROP_SIDE))
    color, weight = seen.split([3, 1], dim=2)
    total = weight.sum(dim=1)
    mean = color.sum(dim=1) / total.clamp(min=1e-3)
    gray = color.mean(dim=2, keepdim=True) / weight.clamp(min=1e-3)
    varies = weight * (gray - mean.mean(dim=1, keepdim=True)[:, None]).square()
    deviation = (varies.sum(dim=1) / total.clamp(min=1e-3)).sqrt()
    crops = torch.cat([mean, deviation, total / frames.shape[1]], dim=1)
    return crops.transpose(1, 2)

"""Tracks: parts of a latent that describe things which move through a clip.

A track has a *path*, the center of the thing over time, and a *look*, from which a hypernetwork
generates an INR in coordinates relative to the center. For that INR a moving thing stands still.
The clip's own INR shows what is behind it.
"""

import dataclasses
import math
from typing import Annotated, NamedTuple

import torch
from jaxtyping import Float
from msgspec import Meta
from torch import Tensor

from videospace.inrv.model.inr import InrConfig, Layer
from videospace.inrv.model.latents import LatentConfig, with_unit_scale
from videospace.inrv.model.positional_encoding import EncodingConfig
from videospace.runtime.reading.bounds import LayerWidth, NumLayers, check_bounds

NUM_TRACK_OUTPUTS = 4
"""The INR of a track returns RGB and opacity."""

OPACITY_SCALE = 3.0
"""The opacity output is multiplied by this, so that it can change faster than the colors."""

MAX_OPACITY = 12.0
"""Largest logarithm of a track's weight in the mixture; the background has 0."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrackConfig:
    """The INRs of tracks; not used by models whose latents have no tracks."""

    hidden_width: LayerWidth = 64
    """Units of each hidden layer."""
    num_hidden_layers: NumLayers = 2
    """Hidden layers."""
    radius: Annotated[float, Meta(ge=0.01, le=100)] = 0.6
    """A track is visible where height and width differ from its center by less than this; a frame
    is 2 high and 2 wide."""

    __post_init__ = check_bounds

    def inr(self, base: InrConfig) -> InrConfig:
        """The configuration of a track's INR, given that of the clip's own INR."""
        return dataclasses.replace(
            base, hidden_width=self.hidden_width, num_hidden_layers=self.num_hidden_layers
        )


class LatentParts(NamedTuple):
    """The parts of latents: content of the whole clip, and look and path of every track."""

    content: Float[Tensor, "*clip content"]
    """Keyframe by keyframe."""
    looks: Float[Tensor, "*clip track look"]
    """What each track looks like."""
    paths: Float[Tensor, "*clip track keyframe hw=2"]
    """Centers at the keyframes of the paths: height and width in [-1, 1], or outside the frame."""


def split_latents(latents: Float[Tensor, "*clip latent"], config: LatentConfig) -> LatentParts:
    """Split latents into their parts.

    Example:
        >>> config = LatentConfig(width=8, num_tracks=2, look_width=4, num_path_keyframes=5)
        >>> parts = split_latents(torch.zeros(3, config.total_width), config)
        >>> [tuple(part.shape) for part in parts]
        [(3, 8), (3, 2, 4), (3, 2, 5, 2)]
    """
    content, tracks = latents.split([config.content_width, config.tracks_width], dim=-1)
    tracks = tracks.unflatten(-1, (config.num_tracks, config.track_width))
    looks, paths = tracks.split([config.look_width, 2 * config.num_path_keyframes], dim=-1)
    return LatentParts(content, looks, paths.unflatten(-1, (-1, 2)))


def join_latents(parts: LatentParts) -> Float[Tensor, "*clip latent"]:
    """The inverse of :func:`split_latents`."""
    tracks = torch.cat([parts.looks, parts.paths.flatten(-2)], dim=-1)
    return torch.cat([parts.content, tracks.flatten(-2)], dim=-1)


def with_unit_scale_of_parts(
    latents: Float[Tensor, "*clip latent"], config: LatentConfig
) -> LatentParts:
    """Split latents, and scale each part as the model does, where it does.

    Example:
        >>> config = LatentConfig(width=2, num_keyframes=2)
        >>> with_unit_scale_of_parts(torch.tensor([3.0, -3.0, 0.5, 0.5]), config).content.tolist()
        [1.0, -1.0, 1.0, 1.0]
    """
    content, looks, paths = split_latents(latents, config)
    if not config.normalize:
        return LatentParts(content, looks, paths)
    constant, keyframes = content.tensor_split([config.constant_width], dim=-1)
    keyframes = with_unit_scale(keyframes.unflatten(-1, (config.num_keyframes, -1))).flatten(-2)
    content = torch.cat([with_unit_scale(constant), keyframes], dim=-1)
    return LatentParts(content, with_unit_scale(looks), paths)


def path_weights(
    times: Float[Tensor, " time"], num_keyframes: int
) -> Float[Tensor, "time keyframe"]:
    """The weights with which the keyframes of a path are interpolated at some times.

    The interpolation is a cubic spline through the keyframes, smooth in position and velocity. It
    reproduces motion at constant speed, also at both ends.

    Args:
        times: -1 is the first frame, 1 the last.
        num_keyframes: Of the path, at least 1.

    Returns:
        Rows that add up to 1; at a keyframe its own weight is 1.

    Example:
        >>> path_weights(torch.tensor([-1.0, 0.5]), 3).tolist()
        [[1.0, 0.0, 0.0], [-0.0625, 0.625, 0.4375]]

    Source: Catmull & Rom (1974), the cardinal spline with tension 1/2.
    """
    if num_keyframes == 1:
        return torch.ones(len(times), 1, device=times.device)
    positions = (times.clamp(-1, 1) + 1) / 2 * (num_keyframes - 1)
    start = positions.floor().clamp(max=num_keyframes - 2)
    x = positions - start
    cubic = torch.stack(
        [
            -0.5 * x + x**2 - 0.5 * x**3,
            1 - 2.5 * x**2 + 1.5 * x**3,
            0.5 * x + 2 * x**2 - 1.5 * x**3,
            -0.5 * x**2 + 0.5 * x**3,
        ],
        dim=1,
    )
    # A keyframe beyond an end continues the line through the two next to it.
    padded = torch.zeros(num_keyframes + 2, num_keyframes, device=times.device)
    padded[1:-1] = torch.eye(num_keyframes, device=times.device)
    padded[0, :2] = torch.tensor([2.0, -1.0], device=times.device)
    padded[-1, -2:] = torch.tensor([-1.0, 2.0], device=times.device)
    neighbors = start.long()[:, None] + torch.arange(4, device=times.device)
    return torch.einsum("tn,tnk->tk", cubic, padded[neighbors])


def shift_first_layer(
    layer: Layer, centers: Float[Tensor, "inr hw=2"], encoding: EncodingConfig
) -> Layer:
    """Change the first layer of INRs so that they take absolute instead of relative coordinates.

    By the addition theorems, the encoding of ``h - c`` is a linear function of that of ``h``. So an
    INR of relative coordinates is an ordinary INR with another first layer, and can be evaluated
    as any other, whatever the size of the render.

    Args:
        layer: For the encodings of t, h - c_h and w - c_w.
        centers: (c_h, c_w) of each INR.
        encoding: Octaves of each axis.

    Returns:
        The layer for the encodings of t, h and w.

    Example:
        >>> layer = Layer(torch.ones(1, 1, 3), torch.zeros(1, 1))
        >>> encoding = EncodingConfig(time_octaves=0, height_octaves=0, width_octaves=0)
        >>> shift_first_layer(layer, torch.tensor([[0.25, 0.5]]), encoding).bias.item()
        -0.75
    """
    time, *spatial = layer.weight.split(encoding.axis_widths, dim=2)
    weights, bias = [time], layer.bias
    for weight, center, octaves in zip(
        spatial, centers.unbind(dim=1), encoding.octaves[1:], strict=True
    ):
        linear, sine, cosine = weight.split([1, octaves, octaves], dim=2)
        frequencies = math.pi * 2.0 ** torch.arange(octaves, device=weight.device)
        angles = (center[:, None] * frequencies)[:, None]
        sines, cosines = angles.sin(), angles.cos()
        weights += [linear, sine * cosines + cosine * sines, cosine * cosines - sine * sines]
        bias = bias - linear[:, :, 0] * center[:, None]
    return Layer(torch.cat(weights, dim=2), bias)


def window(
    coordinates: Float[Tensor, "*#batch"], centers: Float[Tensor, "*#batch"], radius: float
) -> Float[Tensor, "*batch"]:
    """The visibility of a track along one axis: 1 at its center, 0 from the radius on, smooth."""
    return (1 - ((coordinates - centers) / radius).square()).clamp(min=0).square()


def track_weights(
    values: Float[Tensor, "*point out=4"], windows: Float[Tensor, "*#point"]
) -> Float[Tensor, "*point"]:
    """The weights of tracks in the mixture: the window times the exponential of the opacity.

    Args:
        values: Colors and opacities that the INRs of tracks return.
        windows: Visibility of the tracks, in [0, 1].
    """
    opacity = (OPACITY_SCALE * values[..., 3]).clamp(max=MAX_OPACITY)
    return windows * opacity.exp()


def mix_tracks(
    background: Float[Tensor, "clip point rgb=3"],
    tracks: Float[Tensor, "clip track point out=4"],
    windows: Float[Tensor, "clip track point"],
) -> Float[Tensor, "clip point rgb=3"]:
    """Mix the colors of the background, whose weight is 1, and of the tracks.

    The mixture does not depend on the order of the tracks.

    Args:
        background: Colors of the clips' own INRs.
        tracks: Colors and opacities of the INRs of the tracks.
        windows: Visibility of every track, in [0, 1].
    """
    weights = track_weights(tracks, windows)
    colors = background + (weights[..., None] * tracks[..., :3]).sum(dim=1)
    return colors / (1 + weights.sum(dim=1))[..., None]

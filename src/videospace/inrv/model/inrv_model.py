"""The INR-V model: latent map, hypernetworks and INRs."""

import dataclasses
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from videospace.inrv.model.coordinates import CoordinatesConfig, axis_coordinates, grid_axes
from videospace.inrv.model.hypernetwork import HypernetworkConfig, build_hypernetwork
from videospace.inrv.model.inr import InrConfig, Layer, add_weight_offsets, apply_inr
from videospace.inrv.model.latents import (
    LatentConfig,
    LatentMap,
    keyframe_weights,
    normalized_content,
    with_unit_scale,
)
from videospace.inrv.model.positional_encoding import AxisTables, EncodingConfig, encode_axes
from videospace.inrv.model.tracks import (
    NUM_TRACK_OUTPUTS,
    TrackConfig,
    mix_tracks,
    path_weights,
    shift_first_layer,
    split_latents,
    window,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The architecture of a model: with it and the weights, the model can be built again."""

    latent: LatentConfig = LatentConfig()
    """Latents, and how they follow from codes and semantic embeddings."""
    coordinates: CoordinatesConfig = CoordinatesConfig()
    """Where the samples of a video lie on [-1, 1]."""
    encoding: EncodingConfig = EncodingConfig()
    """Octaves of the periodic encoding of coordinates."""
    inr: InrConfig = InrConfig()
    """The network that represents one clip."""
    hypernetwork: HypernetworkConfig = HypernetworkConfig()
    """The network that generates the weights of INRs, and likewise that of the tracks' INRs."""
    tracks: TrackConfig = TrackConfig()
    """The INRs of tracks, where latents have some."""


class Inrs(NamedTuple):
    """The INRs of some clips, at one time each if latents vary in time."""

    layers: list[Layer]
    """The clips' own INRs, which show all but the tracks."""
    tracks: list[Layer] | None = None
    """The INRs of all tracks, clip by clip, for absolute coordinates; None without tracks."""
    centers: Float[Tensor, "clip track hw=2"] | None = None
    """Centers of the tracks; None without tracks."""

    def with_weight_offsets(self, offsets: list[Layer] | None) -> "Inrs":
        """The same with offsets added to the weights and biases of the clips' own INRs."""
        return self._replace(layers=add_weight_offsets(self.layers, offsets))


class InrvModel(nn.Module):
    """Maps latents to INRs, and points to colors by these INRs.

    The codes of the training clips are not part of the model; they belong to the training state.

    Args:
        config: The architecture.

    Example:
        >>> model = InrvModel(ModelConfig())
        >>> inrs = model.inrs(torch.ones(2, model.config.latent.total_width))
        >>> model.colors(torch.zeros(1, 5, model.in_width), inrs).shape
        torch.Size([2, 5, 3])
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.in_width = sum(config.encoding.axis_widths)
        self.latent_map = LatentMap(config.latent)
        self.hypernetwork = build_hypernetwork(
            config.hypernetwork,
            config.inr,
            in_width=self.in_width,
            latent_width=config.latent.width_at_a_time,
        )
        if config.latent.num_tracks:
            self.track_hypernetwork = build_hypernetwork(
                config.hypernetwork,
                config.tracks.inr(config.inr),
                in_width=self.in_width,
                latent_width=config.latent.look_width,
                num_outputs=NUM_TRACK_OUTPUTS,
            )

    def latents(
        self,
        codes: Float[Tensor, "clip code"],
        features: Float[Tensor, "clip time feature"] | None,
    ) -> Float[Tensor, "clip latent"]:
        """Map codes to latents.

        Args:
            codes: One for each clip.
            features: Frame features, where the latents have a semantic embedding; else None.
        """
        return self.latent_map(codes, features)

    def inrs(
        self, latents: Float[Tensor, "clip latent"], times: Float[Tensor, " clip"] | None = None
    ) -> Inrs:
        """Generate the INRs of every latent (thesis Eq. 3.1).

        Args:
            latents: One for each clip; a clip may occur several times, at different times.
            times: In [-1, 1], one for each clip; needed where latents vary in time.
        """
        config = self.config.latent
        assert times is not None or not config.varies_in_time, "these latents need times"
        parts = split_latents(latents, config)
        content = parts.content
        if times is not None and config.num_keyframes > 1:
            constant, keyframes = content.tensor_split([config.constant_width], dim=1)
            weights = keyframe_weights(times, config.num_keyframes)
            keyframes = keyframes.unflatten(1, (config.num_keyframes, -1))
            moving = torch.einsum("cm,cmw->cw", weights, keyframes)
            content = torch.cat([constant, moving], dim=1) if config.constant_width else moving
        layers = self.hypernetwork(normalized_content(content, config))
        if times is None or not config.num_tracks:
            return Inrs(layers)
        weights = path_weights(times, config.num_path_keyframes)
        centers = torch.einsum("cm,ckmx->ckx", weights, parts.paths)
        looks = parts.looks.flatten(0, 1)
        looks = with_unit_scale(looks) if config.normalize else looks
        first, *rest = self.track_hypernetwork(looks)
        with torch.autocast(latents.device.type, enabled=False):  # coordinates need float32
            first = Layer(*(part.float() for part in first))
            first = shift_first_layer(first, centers.flatten(0, 1), self.config.encoding)
        return Inrs(layers, [first, *rest], centers)

    def frame_times(self, num_frames: int, device: torch.device) -> Float[Tensor, " time"]:
        """The times of a clip's frames, in [-1, 1]."""
        return axis_coordinates(num_frames, self.config.coordinates.time).to(device)

    def colors(
        self, features: Float[Tensor, "#clip point feature"], inrs: Inrs
    ) -> Float[Tensor, "clip point rgb=3"]:
        """Evaluate INRs at encoded points; colors are nominally in [-1, 1] but not clamped."""
        colors = apply_inr(features, inrs.layers, self.config.inr)
        if inrs.tracks is None or inrs.centers is None:
            return colors
        num_clips, num_tracks, _ = inrs.centers.shape
        of_tracks = features.expand(num_clips, -1, -1).repeat_interleave(num_tracks, dim=0)
        tracks = apply_inr(of_tracks, inrs.tracks, self.config.tracks.inr(self.config.inr))
        time_width, height_width, _ = self.config.encoding.axis_widths
        rows, columns = features[:, None, :, [time_width, time_width + height_width]].unbind(-1)
        center_rows, center_columns = inrs.centers[:, :, None].unbind(-1)
        radius = self.config.tracks.radius
        windows = window(rows, center_rows, radius) * window(columns, center_columns, radius)
        return mix_tracks(colors.float(), tracks.float().unflatten(0, (num_clips, -1)), windows)

    def axis_tables(self, size: tuple[int, int, int], device: torch.device) -> AxisTables:
        """Encode the axes of a grid of so many frames, rows and columns."""
        axes = grid_axes(size, self.config.coordinates)
        time, height, width = (axis.to(device) for axis in axes)
        return encode_axes((time, height, width), self.config.encoding)

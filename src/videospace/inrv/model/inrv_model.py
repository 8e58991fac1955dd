"""The INR-V model: latent map, hypernetwork and INR."""

import dataclasses

import torch
from jaxtyping import Float
from torch import Tensor, nn

from videospace.inrv.model.coordinates import CoordinatesConfig, axis_coordinates, grid_axes
from videospace.inrv.model.hypernetwork import HypernetworkConfig, build_hypernetwork
from videospace.inrv.model.inr import InrConfig, Layer, apply_inr
from videospace.inrv.model.latents import (
    LatentConfig,
    LatentMap,
    keyframe_weights,
    with_unit_scale,
)
from videospace.inrv.model.positional_encoding import AxisTables, EncodingConfig, encode_axes


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
    """The network that generates the weights of INRs."""


class InrvModel(nn.Module):
    """Maps latents to INRs, and points to colors by these INRs.

    The codes of the training clips are not part of the model; they belong to the training state.

    Args:
        config: The architecture.

    Example:
        >>> model = InrvModel(ModelConfig())
        >>> layers = model.layers(torch.ones(2, model.config.latent.width))
        >>> model.colors(torch.zeros(1, 5, model.in_width), layers).shape
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
            latent_width=config.latent.width,
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

    def layers(
        self, latents: Float[Tensor, "clip latent"], times: Float[Tensor, " clip"] | None = None
    ) -> list[Layer]:
        """Generate the INR of every latent (thesis Eq. 3.1).

        Args:
            latents: One for each INR; a clip may occur several times, at different times.
            times: In [-1, 1], one for each INR; needed where latents have several keyframes.
        """
        num_keyframes = self.config.latent.num_keyframes
        if num_keyframes > 1:
            assert times is not None, "latents of several keyframes need times"
            weights = keyframe_weights(times, num_keyframes)
            keyframes = latents.unflatten(1, (num_keyframes, -1))
            latents = torch.einsum("cm,cmw->cw", weights, keyframes)
        if self.config.latent.normalize:
            latents = with_unit_scale(latents)
        return self.hypernetwork(latents)

    def frame_times(self, num_frames: int, device: torch.device) -> Float[Tensor, " time"]:
        """The times of a clip's frames, in [-1, 1]."""
        return axis_coordinates(num_frames, self.config.coordinates.time).to(device)

    def colors(
        self, features: Float[Tensor, "#clip point feature"], layers: list[Layer]
    ) -> Float[Tensor, "clip point rgb=3"]:
        """Evaluate INRs at encoded points; colors are nominally in [-1, 1] but not clamped."""
        return apply_inr(features, layers, self.config.inr)

    def axis_tables(self, size: tuple[int, int, int], device: torch.device) -> AxisTables:
        """Encode the axes of a grid of so many frames, rows and columns."""
        axes = grid_axes(size, self.config.coordinates)
        time, height, width = (axis.to(device) for axis in axes)
        return encode_axes((time, height, width), self.config.encoding)

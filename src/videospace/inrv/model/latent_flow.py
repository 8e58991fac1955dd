"""A learned distribution of latents: a network that turns noise into them, step by step."""

import dataclasses
import itertools
from typing import Annotated

import torch
from jaxtyping import Float
from msgspec import Meta
from torch import Tensor, nn
from torch.nn import functional

from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.tracks import (
    LatentParts,
    join_latents,
    split_latents,
    with_unit_scale_of_parts,
)
from videospace.runtime.errors import UserError
from videospace.runtime.reading.bounds import LayerWidth, check_bounds

TIME_FREQUENCIES = 32
"""Sines, and as many cosines, that describe a time to the network."""

LEAST_DEVIATION = 1e-6
"""Below it, numbers of latents count as constant."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FlowConfig:
    """The size of the network, a transformer."""

    hidden_width: LayerWidth = 192
    """Numbers of a token; a multiple of ``num_heads``."""
    num_layers: Annotated[int, Meta(ge=1, le=64)] = 4
    """Layers, each of attention and a network of two layers."""
    num_heads: Annotated[int, Meta(ge=1, le=64)] = 4
    """Heads of the attention."""

    def __post_init__(self) -> None:
        check_bounds(self)
        if self.hidden_width % self.num_heads:
            raise UserError(
                f"expected hidden_width as a multiple of {self.num_heads} heads, "
                f"got {self.hidden_width}"
            )


class LatentFlow(nn.Module):
    """The flow from noise to the latents of clips.

    At time 0 a sample is noise, at time 1 a latent, and between them it moves with a velocity that
    a transformer computes. Its tokens are the constant part, every keyframe of the content, and
    every track with its look and path. The order of tracks has no meaning, so all have the same
    weights.

    Args:
        config: The size of the network.
        latent: The latents of the space.

    Attributes:
        mean: The mean latent; all keyframes share one, and all tracks.
        deviation: The unit in which noise is added to each number of a latent.

    Example:
        >>> flow = LatentFlow(FlowConfig(), LatentConfig(width=8, num_keyframes=3))
        >>> flow.sample(torch.randn(2, 24), steps=4).shape
        torch.Size([2, 24])

    Source: Lipman et al. (2023), "Flow matching for generative modeling", and Liu et al. (2023),
    "Flow straight and fast": Eq. 1, straight paths. Peebles & Xie (2023), section 3.2: how the time
    enters the transformer.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, config: FlowConfig, latent: LatentConfig):
        super().__init__()
        self.config, self.latent = config, latent
        width = config.hidden_width
        kinds = {
            "constant": latent.constant_width,
            "keyframe": latent.width,
            "track": latent.track_width if latent.num_tracks else 0,
        }
        self.read = nn.ModuleDict({k: nn.Linear(n, width) for k, n in kinds.items() if n})
        self.write = nn.ModuleDict({k: nn.Linear(width, n) for k, n in kinds.items() if n})
        self.places = nn.Parameter(0.02 * torch.randn(latent.num_keyframes, width))
        self.time = nn.Sequential(
            nn.Linear(2 * TIME_FREQUENCIES, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.num_layers))
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.scale = nn.Linear(width, 2 * width)
        for weight in (*self.scale.parameters(), *self.write.parameters()):
            nn.init.zeros_(weight)
        self.register_buffer("mean", torch.zeros(latent.total_width))
        self.register_buffer("deviation", torch.ones(latent.total_width))

    def fit_scale(self, latents: Float[Tensor, "clip latent"]) -> None:
        """Set mean and deviation to those of latents."""
        parts = split_latents(self.scaled(latents), self.latent)
        constant, keyframes = parts.content.tensor_split([self.latent.constant_width], dim=1)
        keyframes = keyframes.unflatten(1, (self.latent.num_keyframes, -1))
        moments = [_moments(part) for part in (constant[:, None], keyframes, parts.looks)]
        # Centers are places in one frame: those of all keyframes share one mean and deviation.
        paths, path_deviation = _moments(parts.paths.flatten(1, 2))
        for name, index in (("mean", 0), ("deviation", 1)):
            constant, keyframe, look = (moment[index] for moment in moments)
            center = (paths, path_deviation)[index]
            content = torch.cat([constant, keyframe.repeat(self.latent.num_keyframes)])
            track = [look.expand_as(parts.looks[0]), center.expand_as(parts.paths[0])]
            getattr(self, name).copy_(join_latents(LatentParts(content, *track)))

    def scaled(self, latents: Float[Tensor, "clip latent"]) -> Float[Tensor, "clip latent"]:
        """Latents at the scale at which the model reads them."""
        return join_latents(with_unit_scale_of_parts(latents, self.latent))

    def forward(
        self, values: Float[Tensor, "clip latent"], times: Float[Tensor, " clip"]
    ) -> Float[Tensor, "clip latent"]:
        """The velocity.

        Args:
            values: Between noise and latents, in units of the deviation from the mean.
            times: 0 is noise, 1 is a latent.

        Returns:
            By how much the values change in a unit of time.
        """
        latent = self.latent
        content, tracks = values.split([latent.content_width, latent.tracks_width], dim=1)
        constant, keyframes = content.tensor_split([latent.constant_width], dim=1)
        given = {
            "constant": constant[:, None],
            "keyframe": keyframes.unflatten(1, (latent.num_keyframes, -1)),
            "track": tracks.unflatten(1, (latent.num_tracks, latent.track_width)),
        }
        given = {kind: given[kind] for kind in self.read}
        tokens = {kind: self.read[kind](part) for kind, part in given.items()}
        tokens["keyframe"] = tokens["keyframe"] + self.places
        state = torch.cat(list(tokens.values()), dim=1)
        condition = self.time(_waves(times))
        for layer in self.layers:
            state = layer(state, condition)
        shift, scale = self.scale(functional.silu(condition))[:, None].chunk(2, dim=-1)
        state = self.norm(state) * (1 + scale) + shift
        parts = state.split([part.shape[1] for part in given.values()], dim=1)
        written = [
            self.write[kind](part).flatten(1) for kind, part in zip(given, parts, strict=True)
        ]
        return torch.cat(written, dim=1)

    @torch.no_grad()
    def sample(
        self,
        noise: Float[Tensor, "clip latent"],
        *,
        steps: int = 20,
        like: Float[Tensor, "#clip latent"] | None = None,
        likeness: float = 0.5,
    ) -> Float[Tensor, "clip latent"]:
        """Turn noise into latents.

        Args:
            noise: From a standard normal distribution.
            steps: Steps of Heun's method, each of which asks the network twice; at least 1.
            like: Latents that the samples resemble; None for none.
            likeness: In [0, 1): how far on its way from the noise to ``like`` a sample starts.

        Source: Meng et al. (2022), "SDEdit", section 3: samples that resemble a given one.
        """
        values, start = noise, 0.0
        if like is not None:
            wanted = (self.scaled(like) - self.mean) / self.deviation
            values, start = torch.lerp(noise, wanted, likeness), likeness
        times = torch.linspace(start, 1, steps + 1).tolist()
        for now, then in itertools.pairwise(times):
            velocity = self(values, torch.full_like(values[:, 0], now))
            ahead = values + (then - now) * velocity
            next_velocity = self(ahead, torch.full_like(values[:, 0], then))
            values = values + (then - now) * (velocity + next_velocity) / 2
        return self.mean + self.deviation * values


class _Layer(nn.Module):
    """Attention and a network of two layers, both scaled, shifted and gated by a condition."""

    def __init__(self, config: FlowConfig):
        super().__init__()
        width = config.hidden_width
        self.num_heads = config.num_heads
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.condition = nn.Linear(width, 6 * width)
        self.attend = nn.Linear(width, 3 * width)
        self.merge = nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        nn.init.zeros_(self.condition.weight)  # so that a new layer passes its input through
        nn.init.zeros_(self.condition.bias)

    def forward(
        self, state: Float[Tensor, "clip token width"], condition: Float[Tensor, "clip width"]
    ) -> Float[Tensor, "clip token width"]:
        given = self.condition(functional.silu(condition))[:, None].chunk(6, dim=-1)
        shift, scale, gate, mlp_shift, mlp_scale, mlp_gate = given
        inner = self.norm(state) * (1 + scale) + shift
        heads = self.attend(inner).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(*heads).transpose(1, 2).flatten(2)
        state = state + gate * self.merge(attended)
        inner = self.norm(state) * (1 + mlp_scale) + mlp_shift
        return state + mlp_gate * self.mlp(inner)


def _waves(times: Float[Tensor, " clip"]) -> Float[Tensor, "clip wave"]:
    """Sines and cosines of a time, at frequencies from 1 to 1000."""
    frequencies = torch.logspace(0, 3, TIME_FREQUENCIES, device=times.device)
    angles = times[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def _moments(parts: Float[Tensor, "clip part number"]) -> tuple[Tensor, Tensor]:
    """The mean of each number, and one standard deviation of all, repeated for each."""
    rows = parts.flatten(0, 1)
    mean = rows.mean(dim=0) if len(rows) else rows.new_zeros(rows.shape[1])
    spread = (rows - mean).square().mean().sqrt() if rows.numel() else rows.new_tensor(1.0)
    return mean, spread.clamp(min=LEAST_DEVIATION).expand_as(mean)

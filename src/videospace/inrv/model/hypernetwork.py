"""Hypernetworks, which map the latent of a clip to the weights of its INR.

There are three, from the most to the least expressive. Each has learned base weights, which all
clips share, and generates a small difference from them, so that training starts from one usable
INR (residual initialization). ``published_initialization`` switches this off.
"""

import abc
import dataclasses
import math
from typing import Literal

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from videospace.inrv.model.inr import InrConfig, Layer, initial_weight_bound, layer_shapes
from videospace.runtime.errors import UserError
from videospace.runtime.reading.bounds import LayerWidth, NotNegative, NumLayers, check_bounds
from videospace.runtime.reading.renamed import renamed


@renamed(fields={"published_initialisation": "published_initialization"})
@dataclasses.dataclass(frozen=True, kw_only=True)
class HypernetworkConfig:
    """The kind of hypernetwork and the MLPs in it: one MLP for each weight or bias of the INR."""

    kind: Literal["dense", "low-rank", "scale-shift"] = "dense"
    """``dense`` generates all weights, ``low-rank`` the low-rank factors of a multiplier of the
    base weights, ``scale-shift`` a scale and a shift for each unit."""
    hidden_width: LayerWidth = 256
    """Units of each hidden layer of the MLPs."""
    num_hidden_layers: NumLayers = 1
    """Hidden layers of the MLPs; the publication has three."""
    rank: LayerWidth = 10
    """Rank of the factors of ``low-rank``; the other kinds do not use it."""
    published_initialization: bool = False
    """``dense`` without base weights, with the last layers of the MLPs initialized at a tenth of He
    et al. (2015), as in the authors' code."""
    difference_scale: NotNegative = 1.0
    """Unit of the differences that ``dense`` generates, as a fraction of the range from which the
    base weights are drawn, so that an Adam step changes an INR weight relative to its size."""
    initial_difference: NotNegative = 0.03
    """Scale of the initial weights of the MLPs' last layers, as a fraction of the usual one."""

    __post_init__ = check_bounds


def generator(latent_width: int, out_width: int, config: HypernetworkConfig) -> nn.Sequential:
    """A ReLU MLP that maps a latent to one flattened tensor of the INR."""
    layers: list[nn.Module] = []
    width = latent_width
    for _ in range(config.num_hidden_layers):
        layers += [nn.Linear(width, config.hidden_width), nn.ReLU()]
        width = config.hidden_width
    layers.append(nn.Linear(width, out_width))
    for layer in layers:
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return nn.Sequential(*layers)


def shrink_last_layer(mlp: nn.Sequential, scale: float, *, zero_bias: bool) -> None:
    """Multiply the weights of an MLP's last layer, and set its bias to zero if asked."""
    last = mlp[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.weight.mul_(scale)
        if zero_bias:
            last.bias.zero_()


class Hypernetwork(nn.Module, abc.ABC):
    """Maps latents to the layers of INRs; the base class holds the base weights.

    Attributes:
        shapes: (out, in) of each layer of the INR.
        bounds: Half-width of the uniform distribution that each base weight was drawn from.
    """

    def __init__(
        self,
        config: HypernetworkConfig,
        inr: InrConfig,
        in_width: int,
        latent_width: int,
        num_outputs: int,
    ):
        super().__init__()
        self.config = config
        self.shapes = layer_shapes(inr, in_width, num_outputs)
        self.bounds = [
            initial_weight_bound(inr, in_, is_first=index == 0)
            for index, (_, in_) in enumerate(self.shapes)
        ]
        self.base_weights = nn.ParameterList(
            torch.empty(shape).uniform_(-bound, bound)
            for shape, bound in zip(self.shapes, self.bounds, strict=True)
        )
        self.base_biases = nn.ParameterList(torch.zeros(out) for out, _ in self.shapes)
        self._add_generators(latent_width)

    @abc.abstractmethod
    def _add_generators(self, latent_width: int) -> None:
        """Create the MLPs that generate what changes from latent to latent."""

    @abc.abstractmethod
    def forward(self, latents: Float[Tensor, "clip latent"]) -> list[Layer]:
        """The layers of the INR of every latent."""


class DenseHypernetwork(Hypernetwork):
    """Generates all weights and biases (thesis Eq. 3.1: θ_n = d_Ω(m_n))."""

    def _add_generators(self, latent_width: int) -> None:
        config = self.config
        self.weight_generators = nn.ModuleList(
            generator(latent_width, out * in_, config) for out, in_ in self.shapes
        )
        self.bias_generators = nn.ModuleList(
            generator(latent_width, out, config) for out, _ in self.shapes
        )
        if config.published_initialization:
            del self.base_weights, self.base_biases
        shrink = 0.1 if config.published_initialization else config.initial_difference
        for mlp in (*self.weight_generators, *self.bias_generators):
            shrink_last_layer(mlp, shrink, zero_bias=not config.published_initialization)  # type: ignore[arg-type]

    def forward(self, latents: Float[Tensor, "clip latent"]) -> list[Layer]:
        """Base weights plus the generated differences, or the generated weights alone."""
        layers = []
        for index, (out, in_) in enumerate(self.shapes):
            weight = self.weight_generators[index](latents).view(-1, out, in_)
            bias = self.bias_generators[index](latents)
            if self.config.published_initialization:
                layers.append(Layer(weight, bias))
                continue
            unit = self.config.difference_scale * self.bounds[index]
            layers.append(
                Layer(
                    torch.add(self.base_weights[index], weight, alpha=unit),
                    torch.add(self.base_biases[index], bias, alpha=unit),
                )
            )
        return layers


class LowRankHypernetwork(Hypernetwork):
    """Multiplies the base weights by ``1 + A B``, with generated factors A and B.

    Source: Skorokhodov et al. (2021), factorized multiplicative modulation.
    Departs: ``1 + A B`` instead of their ``sigmoid(A B)``, so that training starts from the base
    weights.
    """

    def _add_generators(self, latent_width: int) -> None:
        config = self.config
        self.factor_generators = nn.ModuleList(
            generator(latent_width, config.rank * (out + in_), config) for out, in_ in self.shapes
        )
        self.bias_generators = nn.ModuleList(
            generator(latent_width, out, config) for out, _ in self.shapes
        )
        for mlp in self.factor_generators:  # the scale of a product is squared
            shrink_last_layer(mlp, math.sqrt(config.initial_difference), zero_bias=True)  # type: ignore[arg-type]
        for mlp, bound in zip(self.bias_generators, self.bounds, strict=True):
            shrink_last_layer(mlp, config.initial_difference * bound, zero_bias=True)  # type: ignore[arg-type]

    def forward(self, latents: Float[Tensor, "clip latent"]) -> list[Layer]:
        """Base weights times ``1 + A B``, and base biases plus generated differences."""
        rank = self.config.rank
        layers = []
        for index, (out, in_) in enumerate(self.shapes):
            left, right = self.factor_generators[index](latents).split([rank * out, rank * in_], 1)
            left = rearrange(left, "clip (out rank) -> clip out rank", rank=rank)
            right = rearrange(right, "clip (rank inputs) -> clip rank inputs", rank=rank)
            factor = 1 + left @ right / math.sqrt(rank)
            bias = self.base_biases[index] + self.bias_generators[index](latents)
            layers.append(Layer(self.base_weights[index] * factor, bias))
        return layers


class ScaleShiftHypernetwork(Hypernetwork):
    """Scales and shifts the input of each activation: one scale and one shift for each unit.

    Source: Perez et al. (2018), feature-wise linear modulation.
    """

    def _add_generators(self, latent_width: int) -> None:
        config = self.config
        self.generators = nn.ModuleList(
            generator(latent_width, 2 * out, config) for out, _ in self.shapes
        )
        for mlp in self.generators:
            shrink_last_layer(mlp, config.initial_difference, zero_bias=True)  # type: ignore[arg-type]

    def forward(self, latents: Float[Tensor, "clip latent"]) -> list[Layer]:
        """Base weights and biases, multiplied by ``1 + scale``; biases plus the shift."""
        layers = []
        for weight, bias, mlp in zip(
            self.base_weights, self.base_biases, self.generators, strict=True
        ):
            scale, shift = mlp(latents).chunk(2, dim=1)
            layers.append(Layer(weight * (1 + scale)[:, :, None], bias * (1 + scale) + shift))
        return layers


def build_hypernetwork(
    config: HypernetworkConfig,
    inr: InrConfig,
    *,
    in_width: int,
    latent_width: int,
    num_outputs: int = 3,
) -> Hypernetwork:
    """Build the hypernetwork of a configuration.

    Args:
        config: Its kind and size.
        inr: The network whose weights it generates.
        in_width: Width of the INR's input, the encoded coordinates.
        latent_width: Numbers of a latent at one time.
        num_outputs: Outputs of the network.

    Raises:
        UserError: The published initialization is asked for with another kind than ``dense``.

    Example:
        >>> hypernetwork = build_hypernetwork(
        ...     HypernetworkConfig(), InrConfig(num_hidden_layers=1), in_width=27, latent_width=8
        ... )
        >>> [tuple(layer.weight.shape) for layer in hypernetwork(torch.ones(2, 8))]
        [(2, 128, 27), (2, 3, 128)]
    """
    kinds = {
        "dense": DenseHypernetwork,
        "low-rank": LowRankHypernetwork,
        "scale-shift": ScaleShiftHypernetwork,
    }
    if config.published_initialization and config.kind != "dense":
        raise UserError(
            f"published_initialization belongs to the dense hypernetwork, not to {config.kind}"
        )
    return kinds[config.kind](config, inr, in_width, latent_width, num_outputs)

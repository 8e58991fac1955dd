"""The implicit neural representation: a small MLP f(t, h, w) → RGB, one for each clip.

The network is stateless. It publishes the shapes of its parameters and is called with them, so
that a hypernetwork can fill in a whole batch of clips and one batched product runs them all.
"""

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

Activation = Literal["relu", "gelu", "sine"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class InrConfig:
    """An MLP with linear RGB output."""

    hidden_width: int = 128
    """Units of each hidden layer."""
    num_hidden_layers: int = 3
    """Hidden activations, as in the text of the paper; the authors' code has four."""
    activation: Activation = "sine"
    """``sine`` is sin(sine_frequency * x), after Sitzmann et al. (2020)."""
    sine_frequency: float = 20.0
    """Frequency of the sine activation; unused by the others."""


class Layer(NamedTuple):
    """One linear layer of every clip of a batch."""

    weight: Float[Tensor, "clip out in"]
    bias: Float[Tensor, "clip out"]


def layer_shapes(config: InrConfig, in_width: int) -> list[tuple[int, int]]:
    """(out, in) of every linear layer.

    Example:
        >>> layer_shapes(InrConfig(hidden_width=8, num_hidden_layers=2), in_width=63)
        [(8, 63), (8, 8), (3, 8)]
    """
    widths = [in_width] + [config.hidden_width] * config.num_hidden_layers + [3]
    return [(out, in_) for in_, out in itertools.pairwise(widths)]


def joined_layers(parts: Sequence[list[Layer]]) -> list[Layer]:
    """The INRs of several batches as one batch."""
    return [
        Layer(*map(torch.cat, zip(*same_depth, strict=True)))
        for same_depth in zip(*parts, strict=True)
    ]


def add_weight_offsets(layers: list[Layer], offsets: list[Layer] | None) -> list[Layer]:
    """Add offsets to the weights and biases of INRs; None adds nothing."""
    if offsets is None:
        return layers
    return [
        Layer(layer.weight + offset.weight, layer.bias + offset.bias)
        for layer, offset in zip(layers, offsets, strict=True)
    ]


def zero_weight_offsets(
    shapes: Sequence[tuple[int, int]], num_clips: int, device: torch.device
) -> list[Layer]:
    """Weight offsets of zero for INRs whose layers have these shapes."""
    return [
        Layer(*(torch.zeros(num_clips, *size, device=device) for size in (shape, shape[:1])))
        for shape in shapes
    ]


def activation_function(config: InrConfig) -> Callable[[Tensor], Tensor]:
    """The pointwise non-linearity of the hidden layers."""
    if config.activation == "sine":
        return lambda x: torch.sin(config.sine_frequency * x)
    return {"relu": functional.relu, "gelu": functional.gelu}[config.activation]


def activate_(x: Float[Tensor, "*shape"], activation: Activation) -> Float[Tensor, "*shape"]:
    """The same without the sine's frequency, in place where there is such an operation."""
    if activation == "gelu":
        return functional.gelu(x)
    return x.sin_() if activation == "sine" else x.relu_()


def initial_weight_bound(config: InrConfig, in_width: int, is_rank0: bool) -> float:
    """Half-width of the uniform distribution that the weights of a layer start from.

    Source: He et al. (2015) for ReLU and GELU; Sitzmann et al. (2020), section 3.2, for sines.
    """
    if config.activation != "sine":
        return math.sqrt(6 / in_width)
    return 1 / in_width if is_rank0 else math.sqrt(6 / in_width) / config.sine_frequency


def apply_inr(
    features: Float[Tensor, "#clip point feature"], layers: list[Layer], config: InrConfig
) -> Float[Tensor, "clip point rgb=3"]:
    """Evaluate every clip's INR at its points.

    Args:
        features: Encoded coordinates; a first axis of 1 shares the points between the clips.
        layers: Parameters as shaped by :func:`layer_shapes`.
        config: The network.

    Returns:
        RGB, nominally in [-1, 1], not clamped.
    """
    first, *rest = layers
    features = features.expand(len(first.weight), -1, -1)
    weight, bias = (part.to(features.dtype) for part in first)
    with torch.autocast(features.device.type, enabled=False):  # coordinates stay exact
        hidden = torch.baddbmm(bias[:, None], features, weight.transpose(1, 2))
    activation = activation_function(config)
    for weight, bias in rest:
        hidden = torch.baddbmm(bias[:, None], activation(hidden), weight.transpose(1, 2))
    return hidden


def separable_first_layer(
    tables: tuple[Tensor, Tensor, Tensor], layer: Layer
) -> tuple[
    Float[Tensor, "clip time out"],
    Float[Tensor, "clip height out"],
    Float[Tensor, "clip width out"],
]:
    """Split the first layer over the axes, so that a whole grid needs only a sum of three rows.

    The encoding is a concatenation over axes, so ``W e(t,h,w) + b`` is
    ``(W_t e(t) + b) + W_h e(h) + W_w e(w)``.
    """
    weights = layer.weight.split([table.shape[1] for table in tables], dim=2)
    time, height, width = (
        table @ weight.transpose(1, 2) for table, weight in zip(tables, weights, strict=True)
    )
    return time + layer.bias[:, None], height, width

"""The implicit neural representation (INR) of a clip: a small MLP f(t, h, w) → RGB.

The network is stateless: it states the shapes of its weights and is called with weights. So a
hypernetwork can generate those of a whole batch, and one batched product evaluates all clips.
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

from videospace.runtime.reading.bounds import LayerWidth, NumLayers, Positive, check_bounds

Activation = Literal["relu", "gelu", "sine"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class InrConfig:
    """An MLP with a linear RGB output."""

    hidden_width: LayerWidth = 128
    """Units of each hidden layer."""
    num_hidden_layers: NumLayers = 3
    """Hidden layers: three as in the text of the paper; the authors' code has four."""
    activation: Activation = "sine"
    """Of the hidden layers. ``sine`` is sin(sine_frequency * x), Sitzmann et al. (2020)."""
    sine_frequency: Positive = 20.0
    """Frequency of the sine; the other activations do not use it."""

    __post_init__ = check_bounds


class Layer(NamedTuple):
    """One linear layer, with weights of its own for every clip of a batch."""

    weight: Float[Tensor, "clip out in"]
    bias: Float[Tensor, "clip out"]


def layer_shapes(config: InrConfig, in_width: int, num_outputs: int = 3) -> list[tuple[int, int]]:
    """The (out, in) shape of the weight of every linear layer.

    Args:
        config: The network.
        in_width: Width of its input, the encoded coordinates.
        num_outputs: Width of its output.

    Example:
        >>> layer_shapes(InrConfig(hidden_width=8, num_hidden_layers=2), in_width=63)
        [(8, 63), (8, 8), (3, 8)]
    """
    widths = [in_width] + [config.hidden_width] * config.num_hidden_layers + [num_outputs]
    return [(out, in_) for in_, out in itertools.pairwise(widths)]


def joined_layers(parts: Sequence[list[Layer]]) -> list[Layer]:
    """Concatenate the INRs of several batches along the clip axis."""
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
    """The activation function of the hidden layers."""
    if config.activation == "sine":
        return lambda x: torch.sin(config.sine_frequency * x)
    return {"relu": functional.relu, "gelu": functional.gelu}[config.activation]


def activate_(x: Float[Tensor, "*shape"], activation: Activation) -> Float[Tensor, "*shape"]:
    """The activation without the sine's frequency, in place where PyTorch can."""
    if activation == "gelu":
        return functional.gelu(x)
    return x.sin_() if activation == "sine" else x.relu_()


def initial_weight_bound(config: InrConfig, in_width: int, is_first: bool) -> float:
    """Half-width of the uniform distribution from which the weights of a layer are initialized.

    Source: He et al. (2015) for ReLU and GELU; Sitzmann et al. (2020), section 3.2, for sines.
    """
    if config.activation != "sine":
        return math.sqrt(6 / in_width)
    return 1 / in_width if is_first else math.sqrt(6 / in_width) / config.sine_frequency


def apply_inr(
    features: Float[Tensor, "#clip point feature"], layers: list[Layer], config: InrConfig
) -> Float[Tensor, "clip point out"]:
    """Evaluate the INR of every clip at points.

    Args:
        features: Encoded coordinates; with a first axis of 1, the same points for all clips.
        layers: Weights in the shapes of :func:`layer_shapes`.
        config: The network.

    Returns:
        RGB or what else the last layer has, nominally in [-1, 1] but not clamped.

    Example:
        >>> config = InrConfig(hidden_width=8, num_hidden_layers=1)
        >>> layers = zero_weight_offsets(layer_shapes(config, 5), 2, torch.device("cpu"))
        >>> apply_inr(torch.zeros(1, 7, 5), layers, config).shape
        torch.Size([2, 7, 3])
    """
    first, *rest = layers
    features = features.expand(len(first.weight), -1, -1)
    weight, bias = (part.to(features.dtype) for part in first)
    with torch.autocast(features.device.type, enabled=False):  # coordinates need float32
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
    """Apply the first layer to each axis of a grid; at a point its output is the sum of three rows.

    The encoding of a point is the concatenation of those of t, h and w, so that
    ``W e(t, h, w) + b = (W_t e(t) + b) + W_h e(h) + W_w e(w)``.

    Args:
        tables: The encodings along time, height and width.
        layer: The first layer.

    Returns:
        ``W_t e(t) + b``, ``W_h e(h)`` and ``W_w e(w)``.
    """
    weights = layer.weight.split([table.shape[1] for table in tables], dim=2)
    time, height, width = (
        table @ weight.transpose(1, 2) for table, weight in zip(tables, weights, strict=True)
    )
    return time + layer.bias[:, None], height, width

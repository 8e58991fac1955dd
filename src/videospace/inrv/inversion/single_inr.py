"""Single-INR: one network for each clip, trained on that clip alone, as an upper bound."""

import dataclasses
import time
from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.inrv.inversion.adam import minimize_with_adam
from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.observed_pixels import ObservedPixels
from videospace.inrv.model.inr import Layer, initial_weight_bound, layer_shapes
from videospace.inrv.model.inrv_model import Inrs, InrvModel
from videospace.runtime.device import choose_precision
from videospace.runtime.errors import UserError
from videospace.runtime.random import random_stream


@dataclasses.dataclass(frozen=True, kw_only=True)
class SingleInrConfig:
    """How INRs are fitted to single clips."""

    max_steps: int = 2000
    """Most steps; fitting ends earlier when the error stops falling."""
    points_per_clip: int = 1024
    """Points of a step."""
    learning_rate: float = 0.1
    """Learning rate of Adam, in units of the range of a layer's initial weights."""
    seed: int = 0
    """Seed of the initial weights and the points."""

    def __post_init__(self) -> None:
        if min(self.max_steps, self.points_per_clip) < 1 or not self.learning_rate >= 0:
            raise UserError(f"expected steps and points of 1 or more and a rate, got {self}")


class SingleInrs(NamedTuple):
    """Fitted networks."""

    layers: list[Layer]
    """The layers of all clips, which
    :func:`videospace.inrv.rendering.renderer.render_frames_of_layers` renders."""
    steps: int
    """Number of steps."""
    seconds: float
    """Total time of the steps, for all clips."""


def fit_single_inrs(
    model: InrvModel,
    contexts: Sequence[Context],
    frame_size: tuple[int, int],
    config: SingleInrConfig | None = None,
) -> SingleInrs:
    """Fit one INR to every context, all in parallel.

    Args:
        model: Gives the shapes of the INRs and the encoding of coordinates; its weights are not
            used.
        contexts: The observed pixels of clips of one size.
        frame_size: Height and width in px of the clips to render.
        config: Options; None takes the defaults.

    Raises:
        UserError: No contexts, or contexts of several sizes.

    Source: thesis 3.3.1.
    """
    config = config or SingleInrConfig()
    started = time.perf_counter()
    device = next(model.parameters()).device
    observed = ObservedPixels(contexts, model, frame_size, device)
    generator = random_stream(config.seed, "single INR")
    inr = model.config.inr
    shapes = layer_shapes(inr, model.in_width)
    bounds = [
        initial_weight_bound(inr, in_, is_first=not depth) for depth, (_, in_) in enumerate(shapes)
    ]
    units = [
        Layer(
            (2 * torch.rand(len(contexts), out, in_, generator=generator) - 1).to(device),
            torch.zeros(len(contexts), out, device=device),
        )
        for out, in_ in shapes
    ]
    clips = torch.arange(len(contexts), device=device)
    low_precision = choose_precision("auto", device) == "bfloat16"

    def layers() -> list[Layer]:
        return [
            Layer(bound * weight, bound * bias)
            for bound, (weight, bias) in zip(bounds, units, strict=True)
        ]

    def loss() -> Float[Tensor, " clip"]:
        pixels = observed.draw(clips, config.points_per_clip, generator)
        with torch.autocast(device.type, torch.bfloat16, enabled=low_precision):
            colors = model.colors(observed.encoded(pixels), Inrs(layers())).float()
        return observed.errors(colors, pixels)[0]

    parameters = [part.requires_grad_() for layer in units for part in layer]
    steps = minimize_with_adam(parameters, loss, config.learning_rate, config.max_steps)
    with torch.no_grad():
        return SingleInrs(layers(), steps, time.perf_counter() - started)

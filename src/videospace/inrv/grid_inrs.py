"""INRs made ready for whole grids, where every saved pass over the points counts."""

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.inrv.encoding import AxisTables
from videospace.inrv.inr import InrConfig, Layer, activate_, separable_first_layer
from videospace.runtime.device import Precision


class GridInrs:
    """The INRs of some clips on a grid, evaluated a part of it at a time.

    The first layer is a sum over the axes (:func:`separable_first_layer`). The frequency of the
    sine is multiplied into the weights, not into every activation. In bfloat16 coordinates and the
    first layer with its sines stay float32: an error there would be a shift of the picture.

    Args:
        tables: The encoded axes.
        layers: The INRs.
        config: The network.
        precision: Of the layers after the first.
    """

    def __init__(
        self, tables: AxisTables, layers: list[Layer], config: InrConfig, precision: Precision
    ):
        self.config = config
        frequency = config.sine_frequency if config.activation == "sine" else 1.0
        *hidden, last = layers
        first, *rest = [*(Layer(frequency * w, frequency * b) for w, b in hidden), last]
        self.axes = separable_first_layer(tables, first)
        low = torch.bfloat16 if precision == "bfloat16" else torch.float32
        self.rest = [Layer(weight.mT.to(low), bias[:, None].to(low)) for weight, bias in rest]

    def __len__(self) -> int:
        """Clips."""
        return len(self.axes[0])

    def colours(
        self, clips: slice, times: slice, rows: slice
    ) -> Float[Tensor, "clip time row width rgb=3"]:
        """Colours of some clips at some times and rows, in [-1, 1] but not clamped."""
        time, row, column = self.axes
        hidden = time[clips, times, None, None] + row[clips, None, rows, None]
        hidden = hidden + column[clips, None, None, :]
        size = hidden.shape[1:4]
        hidden = hidden.flatten(1, 3)
        for weight, bias in self.rest:
            activated = activate_(hidden, self.config.activation).to(weight.dtype)
            hidden = torch.baddbmm(bias[clips], activated, weight[clips])
        return hidden.float().unflatten(1, size)

"""INRs made ready for whole grids, where every saved pass over the points counts."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.inrv.model.encoding import AxisTables
from videospace.inrv.model.inr import InrConfig, Layer, activate_, separable_first_layer
from videospace.runtime.device import Precision


class Workspace:
    """Memory that one part of a grid after another is evaluated in; a larger part gets more."""

    def __init__(self):
        self.kept: dict[tuple[int, torch.dtype], Tensor] = {}

    def place(self, number: int, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """One of several places, of the type and device of a tensor, with anything in it."""
        count, place = math.prod(shape), self.kept.get((number, like.dtype))
        if place is None or place.numel() < count:
            place = self.kept[number, like.dtype] = like.new_empty(count)
        return place[:count].view(shape)


class GridInrs:
    """The INRs of some clips on a grid, evaluated a part of it at a time.

    The first layer is a sum over the axes (:func:`separable_first_layer`), and its sine is put
    together from those of the rows and the columns: sin(a + b) = sin a cos b + cos a sin b. The
    frequency of the sine is multiplied into the weights, not into every activation. In bfloat16
    coordinates and the first layer with its sines stay float32: an error there would be a shift of
    the picture.

    Args:
        tables: The encoded axes.
        layers: The INRs.
        config: The network.
        precision: Of the layers after the first.
        workspace: Shared with INRs that are evaluated before or after these; None for one's own.
    """

    def __init__(
        self,
        tables: AxisTables,
        layers: list[Layer],
        config: InrConfig,
        precision: Precision,
        workspace: Workspace | None = None,
    ):
        self.config = config
        self.workspace = workspace or Workspace()
        frequency = config.sine_frequency if config.activation == "sine" else 1.0
        *hidden, last = layers
        first, *rest = [*(Layer(frequency * w, frequency * b) for w, b in hidden), last]
        self.times, self.rows, columns = separable_first_layer(tables, first)
        self.columns = columns[:, None, None]
        self.column_waves = self.columns.sin(), self.columns.cos()
        low = torch.bfloat16 if precision == "bfloat16" else torch.float32
        rest = [Layer(weight.to(low), bias.to(low)) for weight, bias in rest]
        self.middle, self.last = rest[:-1], rest[-1:]

    def __len__(self) -> int:
        """Clips."""
        return len(self.times)

    @torch.no_grad()
    def colors(
        self, clips: slice, times: slice, rows: slice
    ) -> Float[Tensor, "clip time row width rgb=3"]:
        """Colors of some clips at some times and rows, in [-1, 1] but not clamped."""
        hidden = self._first_layer(clips, times, rows)
        size = hidden.shape[1:4]
        hidden = hidden.flatten(1, 3)
        for number, (weight, bias) in enumerate(self.middle, start=1):
            hidden = self._in_precision_of(weight, hidden)
            place = self.workspace.place(number % 2, hidden.shape, weight)
            torch.baddbmm(bias[clips, None], hidden, weight[clips].mT, out=place)
            hidden = activate_(place, self.config.activation)
        for weight, bias in self.last:  # three numbers a point: quicker with points side by side
            hidden = self._in_precision_of(weight, hidden)
            hidden = torch.baddbmm(bias[clips, :, None], weight[clips], hidden.mT).mT
        return hidden.float().unflatten(1, size)

    def _first_layer(
        self, clips: slice, times: slice, rows: slice
    ) -> Float[Tensor, "clip time row width unit"]:
        """With its activation, but where it is the only layer."""
        row = self.times[clips, times, None, None] + self.rows[clips, None, rows, None]
        columns = self.columns[clips]
        if not self.last:
            return row + columns
        place = self.workspace.place(0, (*row.shape[:3], *columns.shape[3:]), row)
        if self.config.activation != "sine":
            return activate_(torch.add(row, columns, out=place), self.config.activation)
        column_sine, column_cosine = (wave[clips] for wave in self.column_waves)
        torch.mul(row.sin(), column_cosine, out=place)
        return place.addcmul_(row.cos(), column_sine)

    def _in_precision_of(self, weight: Tensor, hidden: Tensor) -> Tensor:
        if hidden.dtype == weight.dtype:
            return hidden
        return self.workspace.place(0, hidden.shape, weight).copy_(hidden)

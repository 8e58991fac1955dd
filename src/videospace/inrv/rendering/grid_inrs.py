"""INRs evaluated on a grid of points, block by block: the fast path of rendering."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.inrv.model.inr import InrConfig, Layer, activate_, separable_first_layer
from videospace.inrv.model.positional_encoding import AxisTables
from videospace.runtime.device import Precision


class Workspace:
    """Buffers that are reused from block to block; each grows to the largest block."""

    def __init__(self):
        self._buffers: dict[tuple[int, torch.dtype], Tensor] = {}

    def buffer(self, slot: int, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """An uninitialized tensor; the next call for the same slot and type overwrites it.

        Args:
            slot: Number of the buffer.
            shape: Of the tensor.
            like: Gives type and device.
        """
        count, buffer = math.prod(shape), self._buffers.get((slot, like.dtype))
        if buffer is None or buffer.numel() < count:
            buffer = self._buffers[slot, like.dtype] = like.new_empty(count)
        return buffer[:count].view(shape)


class GridInrs:
    """The INRs of some clips on a grid of points, which is evaluated block by block.

    The first layer is a sum over the axes (:func:`separable_first_layer`), and its sine follows
    from the sines of the rows and columns: sin(a + b) = sin a cos b + cos a sin b. The frequency
    of the sine is multiplied into the weights instead of every activation. With bfloat16 the
    coordinates and the first layer stay float32, because an error there would shift the picture.

    Args:
        tables: The encoded axes of the grid.
        layers: The INRs, one for each clip.
        config: The network.
        precision: Of the layers after the first.
        workspace: Buffers to share with other INRs that are not evaluated at the same time; None
            makes new ones.
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
        """Number of clips."""
        return len(self.times)

    @torch.no_grad()
    def colors(
        self, clips: slice, times: slice, rows: slice
    ) -> Float[Tensor, "clip time row width out"]:
        """Evaluate one block.

        Args:
            clips: Clips of the block.
            times: Frames of the block.
            rows: Rows of pixels of the block; they are evaluated at their whole width.

        Returns:
            RGB or what else the networks return, nominally in [-1, 1] but not clamped.
        """
        hidden = self._first_layer(clips, times, rows)
        size = hidden.shape[1:4]
        hidden = hidden.flatten(1, 3)
        for number, (weight, bias) in enumerate(self.middle, start=1):
            hidden = self._in_precision_of(weight, hidden)
            buffer = self.workspace.buffer(number % 2, hidden.shape, weight)
            torch.baddbmm(bias[clips, None], hidden, weight[clips].mT, out=buffer)
            hidden = activate_(buffer, self.config.activation)
        for weight, bias in self.last:  # with few outputs, products are faster with points last
            hidden = self._in_precision_of(weight, hidden)
            hidden = torch.baddbmm(bias[clips, :, None], weight[clips], hidden.mT).mT
        return hidden.float().unflatten(1, size)

    def _first_layer(
        self, clips: slice, times: slice, rows: slice
    ) -> Float[Tensor, "clip time row width unit"]:
        """The first layer, with its activation unless it is the only layer."""
        row = self.times[clips, times, None, None] + self.rows[clips, None, rows, None]
        columns = self.columns[clips]
        if not self.last:
            return row + columns
        buffer = self.workspace.buffer(0, (*row.shape[:3], *columns.shape[3:]), row)
        if self.config.activation != "sine":
            return activate_(torch.add(row, columns, out=buffer), self.config.activation)
        column_sine, column_cosine = (wave[clips] for wave in self.column_waves)
        torch.mul(row.sin(), column_cosine, out=buffer)
        return buffer.addcmul_(row.cos(), column_sine)

    def _in_precision_of(self, weight: Tensor, hidden: Tensor) -> Tensor:
        """Activations in the type of a layer's weights."""
        if hidden.dtype == weight.dtype:
            return hidden
        return self.workspace.buffer(0, hidden.shape, weight).copy_(hidden)

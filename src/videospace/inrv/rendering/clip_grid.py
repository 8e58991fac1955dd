"""Clips on a grid of points: their own INRs and those of their tracks, mixed block by block."""

import itertools

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.inrv.model.inr import Layer
from videospace.inrv.model.inrv_model import Inrs, ModelConfig
from videospace.inrv.model.positional_encoding import AxisTables
from videospace.inrv.model.tracks import track_weights, window
from videospace.inrv.rendering.grid_inrs import GridInrs, Workspace
from videospace.runtime.device import Precision

CROPPED_PIXELS = 1 << 14
"""From this size of a frame on, tracks are evaluated only where they are visible, one by one."""


class ClipGrid:
    """Some clips on a grid of points, evaluated block by block.

    Args:
        config: The architecture.
        tables: The encoded axes of the grid; with tracks, of a single time.
        inrs: The INRs of the clips.
        precision: Of the layers after the first.
        workspace: Buffers to share.
    """

    def __init__(
        self,
        config: ModelConfig,
        tables: AxisTables,
        inrs: Inrs,
        precision: Precision,
        workspace: Workspace,
    ):
        self.own = GridInrs(tables, inrs.layers, config.inr, precision, workspace)
        self.patches: list[TrackPatch] = []
        if inrs.tracks is None or inrs.centers is None:
            return
        num_clips, num_tracks, _ = inrs.centers.shape
        whole = slice(0, num_clips), slice(0, num_tracks)
        parts = [whole]
        if len(tables[1]) * len(tables[2]) >= CROPPED_PIXELS:
            singles = itertools.product(range(num_clips), range(num_tracks))
            parts = [(slice(c, c + 1), slice(t, t + 1)) for c, t in singles]
        for clips, tracks in parts:
            patch = TrackPatch(config, tables, inrs, clips, tracks, precision, workspace)
            if patch.is_visible:
                self.patches.append(patch)

    def __len__(self) -> int:
        """Number of clips."""
        return len(self.own)

    @torch.no_grad()
    def colors(
        self, clips: slice, times: slice, rows: slice
    ) -> Float[Tensor, "clip time row width rgb=3"]:
        """Evaluate one block, as :meth:`GridInrs.colors` does."""
        colors = self.own.colors(clips, times, rows)
        if not self.patches:
            return colors
        total = torch.ones_like(colors[..., :1])
        for patch in self.patches:
            patch.add(colors, total, clips, times, rows)
        return colors.div_(total)


class TrackPatch:
    """Some tracks of some clips, on the part of the grid where they are visible.

    Args:
        config: The architecture.
        tables: The encoded axes of the whole grid.
        inrs: The INRs of all clips.
        clips: The clips of the patch.
        tracks: Their tracks in the patch.
        precision: Of the layers after the first.
        workspace: Buffers to share.
    """

    def __init__(
        self,
        config: ModelConfig,
        tables: AxisTables,
        inrs: Inrs,
        clips: slice,
        tracks: slice,
        precision: Precision,
        workspace: Workspace,
    ):
        assert inrs.tracks is not None
        assert inrs.centers is not None
        time_table, *spatial = tables
        self.clips, self.num_tracks = clips, tracks.stop - tracks.start
        centers = inrs.centers[clips, tracks]
        radius = config.tracks.radius
        windows = [
            window(table[:, 0], centers[..., axis, None], radius)  # an encoding begins with itself
            for axis, table in enumerate(spatial)
        ]
        self.rows, self.columns = map(_visible, windows)
        self.is_visible = (
            self.rows.start < self.rows.stop and self.columns.start < self.columns.stop
        )
        if not self.is_visible:
            return
        self.row_windows, self.column_windows = (
            windows[0][..., self.rows],
            windows[1][..., self.columns],
        )
        shape = len(inrs.centers), -1
        layers = [
            Layer(*(part.unflatten(0, shape)[clips, tracks].flatten(0, 1) for part in layer))
            for layer in inrs.tracks
        ]
        cropped = time_table, spatial[0][self.rows], spatial[1][self.columns]
        inr = config.tracks.inr(config.inr)
        self.grid = GridInrs(cropped, layers, inr, precision, workspace)

    def add(
        self,
        colors: Float[Tensor, "clip time row width rgb=3"],
        total: Float[Tensor, "clip time row width 1"],
        clips: slice,
        times: slice,
        rows: slice,
    ) -> None:
        """Add the weighted colors and the weights of the tracks to a block, in place."""
        first, last = max(clips.start, self.clips.start), min(clips.stop, self.clips.stop)
        top, bottom = max(rows.start, self.rows.start), min(rows.stop, self.rows.stop)
        if first >= last or top >= bottom:
            return
        own = slice(first - self.clips.start, last - self.clips.start)
        inrs = slice(own.start * self.num_tracks, own.stop * self.num_tracks)
        inside = slice(top - self.rows.start, bottom - self.rows.start)
        values = self.grid.colors(inrs, times, inside).unflatten(0, (-1, self.num_tracks))
        rows_seen = self.row_windows[own, :, None, inside, None]
        weights = track_weights(values, rows_seen * self.column_windows[own, :, None, None])
        block = (
            slice(first - clips.start, last - clips.start),
            slice(None),
            slice(top - rows.start, bottom - rows.start),
            self.columns,
        )
        colors[block] += (weights[..., None] * values[..., :3]).sum(dim=1)
        total[block] += weights.sum(dim=1)[..., None]


def _visible(windows: Float[Tensor, "clip track num"]) -> slice:
    """The range of samples in which a window is open."""
    indices = windows.flatten(0, 1).amax(dim=0).nonzero()
    return slice(int(indices[0]), int(indices[-1]) + 1) if len(indices) else slice(0, 0)

"""Rendering: latents to videos of any size, in memory that does not grow with the size."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from videospace.inrv.model.inr import Layer
from videospace.inrv.model.inrv_model import Inrs, InrvModel
from videospace.inrv.model.positional_encoding import AxisTables
from videospace.inrv.rendering.clip_grid import ClipGrid
from videospace.inrv.rendering.grid_inrs import Workspace
from videospace.runtime.device import Precision
from videospace.runtime.errors import UserError

CHUNK_POINTS = {"cpu": 1 << 14, "cuda": 1 << 20}
"""Points evaluated at once, by type of device. On a CPU this many activations stay in the cache
between layers; a GPU is fastest with large blocks."""

MAX_INR_CLIPS = 256
"""Clips whose INRs are in memory at once."""


def check_size(size: tuple[int, int, int]) -> None:
    """Require at least one frame of one pixel.

    Args:
        size: Frames, height and width in px.

    Raises:
        UserError: One of them is below 1.
    """
    if min(size) < 1:
        raise UserError(
            "expected at least 1 frame of 1x1 px to render, "
            f"got {size[0]} frames of {size[1]}x{size[2]} px"
        )


@torch.no_grad()
def render_frames(
    model: InrvModel,
    latents: Float[Tensor, "clip latent"],
    size: tuple[int, int, int],
    *,
    weight_offsets: list[Layer] | None = None,
    precision: Precision = "float32",
    chunk_points: int | None = None,
) -> Iterator[UInt8[np.ndarray, "clip height width 3"]]:
    """Render all clips frame by frame.

    Args:
        model: Maps latents to INRs.
        latents: One for each clip.
        size: Frames, height and width in px; it need not be that of the training clips.
        weight_offsets: Added to the weights and biases that the latents predict, at all times; None
            adds nothing.
        precision: Of all layers but the first.
        chunk_points: Points evaluated at once; None chooses by the device. Memory grows with this
            and with the size of a frame, but not with the number of frames.

    Yields:
        The frames of all clips at the next time, RGB.

    Raises:
        UserError: The size has no pixels.

    Example:
        >>> from videospace.inrv.model.inrv_model import ModelConfig
        >>> frames = render_frames(InrvModel(ModelConfig()), torch.randn(2, 128), (5, 6, 8))
        >>> [frame.shape for frame in frames][:2]
        [(2, 6, 8, 3), (2, 6, 8, 3)]
    """
    check_size(size)
    parts = latents.split(MAX_INR_CLIPS)
    offsets: Sequence[list[Layer] | None] = (
        [None] * len(parts) if weight_offsets is None else _split(weight_offsets)
    )
    groups = list(zip(parts, offsets, strict=True))
    tables, workspace = model.axis_tables(size, latents.device), Workspace()
    if not model.config.latent.varies_in_time:
        inrs = (model.inrs(group).with_weight_offsets(offset) for group, offset in groups)
        yield from _render_groups(model, inrs, tables, precision, chunk_points, workspace)
        return
    encoded_times, rows, columns = tables
    times = model.frame_times(size[0], latents.device)
    for time, encoded in zip(times, encoded_times, strict=True):
        inrs = (
            model.inrs(group, time.expand(len(group))).with_weight_offsets(offset)
            for group, offset in groups
        )
        tables = encoded[None], rows, columns
        yield from _render_groups(model, inrs, tables, precision, chunk_points, workspace)


@torch.no_grad()
def render_frames_of_layers(
    model: InrvModel,
    layers: list[Layer],
    size: tuple[int, int, int],
    *,
    chunk_points: int | None = None,
) -> Iterator[UInt8[np.ndarray, "clip height width 3"]]:
    """Render INRs frame by frame, as :func:`render_frames` does those of latents.

    Args:
        model: Gives the INR's architecture and the coordinates; its weights are not used.
        layers: The INRs, one for each clip.
        size: Frames, height and width in px.
        chunk_points: Points evaluated at once; None chooses by the device.

    Yields:
        The frames of all clips at the next time, RGB.

    Raises:
        UserError: The size has no pixels.
    """
    check_size(size)
    tables = model.axis_tables(size, layers[0].weight.device)
    yield from _render_groups(model, [Inrs(layers)], tables, "float32", chunk_points, Workspace())


def _split(layers: list[Layer]) -> list[list[Layer]]:
    """Split the INRs of a batch into groups of at most ``MAX_INR_CLIPS`` clips."""
    parts = [zip(*(part.split(MAX_INR_CLIPS) for part in layer), strict=True) for layer in layers]
    return [[Layer(*layer) for layer in group] for group in zip(*parts, strict=True)]


def _render_groups(
    model: InrvModel,
    groups: Iterable[Inrs],
    tables: AxisTables,
    precision: Precision,
    chunk_points: int | None,
    workspace: Workspace,
) -> Iterator[UInt8[np.ndarray, "clip height width 3"]]:
    """Render the frames of all groups of INRs, concatenated along the clip axis."""
    num_frames, height, width = map(len, tables)
    device = tables[0].device
    chunk_points = chunk_points or CHUNK_POINTS[device.type]
    inrs = [ClipGrid(model.config, tables, each, precision, workspace) for each in groups]
    num_clips = sum(map(len, inrs))
    frames_at_once = max(1, chunk_points // max(1, num_clips * height * width))
    for start in range(0, num_frames, frames_at_once):
        times = slice(start, min(start + frames_at_once, num_frames))
        shape = (num_clips, times.stop - start, height, width, 3)
        block = torch.empty(shape, dtype=torch.uint8, device=device)
        for part, some in zip(inrs, block.split([len(part) for part in inrs]), strict=True):
            _render_block(part, times, chunk_points, some)
        yield from block.cpu().numpy().swapaxes(0, 1)


def _render_block(
    inrs: ClipGrid,
    times: slice,
    chunk_points: int,
    block: UInt8[Tensor, "clip time height width 3"],
) -> None:
    """Render some frames of all clips into ``block``, a chunk of clips and rows at a time."""
    num_clips, num_times, height, width, _ = block.shape
    rows_at_once = max(1, min(height, chunk_points // (num_times * width)))
    clips_at_once = max(1, chunk_points // (num_times * rows_at_once * width))
    for clip in range(0, num_clips, clips_at_once):
        clips = slice(clip, clip + clips_at_once)
        for top in range(0, height, rows_at_once):
            rows = slice(top, top + rows_at_once)
            block[clips, :, rows] = to_uint8(inrs.colors(clips, times, rows))


def to_uint8(colors: Float[Tensor, "*shape"]) -> UInt8[Tensor, "*shape"]:
    """Convert colors in [-1, 1] to bytes, rounded and clamped.

    Example:
        >>> to_uint8(torch.tensor([-1.2, -1.0, 0.0, 1.0])).tolist()
        [0, 0, 128, 255]
    """
    return colors.add(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)


def render(
    model: InrvModel, latents: Float[Tensor, "clip latent"], size: tuple[int, int, int]
) -> UInt8[np.ndarray, "clip time height width 3"]:
    """Render clips into one array; :func:`render_frames` needs less memory.

    Args:
        model: Maps latents to INRs.
        latents: One for each clip.
        size: Frames, height and width in px.

    Raises:
        UserError: The size has no pixels.
    """
    check_size(size)
    videos = np.empty((len(latents), *size, 3), np.uint8)
    for start in range(0, len(latents), MAX_INR_CLIPS):
        group = slice(start, start + MAX_INR_CLIPS)
        for time, frames in enumerate(render_frames(model, latents[group], size)):
            videos[group, time] = frames
    return videos


@torch.no_grad()
def render_points(
    model: InrvModel, latents: Float[Tensor, "clip latent"], size: tuple[int, int, int]
) -> Float[Tensor, "clip time height width rgb=3"]:
    """The plain reference for :func:`render`: evaluates all points at once.

    Args:
        model: Maps latents to INRs.
        latents: One for each clip.
        size: Frames, height and width in px.

    Returns:
        Colors, nominally in [-1, 1], neither rounded nor clamped.
    """
    num_frames, height, width = size
    axes = model.axis_tables(size, latents.device)
    features = torch.cat(
        [
            table.view(*(-1 if axis == index else 1 for axis in range(3)), table.shape[1]).expand(
                num_frames, height, width, -1
            )
            for index, table in enumerate(axes)
        ],
        dim=3,
    )
    if not model.config.latent.varies_in_time:
        colors = model.colors(features.flatten(0, 2)[None], model.inrs(latents))
        return colors.view(-1, num_frames, height, width, 3)
    times = model.frame_times(num_frames, latents.device)
    frames = [
        model.colors(frame.flatten(0, 1)[None], model.inrs(latents, time.expand(len(latents))))
        for frame, time in zip(features, times, strict=True)
    ]
    return torch.stack(frames, dim=1).unflatten(2, (height, width))

"""Principal component analysis of whole clips."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

from videospace.inrv.model.coordinates import axis_coordinates
from videospace.inrv.model.latents import keyframe_weights
from videospace.runtime.errors import UserError
from videospace.runtime.pca import principal_components

ClipReader = Callable[[list[int]], np.ndarray]
"""Reads clips by row, uint8 (clip, time, height, width, 3), as ``ClipStore.frames`` does."""

ClipPart = Literal["all", "constant", "changes"]
"""What of a clip is analyzed: all of it, its mean picture, or what differs from that."""

BLOCK_BYTES = 64 * 2**20
"""Memory for the clips that are read at once, as float32."""
REDUCED_BYTES = 256 * 2**20
"""Memory for all box-filtered clips."""


def clip_components(
    read_clips: ClipReader,
    rows: Sequence[int],
    num_components: int,
    *,
    num_keyframes: int = 1,
    part: ClipPart = "all",
    max_side: int = 32,
    seed: int = 0,
) -> tuple[Float[Tensor, "sample component"], Float[Tensor, " component"]]:
    """Compute the principal components of clips.

    Clips are read in blocks and box-filtered to at most ``max_side`` px a side, or fewer where all
    clips would take more than 256 MiB. Pixels are in [-1, 1] and are divided by the square root of
    their number, so that the squared scores of a clip add up to its mean squared deviation from the
    mean clip, whatever its size.

    Args:
        read_clips: Reads clips by row, uint8 (clip, time, height, width, 3).
        rows: The clips to analyze.
        num_components: Number of components. There are at most as many as clips, less one; the
            columns of further ones are zero.
        num_keyframes: With more than 1, each clip is first replaced by so many keyframes, which fit
            its frames best (least squares) under linear interpolation. Each keyframe is then a
            sample.
        part: ``constant``: the mean picture of each clip is a sample. ``changes``: the mean picture
            is subtracted first.
        max_side: Largest height and width to which clips are reduced, in px.
        seed: Of the random projection that replaces the exact decomposition for more than a
            thousand clips.

    Returns:
        The scores, a row for each clip or for each keyframe of each clip. Columns are centered,
        ordered by falling variance, not whitened, and their largest entry is positive. And the
        singular values, which are the norms of the columns.

    Raises:
        UserError: No clip is given.

    Example:
        >>> clips = np.random.default_rng(0).integers(0, 256, (6, 4, 8, 8, 3), dtype=np.uint8)
        >>> scores, singular_values = clip_components(lambda rows: clips[rows], range(6), 3)
        >>> scores.shape, bool(torch.allclose(scores.norm(dim=0), singular_values))
        (torch.Size([6, 3]), True)
    """
    if len(rows) == 0:
        raise UserError("expected at least one clip to analyze, got none")
    samples = _reduced_clips(read_clips, list(rows), max_side, num_keyframes)
    if part == "constant":
        samples = samples.mean(dim=1, keepdim=True)
    elif part == "changes":
        samples -= samples.mean(dim=1, keepdim=True)
    samples = samples.flatten(1) if num_keyframes == 1 else samples.flatten(0, 1)
    samples -= samples.mean(dim=0, dtype=torch.float64)
    samples /= samples.shape[1] ** 0.5
    found = principal_components(samples, num_components, seed=seed)
    padding = (0, num_components - found.scores.shape[1])
    return functional.pad(found.scores, padding), functional.pad(found.singular_values, padding)


def box_filtered(
    frames: UInt8[Tensor, "frame height width 3"], size: tuple[int, int]
) -> Float[Tensor, "frame feature"]:
    """Reduce frames by averaging over boxes, and flatten them.

    Args:
        frames: RGB frames.
        size: Height and width of the result in px.

    Returns:
        A row of 3 × height × width numbers in [-1, 1] for each frame.
    """
    # Matrix products are three times as fast as pooling in PyTorch 2.13.
    row_boxes = functional.adaptive_avg_pool1d(torch.eye(frames.shape[1]), size[0]).T
    column_boxes = functional.adaptive_avg_pool1d(torch.eye(frames.shape[2]), size[1])
    column_boxes = torch.kron(column_boxes, torch.eye(3))  # for each color separately
    reduced = row_boxes @ frames.float().flatten(2) @ column_boxes
    return reduced.flatten(1) / 127.5 - 1


def _reduced_clips(
    read_clips: ClipReader, rows: list[int], max_side: int, num_keyframes: int
) -> Float[Tensor, "clip picture feature"]:
    """The box-filtered frames of clips, or their keyframes."""
    first = read_clips(rows[:1])
    _, time, height, width, _ = first.shape
    size = min(height, max_side), min(width, max_side)
    num_pictures = time if num_keyframes == 1 else num_keyframes
    full_bytes = len(rows) * num_pictures * size[0] * size[1] * 3 * 4
    if full_bytes > REDUCED_BYTES:
        shrink = (REDUCED_BYTES / full_bytes) ** 0.5
        size = max(1, int(size[0] * shrink)), max(1, int(size[1] * shrink))
    weights = keyframe_weights(axis_coordinates(time, "ends"), num_keyframes)
    blend = torch.eye(time) if num_keyframes == 1 else torch.linalg.pinv(weights)
    samples = torch.empty(len(rows), num_pictures, size[0] * size[1] * 3)
    clips_per_block = max(1, BLOCK_BYTES // (4 * first.size))
    for start in range(0, len(rows), clips_per_block):
        block = torch.from_numpy(read_clips(rows[start : start + clips_per_block]))
        frames = rearrange(block, "clip time height width rgb -> (clip time) height width rgb")
        reduced = box_filtered(frames, size)
        frames = rearrange(reduced, "(clip time) feature -> clip time feature", time=time)
        samples[start : start + len(block)] = blend @ frames
    return samples

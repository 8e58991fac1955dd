"""Principal components of whole clips: initial codes, and a semantic embedding without weights."""

from collections.abc import Callable, Sequence

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
"""Reads clips by row: uint8 (clip, time, height, width, 3), such as `ClipStore.frames`."""

BLOCK_BYTES = 64 * 2**20
REDUCED_BYTES = 256 * 2**20


def clip_components(
    read_clips: ClipReader,
    rows: Sequence[int],
    num_components: int,
    *,
    num_keyframes: int = 1,
    max_side: int = 32,
    seed: int = 0,
) -> tuple[Float[Tensor, "sample component"], Float[Tensor, " component"]]:
    """Describe each clip by its coordinates along the directions in which the clips vary most.

    Clips are read in blocks and box-filtered, to at most `max_side` pixels a side and further
    where many clips would otherwise take more than 256 MiB. Pixels count in [-1, 1] and are
    divided by the square root of their number: the squares of all scores of a clip add up to its
    mean squared deviation from the mean clip, whatever the size of the clips.

    Args:
        read_clips: Reads clips by row, uint8 (clip, time, height, width, 3).
        rows: The clips to describe.
        num_components: Number of coordinates; beyond the number of directions there are
            (at most one fewer than clips) the columns are zero.
        num_keyframes: With more than 1, each keyframe of a clip is described by itself: the clip is
            first replaced by its keyframes, which are the least-squares fit to its frames under
            linear interpolation.
        max_side: The finest size at which clips are compared, in pixels.
        seed: Seed of the random projection that stands in for an exact decomposition of more
            than a thousand clips.

    Returns:
        The scores, a row for each clip or each keyframe of each clip: centered, by falling variance
        and not whitened, with the largest entry of each column positive. And the singular values,
        which are the norms of these columns.

    Raises:
        UserError: Where no clip is given.

    Example:
        >>> clips = np.random.default_rng(0).integers(0, 256, (6, 4, 8, 8, 3), dtype=np.uint8)
        >>> scores, singular_values = clip_components(lambda rows: clips[rows], range(6), 3)
        >>> scores.shape, bool(torch.allclose(scores.norm(dim=0), singular_values))
        (torch.Size([6, 3]), True)
    """
    if len(rows) == 0:
        raise UserError("expected at least one clip to describe, got none: the list is empty")
    samples = _reduced_clips(read_clips, list(rows), max_side, num_keyframes)
    samples -= samples.mean(dim=0, dtype=torch.float64)
    samples /= samples.shape[1] ** 0.5
    found = principal_components(samples, num_components, seed=seed)
    padding = (0, num_components - found.scores.shape[1])
    return functional.pad(found.scores, padding), functional.pad(found.singular_values, padding)


def box_filtered(
    frames: UInt8[Tensor, "frame height width 3"], size: tuple[int, int]
) -> Float[Tensor, "frame feature"]:
    """Average frames over boxes and flatten them.

    Args:
        frames: RGB frames.
        size: Height and width in pixels to reduce them to.

    Returns:
        One row of 3 × height × width values in [-1, 1] a frame.
    """
    # Matrix products: pooling takes three times as long in PyTorch 2.13.
    row_boxes = functional.adaptive_avg_pool1d(torch.eye(frames.shape[1]), size[0]).T
    column_boxes = functional.adaptive_avg_pool1d(torch.eye(frames.shape[2]), size[1])
    column_boxes = torch.kron(column_boxes, torch.eye(3))  # each color by itself
    reduced = row_boxes @ frames.float().flatten(2) @ column_boxes
    return reduced.flatten(1) / 127.5 - 1


def _reduced_clips(
    read_clips: ClipReader, rows: list[int], max_side: int, num_keyframes: int
) -> Float[Tensor, "sample feature"]:
    first = read_clips(rows[:1])
    _, time, height, width, _ = first.shape
    size = min(height, max_side), min(width, max_side)
    parts = time if num_keyframes == 1 else num_keyframes
    full_bytes = len(rows) * parts * size[0] * size[1] * 3 * 4
    if full_bytes > REDUCED_BYTES:
        shrink = (REDUCED_BYTES / full_bytes) ** 0.5
        size = max(1, int(size[0] * shrink)), max(1, int(size[1] * shrink))
    weights = keyframe_weights(axis_coordinates(time, "ends"), num_keyframes)
    blend = torch.eye(time) if num_keyframes == 1 else torch.linalg.pinv(weights)
    samples = torch.empty(len(rows), parts, size[0] * size[1] * 3)
    clips_per_block = max(1, BLOCK_BYTES // (4 * first.size))
    for start in range(0, len(rows), clips_per_block):
        block = torch.from_numpy(read_clips(rows[start : start + clips_per_block]))
        frames = rearrange(block, "clip time height width rgb -> (clip time) height width rgb")
        reduced = box_filtered(frames, size)
        frames = rearrange(reduced, "(clip time) feature -> clip time feature", time=time)
        samples[start : start + len(block)] = blend @ frames
    return samples.flatten(1) if num_keyframes == 1 else samples.flatten(0, 1)

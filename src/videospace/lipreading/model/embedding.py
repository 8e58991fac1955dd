"""Pooling of the embeddings of frames to one embedding of the clip."""

import dataclasses
from typing import Annotated

import torch
from jaxtyping import Float, Int
from msgspec import Meta
from torch import Tensor

from videospace.lipreading.model.encoders.encoder import pooled
from videospace.runtime.reading.bounds import LayerWidth, Positive, check_bounds


@dataclasses.dataclass(frozen=True, kw_only=True)
class EmbeddingConfig:
    """How frame embeddings are pooled, and how clip embeddings are compared."""

    segments: Annotated[int, Meta(ge=1, le=256)] = 1
    """Number of equal parts of a clip whose means are concatenated. With 1, the embedding is the
    mean over the clip; with more, it keeps the order of the movements."""
    width: LayerWidth | None = None
    """Outputs of a linear layer after pooling; None for no such layer."""
    temperature: Positive = 0.1
    """Divisor of cosines before a softmax."""

    __post_init__ = check_bounds


def segment_means(
    frames: Float[Tensor, "clip time width"], lengths: Int[Tensor, " clip"], segments: int
) -> Float[Tensor, "clip segments_width"]:
    """Concatenate the means over equal parts of each clip; a frame on a border counts in both.

    Args:
        frames: Embeddings of the frames, zero in the padding.
        lengths: Frames of each clip.
        segments: Number of parts.

    Example:
        >>> clip = torch.tensor([[[0.0], [2.0], [4.0], [6.0], [0.0]]])
        >>> segment_means(clip, torch.tensor([4]), 2).tolist()
        [[1.0, 5.0]]
    """
    if segments == 1:
        return pooled(frames, lengths)
    first = torch.arange(frames.shape[1], device=frames.device)
    size = (lengths / segments)[:, None, None]
    begin = torch.arange(segments, device=frames.device)[:, None] * size
    overlap = torch.minimum(first + 1, begin + size) - torch.maximum(first, begin)
    fraction = overlap.clamp(min=0) / size
    return torch.einsum("cst,ctw->csw", fraction, frames).flatten(1)

"""Features of mouth clips for template matching: pictures, and the movement of lips and chin."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from scipy.fft import dct
from torch import Tensor

from videospace.lipreading.data.batches import InputConfig, model_frames
from videospace.lipreading.mouth.mouth_clip import MODEL_FPS, MOUTH_SIZE, MouthClip
from videospace.lipreading.recognition.projection import lip_projection

CROP_SIZE = 32
"""Height and width in px of the image that is transformed."""
NUM_SIDE, NUM_SIDE_DETAILED = 8, 12
"""Frequencies along either axis; without the mean brightness these are 8 × 8 - 1 = 63, and 143."""
LEAST_DEVIATION, LEAST_DEVIATION_OF_LOGARITHMS = 0.05, 0.2
"""Added to a coefficient's deviation over a clip, so that noise is not amplified."""
DARKEST = 0.1
"""Added to gray levels in [0, 1] before the logarithm, so that noise in the dark is small."""
WEIGHT_OF_MOVEMENT = 2.0
"""Weight of the change of landmarks beside their position."""

Sequences = list[Float[Tensor, "_ _"]]


def cosine_features(clips: Sequence[MouthClip]) -> Sequences:
    """Compute the 63 lowest cosine coefficients of every frame, and their change over time.

    These are the features of the strategy ``dtw``, the baseline of all others.

    Args:
        clips: Clips at any frame rate; they are resampled to 25 frames per second.

    Returns:
        For each clip, float32 (time, 126).

    Example:
        >>> cosine_features([MouthClip(frames=np.zeros((10, 88, 88), np.uint8), fps=25.0)])[0].shape
        torch.Size([10, 126])
    """
    return [_with_changes(_coefficients(clip, _COSINES)) for clip in clips]


def normalized_cosine_features(clips: Sequence[MouthClip]) -> Sequences:
    """Compute :func:`cosine_features` with every coefficient standardized over its clip.

    This removes the face and the light, and gives fine detail the same weight as the opening of the
    mouth. Together with ``center`` it is far better than the plain features.
    """
    sequences = []
    for clip in clips:
        coefficients = _coefficients(clip, _COSINES)
        deviation = coefficients.std(0, correction=0) + LEAST_DEVIATION
        sequences.append(_with_changes((coefficients - coefficients.mean(0)) / deviation))
    return sequences


def detailed_cosine_features(clips: Sequence[MouthClip]) -> Sequences:
    """Compute 143 cosine coefficients of every frame's logarithm, and their first two changes.

    The logarithm turns light and shade into an offset, which the standardization over the clip
    removes. They have more detail than :func:`normalized_cosine_features`, and the second change.

    Args:
        clips: Clips at any frame rate; they are resampled to 25 frames per second.

    Returns:
        For each clip, float32 (time, 429).
    """
    sequences = []
    for clip in clips:
        coefficients = _coefficients(clip, _DETAILED_COSINES, logarithm=True)
        deviation = coefficients.std(0, correction=0) + LEAST_DEVIATION_OF_LOGARITHMS
        position = (coefficients - coefficients.mean(0)) / deviation
        change = _change(position)
        sequences.append(torch.cat([position, change, _change(change)], 1))
    return sequences


def projected_features(clips: Sequence[MouthClip]) -> Sequences:
    """Project :func:`detailed_cosine_features` so that clips of the same word are near each other.

    Args:
        clips: Clips at any frame rate; they are resampled to 25 frames per second.

    Returns:
        For each clip, float32 (time, 80).
    """
    return [sequence @ lip_projection() for sequence in detailed_cosine_features(clips)]


def landmark_features(clips: Sequence[MouthClip]) -> Sequences:
    """Compute how lips and chin stand, relative to their mean over the clip, and how they move.

    Args:
        clips: Clips at any frame rate; they are resampled to 25 frames per second.

    Returns:
        For each clip, float32 (time, 4 × points); no features for a clip without landmarks.
    """
    sequences = []
    for clip in clips:
        clip.require_one_word()
        resampled = clip.at_fps(MODEL_FPS)
        points = resampled.landmarks
        if points is None:
            points = np.zeros((len(resampled.frames), 0, 2), np.float32)
        position = torch.from_numpy(points).flatten(1)
        position = position - position.mean(0)
        sequences.append(torch.cat([position, WEIGHT_OF_MOVEMENT * _change(position)], 1))
    return sequences


def _coefficients(
    clip: MouthClip, basis: Float[Tensor, "frequency size"], *, logarithm: bool = False
) -> Float[Tensor, "time both_frequencies"]:
    frames = model_frames(clip, InputConfig()).float() / 255
    if logarithm:
        frames = (frames + DARKEST).log()
    return torch.einsum("thw,ih,jw->tij", frames, basis, basis).flatten(1)[:, 1:]


def _with_changes(sequence: Float[Tensor, "time feature"]) -> Float[Tensor, "time both"]:
    return torch.cat([sequence, _change(sequence)], 1)


def _change(sequence: Float[Tensor, "time feature"]) -> Float[Tensor, "time feature"]:
    if len(sequence) == 1:
        return torch.zeros_like(sequence)
    return torch.gradient(sequence, dim=0)[0]


def _cosine_basis(num_side: int) -> Float[Tensor, "frequency size"]:
    """Box filter 88 → 32 px and orthonormal cosine transform (type II) in one matrix."""
    size = MOUTH_SIZE
    edges = np.arange(CROP_SIZE + 1) * size / CROP_SIZE
    covered = np.minimum(edges[1:, None], np.arange(1, size + 1)) - np.maximum(
        edges[:-1, None], np.arange(size)
    )
    box = covered.clip(0) * CROP_SIZE / size
    cosines = np.asarray(dct(np.eye(CROP_SIZE), norm="ortho", axis=0))[:num_side]
    return torch.from_numpy(cosines @ box).float()


_COSINES = _cosine_basis(NUM_SIDE)
_DETAILED_COSINES = _cosine_basis(NUM_SIDE_DETAILED)

"""A linear space of clips: the mean clip and its principal components."""

import dataclasses

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor

from videospace.baselines.pixels import (
    Size,
    as_pixels,
    box_means,
    pixel_weights,
    require_clip_size,
    require_clips,
)
from videospace.inrv.inversion.contexts import Context
from videospace.runtime.errors import UserError
from videospace.runtime.pca import principal_components
from videospace.runtime.random import random_stream

MOST_VALUES = 2**28
"""Sets with more values (1 GiB) are thinned to every second, third or further clip."""
NOISE_VALUES = 2**14
ROUNDING_VARIANCE = 1 / 12
CORRELATED_FRACTION = 1 / 40
"""Fraction of a frame that counts as one independent observation, since errors are correlated.

Departs: with white noise, a few observed frames outweigh the prior, which is 0.2 to 1 dB worse on
whole clips of faces, inpainted, predicted or interpolated (on held-out training recordings).
"""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class LinearSpace:
    """Principal components of whole clips, in gray levels of [0, 255].

    Source:
        Tipping and Bishop (1999), "Probabilistic principal component analysis": a Gaussian over
        clips with these variances along the components and white noise around them.
    """

    mean: Float32[np.ndarray, "time height width 3"]
    """The mean clip."""
    components: Float32[np.ndarray, "time height width 3 component"]
    """Orthonormal components, by decreasing variance."""
    variances: Float32[np.ndarray, " component"]
    """Variance of the training clips along each component."""
    noise_variance: float
    """Mean squared residual of a new clip, per value."""

    @classmethod
    def fit(
        cls,
        clips: UInt8[np.ndarray, "clip time height width 3"],
        num_components: int,
        *,
        seed: int = 0,
    ) -> "LinearSpace":
        """Compute the principal components of training clips.

        Args:
            clips: At least one.
            num_components: Most components to keep; there are always fewer than clips.
            seed: Seed of the random values from which the noise is estimated, and of the random
                projection that replaces an exact decomposition for more than a thousand clips.

        Raises:
            UserError: There is no clip, or ``num_components`` is below 1.

        Example:
            >>> from videospace.inrv.inversion.tasks import prediction
            >>> clips = np.arange(0, 200, 20, dtype=np.uint8).repeat(48).reshape(10, 4, 2, 2, 3)
            >>> linear = LinearSpace.fit(clips, 3)
            >>> int(linear.complete(prediction(clips[3] + 15), (2, 2)).max())
            75
        """
        require_clips(clips)
        if num_components < 1:
            raise UserError(f"expected at least 1 component, got {num_components}")
        clips = clips[:: -(-clips.size // MOST_VALUES)]
        mean = clips.mean(axis=0)
        centered = clips.reshape(len(clips), -1).astype(np.float32)
        centered -= mean.ravel()
        samples = torch.from_numpy(centered)
        found = principal_components(samples, num_components, seed=seed)
        return cls(
            mean=mean.astype(np.float32),
            components=found.components.numpy().reshape(*mean.shape, len(found.singular_values)),
            variances=found.singular_values.square().numpy() / len(clips),
            noise_variance=_noise_variance(samples, num_components, seed),
        )

    def complete(
        self, context: Context, size: Size
    ) -> UInt8[np.ndarray, "time clip_height clip_width 3"]:
        """Compute the most probable clip of this space, given the observed pixels.

        If all pixels are observed with equal weight, this is the projection onto the space.

        Args:
            context: A context with the number of frames of the training clips. If it is coarser,
                the space is box-filtered.
            size: Height and width to return in px, which must be those of the training clips.

        Raises:
            UserError: The sizes do not match.
        """
        require_clip_size(self.mean.shape, context, size)
        weight = pixel_weights(context)
        deviation = context.video - box_means(self.mean, weight.shape[1:])
        if weight.shape[1:] == size and weight.min() == weight.max():
            coordinates = np.tensordot(deviation, self.components, 4)
        else:
            coordinates = self._most_probable(deviation, weight)
        return as_pixels(self.mean + np.tensordot(self.components, coordinates, 1))

    def _most_probable(
        self,
        deviation: Float32[np.ndarray, "time height width 3"],
        weight: Float32[np.ndarray, "time height width"],
    ) -> Float32[np.ndarray, " component"]:
        """Solve (Cᵀ M C + λ S⁻¹) z = Cᵀ M (x - mean), adding up the sums frame by frame."""
        noise_variance = self.noise_variance * max(1, CORRELATED_FRACTION * weight[0].size)
        precision = np.diag(noise_variance / self.variances.astype(np.float64))
        projection = np.zeros(len(self.variances))
        for time in np.flatnonzero(weight.any(axis=(1, 2))):
            observed = weight[time] > 0
            frame = box_means(self.components[time : time + 1], weight.shape[1:])[0]
            root = np.sqrt(weight[time][observed])[:, None]
            directions = (frame[observed] * root[..., None]).reshape(3 * len(root), -1)
            precision += directions.T @ directions
            projection += directions.T @ (deviation[time][observed] * root).ravel()
        return np.linalg.solve(precision, projection).astype(np.float32)


def _noise_variance(centered: Float[Tensor, "clip value"], num_components: int, seed: int) -> float:
    """Estimate the noise variance as the residual of held-out clips, on random values.

    The components of the first nine tenths of the clips are applied to the last tenth. The residual
    of the training clips themselves would be too small: it is 0 with as many components as clips.
    """
    num_held = max(1, len(centered) // 10)
    chosen = torch.randperm(centered.shape[1], generator=random_stream(seed, "noise values"))
    values = centered[:, chosen[:NOISE_VALUES]]
    fitted, held_out = values[:-num_held], values[-num_held:]
    if not len(fitted):
        return ROUNDING_VARIANCE
    mean = fitted.mean(dim=0)
    components = principal_components(fitted - mean, num_components, seed=seed).components
    deviation = held_out - mean
    residual = deviation - deviation @ components @ components.T
    return max(ROUNDING_VARIANCE, float(residual.square().mean()))

"""Baselines of reconstruction: still pictures, and principal components of whole clips."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.rendering.renderer import to_uint8
from videospace.metrics.fidelity import Fidelity, fidelity
from videospace.runtime.pca import principal_components

CLIPS_AT_ONCE = 16

Reconstruct = Callable[[list[int]], np.ndarray]
"""Takes numbers of training clips, and returns reconstructions of these clips as uint8."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LinearSpace:
    """A mean clip plus linear combinations of principal components."""

    mean: Float[Tensor, " value"]
    """The mean clip, in [-1, 1]."""
    components: Float[Tensor, "value latent"]
    """Orthonormal directions."""
    latents: Float[Tensor, "clip latent"]
    """The coordinates of the training clips."""
    clip_shape: tuple[int, int, int, int]
    """Number of frames, height, width and 3."""

    def render(
        self, latents: Float[Tensor, "clip latent"]
    ) -> UInt8[np.ndarray, "clip time height width 3"]:
        """Render the clips of some coordinates."""
        values = to_uint8(self.mean + latents @ self.components.T)
        return values.view(-1, *self.clip_shape).numpy()


def linear_space(clips: UInt8[np.ndarray, "clip time height width 3"], width: int) -> LinearSpace:
    """Fit a linear space to clips by principal components.

    Args:
        clips: The training clips.
        width: Number of coordinates; fewer where the clips do not vary in as many directions.
    """
    values = torch.from_numpy(clips).flatten(1).float().div_(127.5).sub_(1)
    mean = values.mean(dim=0)
    found = principal_components(values.sub_(mean), width)
    return LinearSpace(
        mean=mean, components=found.components, latents=found.scores, clip_shape=clips.shape[1:]
    )


def still_baselines(clips: UInt8[np.ndarray, "clip time height width 3"]) -> dict[str, Reconstruct]:
    """The mean clip, the mean frame of all clips, and each clip's own mean frame."""
    totals = np.zeros(clips.shape[1:])
    for clip in clips:
        totals += clip
    mean_clip = _rounded(totals / len(clips))
    mean_frame = np.broadcast_to(_rounded(totals.mean(axis=0) / len(clips)), clips.shape[1:])
    return {
        "mean_clip": lambda numbers: _repeated(mean_clip, numbers),
        "mean_frame": lambda numbers: _repeated(mean_frame, numbers),
        "own_mean_frame": lambda numbers: np.stack(
            [np.broadcast_to(_rounded(clips[n].mean(axis=0)), clips.shape[1:]) for n in numbers]
        ),
    }


def constant(clips: UInt8[np.ndarray, "clip time height width 3"], level: int) -> Reconstruct:
    """Show one gray level everywhere, whatever the clip."""
    return lambda numbers: np.full((len(numbers), *clips.shape[1:]), level, np.uint8)


def score(
    clips: UInt8[np.ndarray, "clip time height width 3"], reconstruct: Reconstruct
) -> dict[str, Any]:
    """Mean scores of reconstructions, a few clips at a time."""
    parts = []
    for start in range(0, len(clips), CLIPS_AT_ONCE):
        numbers = list(range(start, min(start + CLIPS_AT_ONCE, len(clips))))
        found = np.ascontiguousarray(reconstruct(numbers))
        parts.append(fidelity(torch.from_numpy(found), torch.from_numpy(clips[numbers])))
    fields = [field.name for field in dataclasses.fields(Fidelity)]
    joined = {name: torch.cat([getattr(part, name) for part in parts]) for name in fields}
    means = Fidelity(**joined).means()
    return {name: means[name] for name in ("psnr_db", "psnr_moving_db", "ssim")}


def score_linear(
    clips: UInt8[np.ndarray, "clip time height width 3"], space: LinearSpace
) -> dict[str, Any]:
    """Mean scores of a linear space, and how many numbers it stores."""
    scores = score(clips, lambda numbers: space.render(space.latents[numbers]))
    num_kept = space.mean.numel() + space.components.numel()
    return {**scores, "num_parameters": num_kept, "num_latent_values": space.latents.numel()}


def training_clips(store: ClipStore) -> UInt8[np.ndarray, "clip time height width 3"]:
    """The clips that a space of this store trains on."""
    return store.frames(store.rows("train"))


def _rounded(levels: np.ndarray) -> np.ndarray:
    return np.rint(levels).astype(np.uint8)


def _repeated(clip: np.ndarray, numbers: Sequence[int]) -> np.ndarray:
    return np.broadcast_to(clip, (len(numbers), *clip.shape))

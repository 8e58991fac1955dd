"""Frozen encoders of single frames, and the one that needs no weights."""

import abc
import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from videospace.inrv.semantic.clip_pca import ClipReader, box_filtered
from videospace.runtime.pca import principal_components


class FrameEncoder(abc.ABC):
    """Turns frames into feature vectors, and never learns."""

    name: str
    """Names the cache of the features: equal for encoders that give equal features."""
    width: int
    """Width of one frame's feature vector."""

    @abc.abstractmethod
    def encode(
        self, frames: UInt8[Tensor, "frame height width 3"]
    ) -> Float[Tensor, "frame feature"]:
        """Encode frames, all in one pass.

        Args:
            frames: RGB frames of any size.

        Returns:
            One feature vector a frame, float32 on the CPU.
        """


class ComponentFrameEncoder(FrameEncoder):
    """Coordinates of a frame along the principal components of a data set's frames.

    The default where no weights are at hand: it needs nothing but the clips. One common factor
    brings the mean square of the features over the fitted frames to one.

    Args:
        size: Height and width in pixels that frames are box-filtered to.
        mean: The mean frame, flattened, in [-1, 1].
        directions: The components, divided by the common factor.

    Example:
        >>> clips = np.random.default_rng(0).integers(0, 256, (6, 4, 8, 8, 3), dtype=np.uint8)
        >>> encoder = ComponentFrameEncoder.fit(lambda rows: clips[rows], range(6))
        >>> encoder.encode(torch.from_numpy(clips[0])).shape
        torch.Size([4, 23])
    """

    MAX_SIDE = 32
    NUM_FITTED_FRAMES = 1024
    NUM_FITTED_CLIPS = 256

    def __init__(
        self,
        size: tuple[int, int],
        mean: Float[Tensor, " pixel"],
        directions: Float[Tensor, "pixel feature"],
    ):
        self._size, self._mean, self._directions = size, mean, directions
        self.width = directions.shape[1]
        self.name = f"components-{fingerprint({'mean': mean, 'directions': directions}, size)}"

    @classmethod
    def fit(
        cls,
        read_clips: ClipReader,
        rows: Sequence[int],
        *,
        num_components: int = 128,
        seed: int = 0,
    ) -> "ComponentFrameEncoder":
        """Find the components of about a thousand frames of up to 256 clips.

        Args:
            read_clips: Reads clips by row, uint8 (clip, time, height, width, 3).
            rows: The clips to choose frames from: the training clips.
            num_components: The most features to keep; fewer where the frames vary in fewer ways.
            seed: Seed of the choice.

        Returns:
            The encoder: the same one for the same clips, settings and number of threads.
        """
        frames = cls._some_frames(read_clips, rows, np.random.default_rng(seed))
        size = min(frames.shape[1], cls.MAX_SIDE), min(frames.shape[2], cls.MAX_SIDE)
        samples = box_filtered(frames, size)
        mean = samples.mean(dim=0, dtype=torch.float64).float()
        found = principal_components(samples - mean, num_components, seed=seed)
        if found.scores.shape[1] == 0:  # all frames are alike: one feature that is always zero
            return cls(size, mean, torch.zeros(len(mean), 1))
        return cls(size, mean, found.components / found.scores.square().mean().sqrt())

    @classmethod
    def _some_frames(
        cls, read_clips: ClipReader, rows: Sequence[int], random: np.random.Generator
    ) -> UInt8[Tensor, "frame height width 3"]:
        chosen = sorted(random.permutation(np.asarray(rows))[: cls.NUM_FITTED_CLIPS].tolist())
        frames_per_clip = -(-cls.NUM_FITTED_FRAMES // len(chosen))
        frames = []
        for row in chosen:
            clip = read_clips([row])[0]
            frames.append(clip[np.sort(random.permutation(len(clip))[:frames_per_clip])])
        return torch.from_numpy(np.concatenate(frames))

    def encode(
        self, frames: UInt8[Tensor, "frame height width 3"]
    ) -> Float[Tensor, "frame feature"]:
        """Encode frames, scaled to the fitted size."""
        return (box_filtered(frames, self._size) - self._mean) @ self._directions


def fingerprint(tensors: Mapping[str, Tensor], settings: object) -> str:
    """Name tensors and settings by a short hash of their bits.

    Args:
        tensors: The tensors by name.
        settings: Anything whose `repr` says all that matters besides.

    Returns:
        Sixteen hexadecimal digits.
    """
    digest = hashlib.sha256(repr(settings).encode())
    for name in sorted(tensors):
        digest.update(f"{name} {tuple(tensors[name].shape)}".encode())
        digest.update(tensors[name].cpu().contiguous().numpy().data)
    return digest.hexdigest()[:16]

"""Frame encoders: the interface, and principal components as an encoder without weights."""

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
    """Maps single frames to feature vectors; it is never trained."""

    name: str
    """Name of the cache of the features; equal only for encoders that give equal features."""
    width: int
    """Width of the features of one frame."""

    @abc.abstractmethod
    def encode(
        self, frames: UInt8[Tensor, "frame height width 3"]
    ) -> Float[Tensor, "frame feature"]:
        """Encode frames in one batch.

        Args:
            frames: RGB frames of any size.

        Returns:
            A feature vector for each frame, float32 on the CPU.
        """


class ComponentFrameEncoder(FrameEncoder):
    """Encodes frames by the principal components of a data set's frames.

    This is the default, as it needs no pretrained weights. The features are scaled by one factor,
    so that their mean square over the fitted frames is 1.

    Args:
        size: Height and width in px to which frames are box-filtered.
        mean: The mean frame, flattened, in [-1, 1].
        directions: The components, divided by the factor.

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
        self.name = f"components-{short_hash({'mean': mean, 'directions': directions}, size)}"

    @classmethod
    def fit(
        cls,
        read_clips: ClipReader,
        rows: Sequence[int],
        *,
        num_components: int = 128,
        seed: int = 0,
    ) -> "ComponentFrameEncoder":
        """Fit the components to about a thousand frames of up to 256 clips.

        Args:
            read_clips: Reads clips by row, uint8 (clip, time, height, width, 3).
            rows: The clips to choose frames from, usually the training clips.
            num_components: Largest number of features; there are fewer where the frames vary in
                fewer directions.
            seed: Of the choice of frames.

        Returns:
            The encoder; the same for the same clips, settings and number of threads.
        """
        frames = cls._some_frames(read_clips, rows, np.random.default_rng(seed))
        size = min(frames.shape[1], cls.MAX_SIDE), min(frames.shape[2], cls.MAX_SIDE)
        samples = box_filtered(frames, size)
        mean = samples.mean(dim=0, dtype=torch.float64).float()
        found = principal_components(samples - mean, num_components, seed=seed)
        if found.scores.shape[1] == 0:  # all frames are equal: one feature, always zero
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
        """Encode frames, which are first reduced to the fitted size."""
        return (box_filtered(frames, self._size) - self._mean) @ self._directions


def short_hash(tensors: Mapping[str, Tensor], settings: object) -> str:
    """Hash tensors and settings.

    Args:
        tensors: By name.
        settings: Anything with a ``repr`` that holds all other settings.

    Returns:
        Sixteen hexadecimal digits.
    """
    digest = hashlib.sha256(repr(settings).encode())
    for name in sorted(tensors):
        digest.update(f"{name} {tuple(tensors[name].shape)}".encode())
        digest.update(tensors[name].cpu().contiguous().numpy().data)
    return digest.hexdigest()[:16]

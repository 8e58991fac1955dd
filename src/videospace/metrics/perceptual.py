"""LPIPS: the distance of pictures in the features of a network trained to recognize objects.

The user has to provide two sets of weights: AlexNet's, and the linear layers of LPIPS. The
``lpips`` library depends on torchvision, so the forward pass is implemented here.
"""

from pathlib import Path
from typing import final

import torch
from einops import rearrange
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from videospace.metrics.fidelity import frame_blocks, require_same_shape
from videospace.runtime.checkpoint import load_strictly
from videospace.runtime.errors import UserError
from videospace.runtime.reading.weights_file import read_weights

SMALLEST_SIDE_PX = 31
"""AlexNet's two pooling layers would reduce a smaller frame to nothing."""

_COMPARED_LAYERS = (1, 4, 7, 9, 11)
_CHANNELS = (64, 192, 384, 256, 256)


@final
class Lpips(nn.Module):
    """LPIPS v0.1 on AlexNet, a frame at a time.

    Args:
        weights: A ``.safetensors`` file, or a ``.pt`` or ``.pth`` file with a dictionary of
            tensors (no code in it is run). It holds AlexNet's ``features.N.weight`` and
            ``features.N.bias`` as torchvision names them (its ``classifier`` may be there too)
            and LPIPS's ``linN.model.1.weight``; the two published files are joined by
            ``torch.save(torch.load(alexnet) | torch.load(lpips), "lpips.pt")``.

    Raises:
        UserError: The file is missing or damaged, or lacks a tensor, has an unknown one or one of
            another shape.

    Source: Zhang, Isola, Efros, Shechtman and Wang (2018), "The unreasonable effectiveness of deep
    features as a perceptual metric", Eq. 1; constants of the authors' release v0.1.
    """

    def __init__(self, weights: Path | str):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 11, stride=4, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(),
        )
        for index, channels in enumerate(_CHANNELS):
            layers = nn.Sequential(nn.Identity(), nn.Conv2d(channels, 1, 1, bias=False))
            self.add_module(f"lin{index}", nn.ModuleDict({"model": layers}))
        load_strictly(self, _read_weights(Path(weights)), Path(weights))
        self.eval().requires_grad_(False)

    @torch.no_grad()
    def forward(
        self,
        video: UInt8[Tensor, "clip time height width 3"],
        reference: UInt8[Tensor, "clip time height width 3"],
    ) -> Float[Tensor, " clip"]:
        """The distance of clips from their references, averaged over their frames.

        Args:
            video: The clips to score, in [0, 255], at least 31 px high and wide.
            reference: The true clips.

        Returns:
            0 for equal clips, larger for worse ones.

        Raises:
            UserError: The shapes differ, or the frames are too small.
        """
        require_same_shape(video, reference)
        if min(video.shape[2:4]) < SMALLEST_SIDE_PX:
            raise UserError(
                f"LPIPS needs frames of at least {SMALLEST_SIDE_PX}x{SMALLEST_SIDE_PX} px, "
                f"got {video.shape[2]}x{video.shape[3]}: render larger"
            )
        distances = torch.zeros(len(video), device=video.device)
        for clip in range(len(video)):
            for block in frame_blocks(video):
                distances[clip] += self._distances(video[clip, block], reference[clip, block]).sum()
        return distances / video.shape[1]

    def _distances(
        self,
        frames: UInt8[Tensor, "frame height width 3"],
        true_frames: UInt8[Tensor, "frame height width 3"],
    ) -> Float[Tensor, " frame"]:
        ours, theirs = _normalized_colors(frames), _normalized_colors(true_frames)
        distances = ours.new_zeros(len(frames))
        for index, layer in enumerate(self.features):
            ours, theirs = layer(ours), layer(theirs)
            if index in _COMPARED_LAYERS:
                weigh = self.get_submodule(f"lin{_COMPARED_LAYERS.index(index)}.model")
                squared = (_unit_length(ours) - _unit_length(theirs)).square()
                distances += weigh(squared).mean(dim=(1, 2, 3))
        return distances


def _normalized_colors(
    frames: UInt8[Tensor, "frame height width 3"],
) -> Float[Tensor, "frame 3 height width"]:
    """Normalize colors by ImageNet's mean and deviation, as LPIPS defines them for [-1, 1]."""
    colors = rearrange(frames, "frame height width rgb -> frame rgb height width") / 127.5 - 1
    shift, scale = (
        colors.new_tensor(values).view(3, 1, 1)
        for values in ((-0.030, -0.088, -0.188), (0.458, 0.448, 0.450))
    )
    return (colors - shift) / scale


def _unit_length(
    features: Float[Tensor, "frame channel row column"],
) -> Float[Tensor, "frame channel row column"]:
    return features / (features.norm(dim=1, keepdim=True) + 1e-10)


def _read_weights(path: Path) -> dict[str, Tensor]:
    tensors = read_weights(path)
    return {name: value for name, value in tensors.items() if not name.startswith("classifier.")}

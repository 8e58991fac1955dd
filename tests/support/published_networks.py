"""The published networks once more, written with the authors' tensor names and plain functions.

Running one makes the tensors that it asks for, so that it also lists the names and shapes of a
published file.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional


def ones_like_those_of(network: Callable[["Weights", Tensor], object]) -> dict[str, Tensor]:
    """The names and shapes of a published file; the values take no space in memory."""
    weights = Weights()
    network(weights, torch.zeros(1, 1, 88, 88))
    return {name: torch.tensor(1.0).expand(value.shape) for name, value in weights.tensors.items()}


class Weights:
    """Random tensors by name, small enough to keep the numbers of a deep network near 1."""

    def __init__(self):
        self.tensors: dict[str, Tensor] = {}
        self.generator = torch.Generator().manual_seed(0)

    def __call__(self, name: str, *shape: int) -> Tensor:
        if name not in self.tensors:
            noise = torch.randn(shape, generator=self.generator)
            if name.endswith("running_var") or (len(shape) == 1 and name.endswith("weight")):
                value = 1 + 0.2 * noise.tanh()
            else:
                value = noise * (2 / noise[0].numel()) ** 0.5 if len(shape) > 1 else 0.1 * noise
            self.tensors[name] = value.half().float()
        assert self.tensors[name].shape == shape
        return self.tensors[name]

    def norm(self, name: str, x: Tensor) -> Tensor:
        parts = [
            self(f"{name}.{part}", x.shape[1])
            for part in ("running_mean", "running_var", "weight", "bias")
        ]
        self.tensors[f"{name}.num_batches_tracked"] = torch.tensor(7)
        return functional.batch_norm(x, *parts)

    def activation(self, name: str, kind: str, x: Tensor) -> Tensor:
        if kind == "prelu":
            return functional.prelu(x, self(f"{name}.weight", x.shape[1]))
        return x.relu() if kind == "relu" else x * x.sigmoid()


def stem(weights: Weights, prefix: str, kind: str, frames: Tensor) -> Tensor:
    """Describe frames (clip time 88 88) by images (frame 64 22 22)."""
    kernel = weights(f"{prefix}frontend3D.0.weight", 64, 1, 5, 7, 7)
    x = functional.conv3d(frames[:, None], kernel, stride=(1, 2, 2), padding=(2, 3, 3))
    x = weights.activation(f"{prefix}frontend3D.2", kind, weights.norm(f"{prefix}frontend3D.1", x))
    x = functional.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1))
    return x.transpose(1, 2).flatten(0, 1)


def resnet(weights: Weights, prefix: str, kind: str, x: Tensor, gated: bool = False) -> Tensor:
    """Describe images (frame 64 22 22) by (frame 512)."""
    for layer in range(4):
        for block in range(2):
            name = f"{prefix}.layer{layer + 1}.{block}"
            before, after = x.shape[1], 64 * 2**layer
            stride = 1 if before == after else 2
            y = functional.conv2d(
                x, weights(f"{name}.conv1.weight", after, before, 3, 3), None, stride, 1
            )
            y = weights.activation(f"{name}.relu1", kind, weights.norm(f"{name}.bn1", y))
            y = functional.conv2d(
                y, weights(f"{name}.conv2.weight", after, after, 3, 3), None, 1, 1
            )
            y = weights.norm(f"{name}.bn2", y)
            if gated:
                y = y * channel_weights(weights, name, y)
            if stride == 2:
                kernel = weights(f"{name}.downsample.0.weight", after, before, 1, 1)
                x = weights.norm(f"{name}.downsample.1", functional.conv2d(x, kernel, None, stride))
            x = weights.activation(f"{name}.relu2", kind, y + x)
    return x.mean((2, 3))


def channel_weights(weights: Weights, name: str, y: Tensor) -> Tensor:
    many, few = y.shape[1], y.shape[1] // 16
    summary = y.mean((2, 3), keepdim=True)
    for part, before, after in (("conv3", many, few), ("conv4", few, many)):
        summary = functional.conv2d(
            summary,
            weights(f"{name}.{part}.weight", after, before, 1, 1),
            weights(f"{name}.{part}.bias", after),
        )
        summary = summary.relu() if part == "conv3" else summary.sigmoid()
    return summary


def lrwp(weights: Weights, frames: Tensor, *, gated: bool = True, border: bool = False) -> Tensor:
    """Embed frames (clip time 88 88) in [0, 1]."""
    x = stem(weights, "video_cnn.", "relu", frames)
    x = resnet(weights, "video_cnn.resnet18", "relu", x, gated)
    x = weights.norm("video_cnn.resnet18.bn", x).unflatten(0, frames.shape[:2])
    if border:
        x = torch.cat((x, torch.ones_like(x[..., :1])), 2)
    network = nn.GRU(x.shape[2], 1024, 3, batch_first=True, bidirectional=True)
    values = {name: weights(f"gru.{name}", *old.shape) for name, old in network.named_parameters()}
    network.load_state_dict(values)
    weights("v_cls.weight", 500, 2048), weights("v_cls.bias", 500)
    with torch.no_grad():
        return network(x)[0]


def branches(weights: Weights, names: list[str], kind: str, dilation: int, views: list[Tensor]):
    """Three convolutions over (clip channel time), each under its own name pattern."""
    found = []
    for name, size, view in zip(names, (3, 5, 7), views, strict=True):
        convolution, norm, activation = name.split("|")
        num_channels = 256 if "mb_ms_tcn" in name else 128
        y = functional.conv1d(
            view,
            weights(f"{convolution}.weight", num_channels, view.shape[1], size),
            weights(f"{convolution}.bias", num_channels),
            padding=(size - 1) * dilation,
            dilation=dilation,
        )
        surplus = (size - 1) * dilation // 2
        y = weights.norm(norm, y)[:, :, surplus:-surplus]
        found.append(weights.activation(activation, kind, y))
    return torch.cat(found, 1)


def shortcut(weights: Weights, name: str, kind: str, x: Tensor, y: Tensor) -> Tensor:
    kernel = weights(f"{name}.downsample.weight", y.shape[1], x.shape[1], 1)
    straight = functional.conv1d(x, kernel, weights(f"{name}.downsample.bias", y.shape[1]))
    return weights.activation(f"{name}.relu_final", kind, y + straight)


def ltcn(weights: Weights, frames: Tensor, *, kind: str = "swish") -> Tensor:
    """Embed frames (clip time 88 88) with mean 0 and deviation 1."""
    x = resnet(weights, "trunk", kind, stem(weights, "", kind, frames))
    x = x.unflatten(0, frames.shape[:2]).transpose(1, 2)
    for layer in range(4):
        block = f"tcn.mb_ms_tcn.network.{layer}"
        y = x
        for part in range(2):
            cells = [f"{block}.cbcr{part}_{branch}" for branch in range(3)]
            names = [f"{cell}.conv|{cell}.batchnorm|{cell}.non_lin" for cell in cells]
            y = branches(weights, names, kind, 2**layer, [y] * 3)
        x = shortcut(weights, block, kind, x, y)
    weights("tcn.tcn_output.weight", 500, 768), weights("tcn.tcn_output.bias", 500)
    return x.transpose(1, 2)


def dctcn(weights: Weights, frames: Tensor, *, border: bool = False) -> Tensor:
    """Embed frames (clip time 88 88) with mean 0 and deviation 1."""
    x = resnet(weights, "trunk", "swish", stem(weights, "", "swish", frames))
    x = x.unflatten(0, frames.shape[:2])
    x = torch.cat((x, torch.ones_like(x[..., :1])), 2) if border else x
    x = x.transpose(1, 2)
    trunk = "tcn.tcn_trunk.features"
    for group in range(4):
        name = f"{trunk}.transition{group}"
        x = functional.conv1d(x, weights(f"{name}.conv.weight", 512, x.shape[1], 1))
        x = weights.norm(f"{name}.norm", x)
        x = weights.activation(f"{name}.prelu", "swish" if group else "prelu", x)
        for layer in range(3):
            block = f"{trunk}.denseblock{group + 1}.denselayer{layer + 1}"
            views = [clip_weights(weights, f"{block}.cbcr0_se_{i}", x) * x for i in range(3)]
            y = None
            for part in range(2):
                nets = [f"{block}.cbcr{part}_{branch}.net" for branch in range(3)]
                names = [f"{net}.0|{net}.1|{net}.3" for net in nets]
                y = branches(weights, names, "swish", (1, 2, 5)[layer], views)
                views = [y] * 3
            x = torch.cat((x, shortcut(weights, block, "swish", x, y)), 1)
    weights("tcn.tcn_output.weight", 500, 1664), weights("tcn.tcn_output.bias", 500)
    return weights.norm(f"{trunk}.norm5", x).transpose(1, 2)


def clip_weights(weights: Weights, name: str, x: Tensor) -> Tensor:
    many, few = x.shape[1], x.shape[1] // 16
    summary = functional.linear(x.mean(2), weights(f"{name}.fc.0.weight", few, many))
    summary = functional.linear(
        summary * summary.sigmoid(), weights(f"{name}.fc.2.weight", many, few)
    )
    return summary.sigmoid()[:, :, None]

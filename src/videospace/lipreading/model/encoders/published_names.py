"""What the tensors of the published lipreading networks are called here."""

import re
from collections.abc import Mapping

from torch import Tensor

NAMES = [
    (r"^module\.", ""),  # where several GPUs took part
    (r"^video_cnn\.resnet18\.bn\.", "frame_norm."),
    (r"^gru\.", "recurrent."),
    (r"^(video_cnn\.)?frontend3D\.0\.", "frame_network.stem."),
    (r"^(video_cnn\.)?frontend3D\.1\.", "frame_network.stem_norm."),
    (r"^(video_cnn\.)?frontend3D\.2\.", "frame_network.stem_activation."),
    (r"^(video_cnn\.resnet18|trunk)\.layer(\d)\.(\d)\.", r"frame_network.blocks.layer\2-\3."),
    *(
        (rf"layer{layer}-{block}", str(2 * (layer - 1) + block))
        for layer in (1, 2, 3, 4)
        for block in (0, 1)
    ),
    (r"(blocks\.\d\.)conv1\.", r"\1first."),
    (r"(blocks\.\d\.)bn1\.", r"\1first_norm."),
    (r"(blocks\.\d\.)relu1\.", r"\1first_activation."),
    (r"(blocks\.\d\.)conv2\.", r"\1second."),
    (r"(blocks\.\d\.)bn2\.", r"\1second_norm."),
    (r"(blocks\.\d\.)relu2\.", r"\1last_activation."),
    (r"(blocks\.\d\.)conv3\.", r"\1gate.squeeze."),
    (r"(blocks\.\d\.)conv4\.", r"\1gate.excite."),
    (r"(blocks\.\d\.)downsample\.", r"\1shortcut."),
    (r"^tcn\.mb_ms_tcn\.network\.", "temporal."),
    (r"^tcn\.tcn_trunk\.features\.norm5\.", "norm."),
    (
        r"^tcn\.tcn_trunk\.features\.transition(\d)\.conv\.",
        r"transitions.\1.convolution.",
    ),
    (r"^tcn\.tcn_trunk\.features\.transition(\d)\.norm\.", r"transitions.\1.norm."),
    (r"^tcn\.tcn_trunk\.features\.transition(\d)\.prelu\.", r"transitions.\1.activation."),
    *(
        (
            rf"^tcn\.tcn_trunk\.features\.denseblock{group + 1}\.denselayer{block + 1}\.",
            f"groups.{group}.blocks.{block}.",
        )
        for group in range(4)
        for block in range(3)
    ),
    (r"cbcr0_se_(\d)\.fc\.0\.", r"gates.\1.squeeze."),
    (r"cbcr0_se_(\d)\.fc\.2\.", r"gates.\1.excite."),
    (r"cbcr0_(\d)\.", r"first.\1."),
    (r"cbcr1_(\d)\.", r"second.\1."),
    (r"(first|second)\.(\d)\.(conv|net\.0)\.", r"\1.\2.convolution."),
    (r"(first|second)\.(\d)\.(batchnorm|net\.1)\.", r"\1.\2.norm."),
    (r"(first|second)\.(\d)\.(non_lin|net\.3)\.", r"\1.\2.activation."),
    (r"^(temporal|groups)\.(.*)downsample\.", r"\1.\2shortcut."),
    (r"^(temporal|groups)\.(.*)relu_final\.", r"\1.\2activation."),
]
"""What the authors' names contain, and what stands here instead; applied from top to bottom."""

CLASSIFIERS = "v_cls.", "tcn_output.", "tcn.tcn_output."
"""Beginnings of the names that are left out."""


def our_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Call the authors' tensors by our names, and leave out the classifier.

    The classifier knows only the words of the authors' training set.

    Example:
        >>> import torch
        >>> list(our_names({"trunk.layer2.0.bn1.bias": torch.zeros(1)}))
        ['frame_network.blocks.2.first_norm.bias']
    """
    renamed = {}
    for name, tensor in tensors.items():
        for pattern, replacement in NAMES:
            name = re.sub(pattern, replacement, name)
        if not name.startswith(CLASSIFIERS):
            renamed[name] = tensor
    return renamed

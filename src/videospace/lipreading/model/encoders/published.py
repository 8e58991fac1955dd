"""Loading of the weights that the authors of LRwP, LTCN and DC-TCN published.

The authors' training saves a dictionary with the network's tensors under `video_model` (LRwP) or
`model_state_dict` (LTCN and DC-TCN); :data:`NAMES` maps their names to ours.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from videospace.lipreading.model.encoders.dctcn import DctcnConfig, DctcnEncoder
from videospace.lipreading.model.encoders.encoder import Encoder
from videospace.lipreading.model.encoders.frame_network import FRAME_WIDTH
from videospace.lipreading.model.encoders.lrwp import LrwpConfig, LrwpEncoder
from videospace.lipreading.model.encoders.ltcn import LtcnConfig, LtcnEncoder
from videospace.runtime.checkpoint import load_strictly
from videospace.runtime.errors import UserError
from videospace.runtime.reading.weights_file import read_weights

WRAPPERS = "video_model", "model_state_dict"
"""Keys of the tensors in the authors' files."""


def load_published(path: Path) -> Encoder:
    """Load weights that the authors of LRwP, LTCN or DC-TCN published.

    The names of the tensors determine the network and its variant. Some variants take the
    boundaries of the word as a further input; it is fixed here to a word that fills the clip.

    Args:
        path: A file that the authors' training saved, or a safetensors file of the same tensors. No
            code in it is executed.

    Returns:
        The encoder without its classifier, in evaluation mode.

    Raises:
        UserError: The file is missing, damaged or of another network; a tensor is missing, unknown,
            misshapen or not finite.
    """
    tensors = our_names(read_weights(path, WRAPPERS))
    encoder = _empty_encoder(tensors, path)
    load_strictly(encoder, _without_boundaries(tensors), path)
    return encoder.eval()


def _empty_encoder(tensors: dict[str, Tensor], path: Path) -> Encoder:
    parts = {name.split(".")[0] for name in tensors}
    if "recurrent" in parts:
        gated = any(".gate." in name for name in tensors)
        return LrwpEncoder(LrwpConfig(squeeze_excitation=gated))
    if "temporal" in parts:
        sloped = "frame_network.stem_activation.weight" in tensors
        return LtcnEncoder(LtcnConfig(activation="prelu" if sloped else "swish"))
    if "transitions" in parts:
        return DctcnEncoder(DctcnConfig())
    raise UserError(
        f"expected the published weights of LRwP, LTCN or DC-TCN in '{path}', got tensors such as "
        f"{', '.join(sorted(tensors)[:3]) or 'none at all'}"
    )


def _without_boundaries(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Fold the weights of the input that is 1 inside the word into the bias."""
    tensors = dict(tensors)
    for direction in ("", "_reverse"):
        weight = tensors.get(f"recurrent.weight_ih_l0{direction}")
        bias = f"recurrent.bias_ih_l0{direction}"
        if weight is not None and bias in tensors and weight.shape[1:] == (FRAME_WIDTH + 1,):
            tensors[f"recurrent.weight_ih_l0{direction}"] = weight[:, :-1]
            tensors[bias] = tensors[bias].float() + weight[:, -1].float()
    weight = tensors.get("transitions.0.convolution.weight")
    mean = "transitions.0.norm.running_mean"
    if weight is not None and mean in tensors and weight.shape[1:] == (FRAME_WIDTH + 1, 1):
        tensors["transitions.0.convolution.weight"] = weight[:, :-1]
        tensors[mean] = tensors[mean].float() - weight[:, -1, 0].float()
    return tensors


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
"""Patterns in the authors' names and their replacements, applied from top to bottom."""

CLASSIFIERS = "v_cls.", "tcn_output.", "tcn.tcn_output."
"""Prefixes of the names of the classifiers, which are left out."""


def our_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the authors' tensors, and leave out the classifier.

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

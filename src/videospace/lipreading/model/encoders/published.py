"""Weights that the authors of LRwP, LTCN and DC-TCN published, in our encoders.

The authors' training saves a dictionary with the network's tensors under `video_model` (LRwP) or
`model_state_dict` (LTCN and DC-TCN); `published_names` says what each of them is called here.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from videospace.lipreading.model.encoders.dctcn import DctcnConfig, DctcnEncoder
from videospace.lipreading.model.encoders.encoder import Encoder
from videospace.lipreading.model.encoders.frame_network import FRAME_WIDTH
from videospace.lipreading.model.encoders.lrwp import LrwpConfig, LrwpEncoder
from videospace.lipreading.model.encoders.ltcn import LtcnConfig, LtcnEncoder
from videospace.lipreading.model.encoders.published_names import our_names
from videospace.runtime.checkpoint import load_strictly, load_tensors
from videospace.runtime.errors import UserError

WRAPPERS = "video_model", "model_state_dict"
"""Under which names the authors' files keep the tensors."""


def load_published(path: Path) -> Encoder:
    """Open weights that the authors of LRwP, LTCN or DC-TCN published.

    Which of them a file holds, and in which variant, follows from the names of its tensors. The
    variants that are told the boundaries of a word are told here that every clip shows just the
    word; this is exact, and needs no further input.

    Args:
        path: What the authors' training saved, or a safetensors file of the same tensors. Nothing
            in it is executed.

    Returns:
        The encoder without its classifier, in evaluation mode.

    Raises:
        UserError: The file is missing, damaged or of another network; a tensor is missing, unknown,
            misshapen or not finite.
    """
    tensors = our_names(_read(path))
    encoder = _empty_encoder(tensors, path)
    load_strictly(encoder, _without_boundaries(tensors), path)
    return encoder.eval()


def _read(path: Path) -> dict[str, Tensor]:
    if path.suffix == ".safetensors":
        return load_tensors(path)[0]
    if not path.is_file():
        raise UserError(f"expected the file '{path}', but it is not there")
    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged files fail in many ways
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"expected weights saved by PyTorch in '{path}', but they cannot be read ({reason}): "
            "fetch the file again"
        ) from error
    for key in WRAPPERS:
        if isinstance(content, dict) and key in content:
            content = content[key]
    if not isinstance(content, dict) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in content.items()
    ):
        keys = " or ".join(f"'{key}'" for key in WRAPPERS)
        raise UserError(f"expected tensors by name in '{path}', alone or under {keys}")
    return content


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
    """Fold the input that is 1 inside the word into what is added to the others."""
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

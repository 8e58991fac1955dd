"""Writes golden.safetensors: reference outputs of the model.

    python tests/golden/write_golden.py

Run it only after a change that is meant to change these numbers, and say so in the commit.
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from videospace.inrv.model.hypernetwork import HypernetworkConfig
from videospace.inrv.model.inr import InrConfig
from videospace.inrv.model.inrv_model import InrvModel, ModelConfig
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.positional_encoding import EncodingConfig
from videospace.inrv.rendering.renderer import render_points
from videospace.inrv.space.sampling import sample_gaussian, sample_paths
from videospace.inrv.training.data import clip_batch
from videospace.runtime.random import random_stream

PATH = Path(__file__).with_name("golden.safetensors")
SIZE = (2, 3, 4)


def filled(model: InrvModel) -> InrvModel:
    """The same weights on any version of PyTorch: a sine wave through all of them."""
    with torch.no_grad():
        for number, parameter in enumerate(model.parameters()):
            steps = torch.arange(parameter.numel(), dtype=torch.float64)
            wave = 0.3 * torch.sin(0.7 * steps + number)
            parameter.copy_(wave.view(parameter.shape))
    return model


def latents() -> Tensor:
    """Three latents of six numbers."""
    return torch.cos(torch.arange(18, dtype=torch.float64)).view(3, 6).float()


def compute() -> dict[str, Tensor]:
    """All golden tensors by name."""
    golden: dict[str, Tensor] = {}
    for kind in ("dense", "low-rank", "scale-shift"):
        for activation in ("relu", "gelu", "sine"):
            config = ModelConfig(
                latent=LatentConfig(width=6),
                encoding=EncodingConfig(time_octaves=1, height_octaves=2, width_octaves=1),
                inr=InrConfig(hidden_width=4, num_hidden_layers=2, activation=activation),
                hypernetwork=HypernetworkConfig(kind=kind, hidden_width=5, rank=2),
            )
            model = filled(InrvModel(config))
            golden[f"{kind}.{activation}"] = render_points(model, latents(), SIZE)
    golden["slerp samples"] = sample_paths(latents(), 4, torch.Generator().manual_seed(0))
    golden["gaussian samples"] = sample_gaussian(latents(), 4, torch.Generator().manual_seed(0))
    golden["batches"] = torch.stack([clip_batch(3, 10, 4, index) for index in range(5)])
    golden["seeds"] = torch.stack(
        [
            torch.from_numpy(
                np.array(random_stream(seed, "points", 7).initial_seed()).view(np.int64)
            )
            for seed in range(3)
        ]
    )
    return golden


if __name__ == "__main__":
    save_file(compute(), PATH)
    print(f"wrote {PATH}")

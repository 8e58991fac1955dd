"""A small space for quick inversions."""

import torch

from videospace.inrv.model.hypernetwork import HypernetworkConfig
from videospace.inrv.model.inr import InrConfig
from videospace.inrv.model.inrv_model import InrvModel, ModelConfig
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.space.video_space import ClipShape, VideoSpace


def small_space() -> VideoSpace:
    """Five clips of 4 frames of 12x16 px, whose latents are far apart."""
    config = ModelConfig(
        latent=LatentConfig(width=6),
        inr=InrConfig(hidden_width=8, num_hidden_layers=2),
        hypernetwork=HypernetworkConfig(hidden_width=8, initial_difference=2.0),
    )
    shape = ClipShape(num_frames=4, height=12, width=16, fps=25.0)
    with torch.random.fork_rng():
        torch.manual_seed(2)
        return VideoSpace(InrvModel(config), torch.randn(5, 6), list("abcde"), shape)

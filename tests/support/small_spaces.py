"""Small spaces, for quick inversions and for tracks whose things are known."""

import torch

from videospace.inrv.model.hypernetwork import HypernetworkConfig
from videospace.inrv.model.inr import InrConfig
from videospace.inrv.model.inrv_model import InrvModel, ModelConfig
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.tracks import LatentParts, TrackConfig, join_latents
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


def space_of_a_blob(num_tracks: int = 1) -> VideoSpace:
    """Three clips of 6 frames of 32x32 px, each with bright blobs that move to the right.

    The first blob of clip b starts at (0, -0.3) and ends at (0, 0.3). It is higher in clip a, and
    lower in clip c. Every further blob is 0.5 lower than the one before.
    """
    latent = LatentConfig(width=2, num_tracks=num_tracks, look_width=2, num_path_keyframes=5)
    config = ModelConfig(
        latent=latent,
        inr=InrConfig(hidden_width=2, num_hidden_layers=1),
        hypernetwork=HypernetworkConfig(hidden_width=2),
        tracks=TrackConfig(hidden_width=2, num_hidden_layers=1, radius=0.2),
    )
    model = InrvModel(config).requires_grad_(False)
    for parameter in model.parameters():
        parameter.zero_()
    model.hypernetwork.base_biases[-1].fill_(-0.8)
    model.track_hypernetwork.base_biases[-1].copy_(torch.tensor([1.0, 0.9, 0.4, 1.0]))
    paths = torch.zeros(3, num_tracks, 5, 2)
    paths[..., 0] += torch.tensor([-0.3, 0.0, 0.3])[:, None, None]
    paths[..., 0] += 0.5 * torch.arange(num_tracks)[:, None]
    paths[..., 1] = torch.linspace(-0.3, 0.3, 5)
    parts = LatentParts(torch.ones(3, 2), torch.ones(3, num_tracks, 2), paths)
    shape = ClipShape(num_frames=6, height=32, width=32, fps=25.0)
    return VideoSpace(model, join_latents(parts), list("abc"), shape)

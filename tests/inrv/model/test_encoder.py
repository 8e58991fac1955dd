import pytest
import torch

from videospace.inrv.model.encoder import EncoderConfig, LatentEncoder, small_frames
from videospace.inrv.model.latents import LatentConfig
from videospace.runtime.errors import UserError

SMALL = EncoderConfig(side=8, num_channels=8, hidden_width=16)


def test_with_several_keyframes_each_frame_is_encoded_by_itself():
    encoder = LatentEncoder(SMALL, LatentConfig(width=6, num_keyframes=3))
    torch.nn.init.normal_(encoder.head[-1].weight)
    frames, times = torch.randn(1, 4, 3, 8, 8), torch.linspace(-1, 1, 4)[None]
    whole = encoder(frames, times)
    alone = encoder(frames[:, 2:3], times[:, 2:3])
    torch.testing.assert_close(whole[:, 2:3], alone)
    other_time = encoder(frames[:, 2:3], times[:, :1])
    assert (other_time - alone).abs().max() > 1e-3


def test_with_one_keyframe_the_whole_clip_is():
    encoder = LatentEncoder(SMALL, LatentConfig(width=6))
    torch.nn.init.normal_(encoder.head[-1].weight)
    frames, times = torch.randn(1, 4, 3, 8, 8), torch.linspace(-1, 1, 4)[None]
    whole = encoder(frames, times)
    assert torch.equal(whole[:, 0], whole[:, 3])
    backwards = encoder(frames.flip(1), times)
    assert (backwards - whole).abs().max() > 1e-3  # it matters what comes first


def test_frames_are_reduced_without_aliasing():
    stripes = torch.tensor([-1.0, 1.0]).repeat(32).expand(1, 3, 64, 64)
    assert small_frames(stripes, 8)[..., 1:-1].abs().max() < 0.05
    assert small_frames(torch.full((2, 3, 3, 5), 0.25), 8).shape == (2, 3, 8, 8)


@pytest.mark.parametrize("changes", [{"side": 20}, {"num_channels": 4}, {"hidden_width": 0}])
def test_sizes_that_do_not_fit_the_network(changes):
    with pytest.raises(UserError, match=next(iter(changes))):
        EncoderConfig(**changes)

import torch
from torch import nn

from videospace.inrv.model.video_clip_network import VideoClip, VideoClipConfig

SMALL = VideoClipConfig(feature_width=6, hidden_width=4)


def test_the_published_shape_is_the_default():
    video_clip = VideoClip(VideoClipConfig())
    recurrence = video_clip.recurrence
    assert (recurrence.input_size, recurrence.hidden_size, recurrence.num_layers) == (512, 256, 3)
    assert recurrence.bidirectional
    assert recurrence.dropout == 0.1
    assert video_clip.embedding_width == 512
    assert video_clip(torch.zeros(1, 2, 512)).shape == (1, 512)


def test_one_layer_equals_two_recurrences_written_out_by_hand():
    torch.manual_seed(0)
    config = VideoClipConfig(feature_width=6, hidden_width=4, num_layers=1)
    video_clip = VideoClip(config)
    features = torch.randn(3, 5, 6)

    expected = []
    for suffix, frames in (("", range(5)), ("_reverse", range(4, -1, -1))):
        cell = nn.GRUCell(6, 4)
        cell.load_state_dict(
            {
                name: getattr(video_clip.recurrence, f"{name}_l0{suffix}")
                for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            }
        )
        hidden, outputs = torch.zeros(3, 4), []
        for frame in frames:
            hidden = cell(features[:, frame], hidden)
            outputs.append(hidden)
        expected.append(torch.stack(outputs).mean(dim=0))

    torch.testing.assert_close(video_clip(features), torch.cat(expected, dim=1))


def test_a_clip_is_embedded_by_itself_whatever_stands_beside_it():
    torch.manual_seed(0)
    video_clip = VideoClip(SMALL).eval()
    features = torch.randn(4, 7, 6)
    torch.testing.assert_close(video_clip(features)[2:3], video_clip(features[2:3]))


def test_dropout_acts_in_training_only():
    torch.manual_seed(0)
    video_clip = VideoClip(VideoClipConfig(feature_width=6, hidden_width=32))
    features = torch.randn(2, 5, 6)
    assert not torch.equal(video_clip(features), video_clip(features))
    video_clip.eval()
    assert torch.equal(video_clip(features), video_clip(features))


def test_every_weight_learns():
    torch.manual_seed(0)
    video_clip = VideoClip(SMALL)
    video_clip(torch.randn(2, 5, 6)).square().sum().backward()
    for name, parameter in video_clip.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name

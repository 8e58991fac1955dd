"""The encoder for two processor cores."""

import torch
from torch import nn

from videospace.lipreading.data.batches import frame_mask
from videospace.lipreading.model.encoders.compact import (
    CompactConfig,
    CompactEncoder,
    standardized,
    with_neighbors,
)
from videospace.lipreading.model.encoders.encoder import pooled
from videospace.runtime.checkpoint import load_strictly, load_tensors, save_tensors


def test_stacked_neighbors_make_a_convolution_over_time():
    torch.manual_seed(0)
    frames = torch.randn(2, 7, 12, 12)
    over_time = nn.Conv3d(1, 4, (5, 3, 3), (1, 2, 2), (2, 1, 1), bias=False)
    flat = nn.functional.conv2d(
        with_neighbors(frames).flatten(0, 1), over_time.weight[:, 0], stride=2, padding=1
    )
    expected = over_time(frames[:, None]).transpose(1, 2).flatten(0, 1)
    torch.testing.assert_close(flat, expected, rtol=1e-4, atol=1e-5)


def test_clips_are_standardized_over_the_frames_that_show_something():
    torch.manual_seed(0)
    frames = 0.3 + 0.2 * torch.randn(2, 6, 8, 8)
    frames[0, :2] = 0.0
    mask = frame_mask(torch.tensor([6, 4]), 6)
    result = standardized(frames, mask)
    assert not result[0, :2].any()
    assert not result[1, 4:].any()
    for shown in (result[0, 2:], result[1, :4]):
        torch.testing.assert_close(shown.mean(), torch.tensor(0.0), rtol=0, atol=1e-5)
        torch.testing.assert_close(shown.std(), torch.tensor(1.0), rtol=0.01, atol=0)


def test_a_clip_of_nothing_stays_nothing():
    result = standardized(torch.zeros(1, 3, 4, 4), torch.ones(1, 3, dtype=torch.bool))
    assert torch.equal(result, torch.zeros(1, 3, 4, 4))


def test_light_and_contrast_do_not_matter():
    torch.manual_seed(0)
    encoder = CompactEncoder(CompactConfig()).eval()
    frames, lengths = torch.rand(1, 5, 88, 88) - 0.5, torch.tensor([5])
    with torch.no_grad():
        plain, brighter = encoder(frames, lengths), encoder(0.8 * frames + 0.4, lengths)
        other = encoder(frames.flip(3), lengths)
    assert (brighter - plain).abs().max() < 0.1 * (other - plain).abs().max()


def test_it_learns_to_tell_opening_from_closing():
    """The same frames in reverse order are another word."""
    torch.manual_seed(0)
    opening = torch.full((8, 6, 88, 88), 0.5)
    for clip, frames in enumerate(opening):
        for time, frame in enumerate(frames):
            frame[40 - 4 * time + clip : 48 + 4 * time + clip, 20:68] = -0.5
    frames = torch.cat((opening, opening.flip(1)))
    lengths, words = torch.full((16,), 6), torch.arange(2).repeat_interleave(8)
    encoder, classifier = CompactEncoder(CompactConfig(channels=4)), nn.Linear(256, 2)
    optimizer = torch.optim.AdamW([*encoder.parameters(), *classifier.parameters()], 3e-3)
    losses = []
    for _ in range(25):
        scores = classifier(pooled(encoder(frames, lengths), lengths))
        loss = nn.functional.cross_entropy(scores, words)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 0.5
    assert losses[-1] < 0.1


def test_weights_survive_the_disk(tmp_path):
    torch.manual_seed(0)
    encoder = CompactEncoder(CompactConfig(channels=4, hidden=8)).eval()
    save_tensors(tmp_path / "model.safetensors", encoder.state_dict())
    again = CompactEncoder(CompactConfig(channels=4, hidden=8)).eval()
    tensors, _ = load_tensors(tmp_path / "model.safetensors")
    load_strictly(again, tensors, tmp_path / "model.safetensors")
    frames, lengths = torch.rand(1, 3, 88, 88), torch.tensor([3])
    torch.testing.assert_close(again(frames, lengths), encoder(frames, lengths))


def test_frames_may_come_in_half_the_size():
    torch.manual_seed(0)
    encoder = CompactEncoder(CompactConfig()).eval()
    frames, lengths = torch.rand(2, 5, 88, 88) - 0.5, torch.tensor([5, 3])
    half = nn.functional.avg_pool2d(frames, 2)
    torch.testing.assert_close(encoder(half, lengths), encoder(frames, lengths))

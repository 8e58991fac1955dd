"""Properties of all encoders: the padding of a batch changes nothing."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from videospace.lipreading.data.batches import frame_mask
from videospace.lipreading.model.encoders.compact import CompactConfig, CompactEncoder
from videospace.lipreading.model.encoders.dctcn import DctcnConfig, DctcnEncoder
from videospace.lipreading.model.encoders.encoder import Encoder, pooled, recur, spread
from videospace.lipreading.model.encoders.lrwp import LrwpConfig, LrwpEncoder
from videospace.lipreading.model.encoders.ltcn import LtcnConfig, LtcnEncoder
from videospace.runtime.errors import UserError

ENCODERS = {
    "compact": lambda: CompactEncoder(CompactConfig(dropout=0.0)),
    "lrwp": lambda: LrwpEncoder(LrwpConfig(dropout=0.0, recurrent_dropout=0.0)),
    "ltcn": lambda: LtcnEncoder(LtcnConfig(dropout=0.0)),
    "dctcn": lambda: DctcnEncoder(DctcnConfig(dropout=0.0)),
}


@pytest.fixture(scope="module", params=ENCODERS)
def encoder(request) -> Encoder:
    """Untrained, but with the statistics of its own features, which keeps them near 1."""
    torch.manual_seed(0)
    encoder = ENCODERS[request.param]()
    for part in encoder.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            part.momentum = 1.0
    with torch.no_grad():
        encoder(*two_clips())
    return encoder


def two_clips() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    frames = torch.rand(2, 5, 88, 88) * 2 - 1
    return frames, torch.tensor([5, 3])


def with_nonsense(frames: torch.Tensor, lengths: torch.Tensor, extra: int) -> torch.Tensor:
    """Append frames, and fill all padding with what would spoil everything it touches."""
    longer = torch.cat((frames, torch.zeros(len(frames), extra, 88, 88)), 1)
    longer[~frame_mask(lengths, longer.shape[1])] = torch.nan
    return longer


def test_a_clip_alone_gives_what_it_gives_in_a_batch(encoder):
    encoder.eval()
    frames, lengths = two_clips()
    with torch.no_grad():
        batch = encoder(with_nonsense(frames, lengths, 2), lengths)
        alone = encoder(frames[1:, :3], lengths[1:])
    assert batch.shape == (2, 7, encoder.width)
    torch.testing.assert_close(batch[1:, :3], alone, rtol=1e-4, atol=1e-4)
    assert alone.std() > 0.05
    assert not batch[1, 3:].any()
    assert not batch[0, 5:].any()


def test_padding_changes_nothing_in_training(encoder):
    encoder.train()
    frames, lengths = two_clips()
    with torch.no_grad():
        short = encoder(frames, lengths)
        long = encoder(with_nonsense(frames, lengths, 2), lengths)
    torch.testing.assert_close(long[:, :5], short, rtol=1e-4, atol=1e-4)


def test_every_frame_counts(encoder):
    encoder.eval()
    frames, lengths = two_clips()
    other = frames.clone()
    other[1, 2] *= -1
    with torch.no_grad():
        before, after = encoder(frames, lengths), encoder(other, lengths)
    torch.testing.assert_close(after[0], before[0], rtol=1e-4, atol=1e-4)
    assert (after[1, :3] - before[1, :3]).abs().amax(1).min() > 0.01


@pytest.mark.parametrize("lengths", [[0, 3], [4, 2], [-1, 1]])
def test_impossible_lengths_are_refused(lengths):
    encoder = ENCODERS["compact"]()
    with pytest.raises(UserError, match="lengths"):
        encoder(torch.zeros(2, 3, 88, 88), torch.tensor(lengths))


def test_no_gradient_reaches_the_padding():
    frames, lengths = two_clips()
    frames.requires_grad_()
    encoder = ENCODERS["compact"]().train()
    pooled(encoder(frames, lengths), lengths).square().sum().backward()
    assert frames.grad is not None
    assert not frames.grad[1, 3:].any()
    assert frames.grad[1, :3].flatten(1).any(1).all()


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_spread_undoes_the_mask(lengths):
    mask = frame_mask(torch.tensor(lengths), 6)
    padded = torch.randn(len(lengths), 6, 3)
    back = spread(padded[mask], mask)
    assert torch.equal(back[mask], padded[mask])
    assert not back[~mask].any()
    assert mask.sum(1).tolist() == lengths


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_pooled_is_the_mean_of_each_clip(lengths):
    embeddings = torch.randn(len(lengths), 6, 3)
    embeddings[~frame_mask(torch.tensor(lengths), 6)] = torch.nan
    expected = [clip[:length].mean(0) for clip, length in zip(embeddings, lengths, strict=True)]
    torch.testing.assert_close(pooled(embeddings, torch.tensor(lengths)), torch.stack(expected))


def test_recur_reads_each_clip_from_its_own_end():
    torch.manual_seed(0)
    network = nn.GRU(3, 4, batch_first=True, bidirectional=True)
    features = torch.randn(2, 6, 3)
    hidden = recur(network, features, torch.tensor([2, 6]))
    torch.testing.assert_close(hidden[:1, :2], network(features[:1, :2])[0])
    torch.testing.assert_close(hidden[1:], network(features[1:])[0])
    assert not hidden[0, 2:].any()


def test_a_blank_frame_is_black_to_lrwp():
    torch.manual_seed(0)
    encoder = ENCODERS["lrwp"]().eval()
    frames, lengths = two_clips()
    blank, black = frames.clone(), frames.clone()
    blank[:, 1], black[:, 1] = 0.0, -1.0
    with torch.no_grad():
        torch.testing.assert_close(encoder(blank, lengths), encoder(black, lengths))

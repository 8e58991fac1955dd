import numpy as np
import torch

from videospace.lipreading.data.batches import InputConfig
from videospace.lipreading.pretraining.episodes import EpisodeConfig, EpisodeSource


def test_episodes_are_of_one_speaker_each_and_repeatable(mouth_corpus):
    source = EpisodeSource(mouth_corpus, EpisodeConfig(speakers=2, words=3), InputConfig())
    episode = source.episode(5, seed=1)
    again = source.episode(5, seed=1)
    assert episode.shape == (2, 3, 2)
    assert torch.equal(episode.words, again.words)
    assert all(torch.equal(a, b) for a, b in zip(episode.clips, again.clips, strict=True))
    words = episode.words.view(2, 3, 2)
    assert torch.equal(words[..., 0], words[..., 1])
    assert all(len(set(row.tolist())) == 3 for row in words[..., 0])
    owner = {id(c.clip): c.speaker for c in mouth_corpus}
    speakers = [
        next(owner[id(c.clip)] for c in mouth_corpus if np.array_equal(c.clip.frames, frames))
        for frames in episode.clips
    ]
    assert len(set(speakers[:6])) == len(set(speakers[6:])) == 1


def test_made_up_words_are_words_of_their_own(mouth_corpus):
    for kind in ("reversed_fraction", "spliced_fraction"):
        config = EpisodeConfig(speakers=2, words=3, **{kind: 1.0})
        episode = EpisodeSource(mouth_corpus, config, InputConfig()).episode(0, seed=0)
        assert (episode.words == -1).all()
        assert episode.labels.min() >= 4
        grouped = episode.labels.view(2, 3, 2)
        assert torch.equal(grouped[..., 0], grouped[..., 1])
        assert all(len(set(row.tolist())) == 3 for row in grouped[..., 0])


def test_a_speaker_of_few_words_makes_only_own_episodes_small(mouth_corpus):
    few = [c for c in mouth_corpus if c.speaker != "speaker 0" or c.word in ("word 0", "word 1")]
    source = EpisodeSource(few, EpisodeConfig(speakers=1, words=4), InputConfig())
    sizes = {source.episode(number, seed=0).shape for number in range(20)}
    assert sizes == {(1, 2, 2), (1, 4, 2)}

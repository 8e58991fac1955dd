import numpy as np
import pytest
import torch
from tests.support.drawn_mouths import drawn_clip, drawn_corpus

from videospace.lipreading.data.augmentation import NO_AUGMENTATION
from videospace.lipreading.data.batches import InputConfig
from videospace.lipreading.model.embedding import EmbeddingConfig, segment_means
from videospace.lipreading.model.losses import episode_loss, supervised_contrastive
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.model.variational import (
    Gaussians,
    VariationalConfig,
    divergence,
    variational_loss,
)
from videospace.lipreading.phonetics.units import unit_loss
from videospace.lipreading.pretraining.config import EpisodeConfig, PretrainConfig, PretrainOptions
from videospace.lipreading.pretraining.episodes import EpisodeSource
from videospace.lipreading.pretraining.pretrain import pretrain
from videospace.lipreading.recognition.fusion import (
    fitted_weights,
    fused_log_probabilities,
    standardized,
)
from videospace.runtime.errors import UserError

SMALL = PretrainConfig(episode=EpisodeConfig(speakers=1, words=3, takes=2), steps=4)
QUIET = PretrainOptions(time_budget_seconds=None, device="cpu", progress=False)


def test_contrastive_loss_known_value():
    embeddings = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    loss = supervised_contrastive(embeddings, torch.tensor([0, 0, 1]), 1.0)
    assert loss.item() == pytest.approx(np.log(1 + np.exp(-1)), abs=1e-6)


def test_episode_loss_ignores_who_speaks():
    torch.manual_seed(0)
    embeddings = torch.randn(2, 5, 2, 8)
    offset = 10 * torch.randn(2, 1, 1, 8)
    assert episode_loss(embeddings + offset, 0.1).item() == pytest.approx(
        episode_loss(embeddings, 0.1).item(), abs=1e-3
    )
    same = embeddings[:, :, :1].expand(-1, -1, 2, -1)
    assert episode_loss(same, 0.1) < 0.1 < episode_loss(embeddings, 0.1)


def test_losses_have_right_gradients():
    torch.manual_seed(0)
    labels = torch.tensor([0, 0, 1, 1])
    embeddings = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda e: supervised_contrastive(e, labels, 0.5), embeddings)
    assert torch.autograd.gradcheck(lambda e: episode_loss(e.view(1, 2, 2, 3), 0.5), embeddings)


def test_segments_average_to_the_mean():
    frames = torch.rand(1, 7, 3)
    thirds = segment_means(frames, torch.tensor([7]), 3).view(3, 3)
    torch.testing.assert_close(thirds.mean(0), frames[0].mean(0))


def test_divergence_is_that_of_torch():
    torch.manual_seed(0)
    one, other = (Gaussians(torch.randn(4, 6), torch.randn(4, 6)) for _ in range(2))
    normals = [torch.distributions.Normal(g.mean, g.log_deviation.exp()) for g in (one, other)]
    expected = torch.distributions.kl_divergence(*normals).mean(1)
    torch.testing.assert_close(divergence(one, other), expected)


@pytest.mark.parametrize("distance", [True, False])
def test_variational_terms(distance):
    torch.manual_seed(0)
    source = torch.randn(3, 4, requires_grad=True)
    here = Gaussians(torch.zeros(3, 4), torch.zeros(3, 4))
    there = Gaussians(torch.ones(3, 4), torch.full((3, 4), -20.0))  # z̄ = 1, but for 1e-9
    labels = torch.tensor([0, 1, 2])

    def loss(**changes):
        config = VariationalConfig(alpha=0.0, distance=distance, **changes)
        return variational_loss(
            source, here, there, lambda e: e, labels, config, torch.Generator().manual_seed(0)
        )

    l1 = (source - 1).abs().mean().item() if distance else 0.0
    kl = divergence(here, there).mean().item()
    assert loss(gamma=2.0, beta=0.0).item() == pytest.approx(2 * l1, abs=1e-5)
    assert loss(beta=1e-18).item() == pytest.approx(l1 + 1e-18 * kl, rel=1e-4)
    subtracted = loss(beta=1e-18, kl_sign="subtract").item()
    assert subtracted == pytest.approx(l1 - 1e-18 * kl, rel=1e-4)


def test_standardized_scores_do_not_depend_on_the_scale():
    scores = np.random.default_rng(0).normal(size=(5, 7))
    np.testing.assert_allclose(standardized(scores * 30 - 5), standardized(scores), atol=1e-9)
    assert (standardized(np.full((2, 3), 0.1)) == 0).all()
    assert (standardized(np.full((2, 3), np.nan)) == 0).all()


def test_fitted_weights_are_calibrated_and_beat_each_alone():
    chance = np.random.default_rng(0)
    targets = chance.integers(0, 10, 600)
    right = np.eye(10)[targets]
    scores = {name: 2 * right + chance.normal(size=right.shape) for name in ("a", "b")}
    scores["noise"] = chance.normal(size=right.shape)
    weights = fitted_weights(scores, targets)
    log = fused_log_probabilities(scores, weights)
    accuracy = (log.argmax(1) == targets).mean()
    assert accuracy > (scores["a"].argmax(1) == targets).mean() + 0.05
    assert np.exp(log).max(1).mean() == pytest.approx(accuracy, abs=0.05)
    assert weights["noise"] < 0.2 * weights["a"]


def test_unit_loss_prefers_the_right_order():
    logits = torch.full((2, 6, 3), -5.0)
    logits[:, :3, 1], logits[:, 3:, 2] = 5.0, 5.0
    lengths = torch.tensor([6, 6])
    right = unit_loss(logits, lengths, [[1, 2], []])
    assert right < 1 < unit_loss(logits, lengths, [[2, 1], []])
    assert unit_loss(logits, lengths, [[], []]) == 0


def test_episodes_are_of_one_speaker_each_and_repeatable(mouth_corpus):
    source = EpisodeSource(mouth_corpus, EpisodeConfig(speakers=2, words=3), InputConfig())
    episode, _ = source.episode(5, seed=1)
    again, _ = source.episode(5, seed=1)
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
    for share in ("reversed_fraction", "spliced_fraction"):
        config = EpisodeConfig(speakers=2, words=3, **{share: 1.0})
        episode, _ = EpisodeSource(mouth_corpus, config, InputConfig()).episode(0, seed=0)
        assert (episode.words == -1).all()
        assert episode.labels.min() >= 4
        grouped = episode.labels.view(2, 3, 2)
        assert torch.equal(grouped[..., 0], grouped[..., 1])
        assert all(len(set(row.tolist())) == 3 for row in grouped[..., 0])


def test_pretraining_learns(mouth_corpus):
    losses = []
    for steps in (1, 80):
        config = PretrainConfig(
            episode=EpisodeConfig(speakers=2, words=4),
            augmentation=NO_AUGMENTATION,
            steps=steps,
        )
        model = pretrain(mouth_corpus, None, config, QUIET)
        clips = [c.clip for c in mouth_corpus]
        logits = model.word_logits(model.embed(clips).clips).detach()
        targets = torch.tensor([model.words.index(c.word) for c in mouth_corpus])
        losses.append(torch.nn.functional.cross_entropy(logits, targets).item())
    assert losses[1] < 0.7 * losses[0]
    assert "dtw-normalized+prototypes" in model.calibration


def test_resumed_run_ends_where_an_uninterrupted_one_does(mouth_corpus, tmp_path, monkeypatch):
    whole = pretrain(mouth_corpus, tmp_path / "whole", SMALL, QUIET)
    from videospace.lipreading.pretraining import pretrain as training

    take_step = training._Run.take_step

    def broken(run, *rest):
        if run.step == 2:
            raise KeyboardInterrupt
        return take_step(run, *rest)

    monkeypatch.setattr(training._Run, "take_step", broken)
    often = PretrainOptions(
        time_budget_seconds=None, device="cpu", progress=False, checkpoint_seconds=0.0
    )
    with pytest.raises(KeyboardInterrupt):
        pretrain(mouth_corpus, tmp_path / "cut", SMALL, often)
    monkeypatch.undo()
    pretrain(mouth_corpus, tmp_path / "cut", SMALL, QUIET)
    resumed = MouthModel.from_pretrained(tmp_path / "cut")
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    assert resumed.calibration == whole.calibration


def test_another_run_in_the_folder_is_refused(mouth_corpus, tmp_path):
    pretrain(mouth_corpus, tmp_path, SMALL, QUIET)
    with pytest.raises(UserError, match="holds a training with other settings"):
        pretrain(mouth_corpus, tmp_path, PretrainConfig(steps=4), QUIET)
    with pytest.raises(UserError, match="holds a training with other clips"):
        pretrain(drawn_corpus(takes=2), tmp_path, SMALL, QUIET)


def test_a_loss_that_is_not_finite_names_the_words(mouth_corpus, monkeypatch):
    from videospace.lipreading.pretraining import pretrain as training

    monkeypatch.setattr(training._Run, "loss", lambda *_: torch.tensor(float("nan")))
    with pytest.raises(UserError, match=r"the loss became nan in step 0 with the words word \d"):
        pretrain(mouth_corpus, None, SMALL, QUIET)


def test_too_few_clips():
    with pytest.raises(UserError, match="expected clips of other speakers to train on, got none"):
        pretrain([], None)
    with pytest.raises(UserError, match="expected a speaker with at least 2 words of 2 takes each"):
        pretrain(drawn_corpus(takes=1), None, SMALL, QUIET)


def test_a_model_survives_the_disk(tiny_model, tmp_path):
    clip = drawn_clip(0)
    tiny_model.calibration = {"prototypes": {"prototypes": 2.0}}
    tiny_model.save_pretrained(tmp_path)
    opened = MouthModel.from_pretrained(tmp_path)
    assert torch.equal(opened.embed([clip]).clips, tiny_model.embed([clip]).clips)
    assert (opened.words, opened.units) == (tiny_model.words, tiny_model.units)
    assert opened.calibration == tiny_model.calibration
    card = (tmp_path / "README.md").read_text()
    assert "encoder `compact`, 2 words (word 0, word 1)" in card


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"format_version": 1', '"format_version": 2', "format version 2, but this videospace"),
        ('"MouthModel"', '"Other"', "expected the configuration of a lipreading model"),
        ('"scores"', '"score"', "the field 'score' is unknown or missing"),
        ('"compact"', '"huge"', "expected one of the encoders"),
        ('"width": null', '"width": 4', "lacks tensors head.bias, head.weight"),
    ],
)
def test_a_damaged_model_is_refused(tiny_model, tmp_path, old, new, message):
    tiny_model.save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(UserError, match=message):
        MouthModel.from_pretrained(tmp_path)


def test_no_model_in_the_folder(tmp_path):
    with pytest.raises(UserError, match=r"but '.*' has no config.json: make one with"):
        MouthModel.from_pretrained(tmp_path)


def test_the_batch_does_not_change_a_clip(tiny_model):
    short, long = drawn_clip(0, num_frames=6), drawn_clip(1, num_frames=30)
    alone, together = tiny_model.embed([short]), tiny_model.embed([short, long])
    torch.testing.assert_close(alone.clips[0], together.clips[0])
    torch.testing.assert_close(alone.frames[0], together.frames[0])


@pytest.mark.parametrize("change", [{"segments": 0}, {"width": 0}, {"temperature": 0.0}])
def test_bad_embeddings(change):
    with pytest.raises(UserError, match="expected"):
        EmbeddingConfig(**change)


def test_a_speaker_of_few_words_makes_only_own_episodes_small(mouth_corpus):
    few = [c for c in mouth_corpus if c.speaker != "speaker 0" or c.word in ("word 0", "word 1")]
    source = EpisodeSource(few, EpisodeConfig(speakers=1, words=4), InputConfig())
    sizes = {source.episode(number, seed=0)[0].shape for number in range(20)}
    assert sizes == {(1, 2, 2), (1, 4, 2)}


def test_a_copy_for_other_words_keeps_what_it_knows(tiny_model):
    copy = tiny_model.with_words(["new", "word 1"], ["round", "open"])
    assert torch.equal(copy.word_weights[1], tiny_model.word_weights[1])
    head, old = copy.unit_head, tiny_model.unit_head
    assert torch.equal(head.weight[[0, 2]], old.weight[[0, 1]])  # none and open
    assert torch.equal(head.bias[[0, 2]], old.bias[[0, 1]])
    assert not any(torch.equal(head.weight[1], row) for row in old.weight)

import dataclasses
import json

import pytest
import torch
from tests.support.drawn_mouths import drawn_corpus
from tests.support.hostile_json import NASTY

from videospace.lipreading.data.augmentation import NO_AUGMENTATION
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.pretraining.config import PretrainConfig, PretrainOptions
from videospace.lipreading.pretraining.episodes import EpisodeConfig
from videospace.lipreading.pretraining.pretrain import STATE_FILE, pretrain
from videospace.runtime.checkpoint import load_tensors, save_tensors
from videospace.runtime.errors import UserError

SMALL = PretrainConfig(episode=EpisodeConfig(speakers=1, words=3, takes=2), steps=4)
QUIET = PretrainOptions(time_budget_seconds=None, device="cpu", progress=False)


def test_pretraining_learns(mouth_corpus):
    losses = []
    for steps in (1, 25):
        config = PretrainConfig(
            episode=EpisodeConfig(speakers=1, words=4),
            augmentation=NO_AUGMENTATION,
            steps=steps,
            learning_rate=1e-2,
        )
        model = pretrain(mouth_corpus, None, config, QUIET)
        clips = [c.clip for c in mouth_corpus]
        logits = model.word_logits(model.embed(clips).clips).detach()
        targets = torch.tensor([model.words.index(c.word) for c in mouth_corpus])
        losses.append(torch.nn.functional.cross_entropy(logits, targets).item())
    assert losses[1] < 0.5 * losses[0]
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
    with pytest.raises(UserError, match="other settings"):
        pretrain(mouth_corpus, tmp_path, dataclasses.replace(SMALL, weight_decay=0.1), QUIET)
    with pytest.raises(UserError, match="other clips"):
        pretrain(drawn_corpus(takes=2), tmp_path, SMALL, QUIET)


def test_a_state_that_was_changed_resumes_or_is_refused(mouth_corpus, tmp_path):
    pretrain(mouth_corpus, tmp_path, SMALL, QUIET)
    tensors, notes = load_tensors(tmp_path / STATE_FILE)
    tensors = {name: value.clone() for name, value in tensors.items()}
    name = next(each for each in tensors if each.startswith("adam.exp_avg."))
    rest = {each: value for each, value in tensors.items() if each != name}
    for odd in (
        rest,
        {**rest, name: tensors[name].long()},
        {**rest, name: tensors[name][None]},
        {**rest, name: torch.full_like(tensors[name], torch.inf)},
    ):
        save_tensors(tmp_path / STATE_FILE, odd, notes)
        with pytest.raises(UserError, match="damaged"):
            pretrain(mouth_corpus, tmp_path, SMALL, QUIET)
    for value in NASTY:
        for field in ("step", "seconds"):
            progress = json.dumps({**json.loads(notes["progress"]), field: value})
            save_tensors(tmp_path / STATE_FILE, tensors, {**notes, "progress": progress})
            if field == "step" and value == 0:
                continue  # it would train again
            try:
                pretrain(mouth_corpus, tmp_path, SMALL, QUIET)
            except UserError as error:
                assert "damaged" in str(error)  # noqa: PT017


def test_a_run_of_version_0_1_resumes(mouth_corpus, tmp_path):
    done = pretrain(mouth_corpus, tmp_path, SMALL, QUIET)
    tensors, metadata = load_tensors(tmp_path / STATE_FILE)
    metadata["config"] = metadata["config"].replace("_fraction", "_share")
    assert '"spliced_share"' in metadata["config"]
    save_tensors(tmp_path / STATE_FILE, tensors, metadata)
    resumed = pretrain(mouth_corpus, tmp_path, SMALL, QUIET)  # nothing is left to do
    assert torch.equal(resumed.word_weights, done.word_weights)


def test_a_loss_that_is_not_finite_names_the_words(mouth_corpus, monkeypatch):
    from videospace.lipreading.pretraining import pretrain as training

    monkeypatch.setattr(training._Run, "loss", lambda *_: torch.tensor(float("nan")))
    with pytest.raises(UserError, match=r"nan .* word \d"):
        pretrain(mouth_corpus, None, SMALL, QUIET)


def test_too_few_clips():
    with pytest.raises(UserError, match="got none"):
        pretrain([], None)
    with pytest.raises(UserError, match="2 words of 2 takes"):
        pretrain(drawn_corpus(takes=1), None, SMALL, QUIET)

"""Weights and temperatures that say no more than was measured."""

import dataclasses

import numpy as np
import pytest
from drawn_mouths import drawn_corpus

from videospace.lipreading import calibration
from videospace.lipreading.calibration import calibrate
from videospace.lipreading.fusion import fitted_weights
from videospace.lipreading.pretrain_config import EpisodeConfig, PretrainConfig, PretrainOptions
from videospace.lipreading.strategies import recogniser
from videospace.lipreading.training import pretrain
from videospace.runtime.errors import UserError

QUIET = PretrainOptions(time_budget_seconds=None, device="cpu", progress=False)


def test_words_that_a_speaker_does_not_know_change_nothing():
    chance = np.random.default_rng(0)
    targets = chance.integers(0, 4, 200)
    scores = {"a": 1.5 * np.eye(4)[targets] + chance.normal(size=(200, 4))}
    widened = {"a": np.pad(scores["a"], ((0, 0), (0, 30)), constant_values=np.nan)}
    assert fitted_weights(widened, targets)["a"] == pytest.approx(
        fitted_weights(scores, targets)["a"], rel=1e-3
    )


def test_the_classifier_is_weighed_only_on_what_it_knows(mouth_corpus, tiny_model):
    own = [clip for clip in mouth_corpus if clip.speaker == "speaker 0"]
    found = calibrate(tiny_model, own)
    assert "words" in found  # words 0 and 1
    taught = [clip for clip in own if clip.word in tiny_model.words]
    assert found["words"] == calibrate(tiny_model, taught)["words"]
    alone = "dtw-embeddings+dtw-normalised+prototypes"
    assert found[alone] != calibrate(tiny_model, taught)[alone]


def test_sets_without_the_classifier_are_weighed_on_words_that_nobody_taught(
    mouth_corpus, tiny_model, monkeypatch
):
    own = [clip for clip in mouth_corpus if clip.speaker == "speaker 0"]
    asked = []
    fitted = calibration.fitted_weights

    def watched(scores, targets):
        asked.append((sorted(scores), sorted(set(targets.tolist())), len(targets)))
        return fitted(scores, targets)

    monkeypatch.setattr(calibration, "fitted_weights", watched)
    calibrate(tiny_model, own)
    # Two tests of each of two words, among two words and then among all four.
    assert {(tuple(targets), num) for _, targets, num in asked} == {((0, 1), 4), ((2, 3), 4)}
    assert all("words" not in names for names, targets, _ in asked if targets == [2, 3])


def test_words_are_kept_out_of_pretraining(mouth_corpus):
    config = PretrainConfig(
        episode=EpisodeConfig(speakers=1, words=2), steps=1, calibration_words=2
    )
    model = pretrain(mouth_corpus, None, config, QUIET)
    assert len(model.words) == 2
    assert "dtw-embeddings+dtw-normalised+prototypes" in model.calibration
    assert "dtw-embeddings+dtw-normalised+prototypes+words" in model.calibration
    everything = dataclasses.replace(config, calibration_words=0)
    assert len(pretrain(mouth_corpus, None, everything, QUIET).words) == 4
    with pytest.raises(UserError, match="at least 1 of calibration_speakers to say the"):
        PretrainConfig(calibration_words=2, calibration_speakers=0)


def test_one_word_with_two_clips_sets_a_temperature(mouth_corpus):
    own = [c for c in mouth_corpus if c.speaker == "speaker 0" and c.take == "00"]
    second = next(c for c in mouth_corpus if c.speaker == "speaker 0" and c.take == "01")
    wrong = dataclasses.replace(second, word=own[-1].word)
    queries = [c.clip for c in mouth_corpus if c.speaker == "speaker 0" and c.take == "02"]
    agreeing, wronged = (
        recogniser("dtw-normalised", [*own, extra]).probabilities(queries).max(1).mean()
        for extra in (second, wrong)
    )
    assert wronged < agreeing - 0.02


def test_another_spelling_is_another_training(tmp_path):
    corpus = drawn_corpus(takes=2)
    config = PretrainConfig(episode=EpisodeConfig(speakers=1, words=3), steps=2, unit_weight=1.0)
    pretrain(corpus, tmp_path, config, QUIET, units={"word 0": ["open"], "word 1": ["shut"]})
    with pytest.raises(UserError, match="holds a training with other clips"):
        pretrain(corpus, tmp_path, config, QUIET, units={"word 0": ["shut"], "word 1": ["open"]})
    renamed = [dataclasses.replace(clip, word=clip.word.upper()) for clip in corpus]
    with pytest.raises(UserError, match="holds a training with other clips"):
        pretrain(renamed, tmp_path, config, QUIET)

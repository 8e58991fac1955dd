"""Weights and temperatures of scorers."""

import dataclasses

import numpy as np
import pytest
from tests.support.drawn_mouths import drawn_corpus, drawn_phrases

from videospace.lipreading.adaptation import learning
from videospace.lipreading.adaptation.learning import recognizer
from videospace.lipreading.pretraining.config import PretrainConfig, PretrainOptions
from videospace.lipreading.pretraining.episodes import EpisodeConfig
from videospace.lipreading.pretraining.pretrain import pretrain
from videospace.lipreading.recognition import calibration
from videospace.lipreading.recognition.calibration import calibrate, own_temperature
from videospace.lipreading.recognition.fusion import fitted_weights
from videospace.lipreading.recognition.scorers import FUSED, build_scorers, weights_for
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
    alone = "dtw-embeddings+dtw-normalized+prototypes"
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
    assert "dtw-embeddings+dtw-normalized+prototypes" in model.calibration
    assert "dtw-embeddings+dtw-normalized+prototypes+words" in model.calibration
    everything = dataclasses.replace(config, calibration_words=0)
    assert len(pretrain(mouth_corpus, None, everything, QUIET).words) == 4
    with pytest.raises(UserError, match="calibration_speakers"):
        PretrainConfig(calibration_words=2, calibration_speakers=0)


def test_one_word_with_two_clips_sets_a_temperature(mouth_corpus):
    own = [c for c in mouth_corpus if c.speaker == "speaker 0" and c.take == "00"]
    second = next(c for c in mouth_corpus if c.speaker == "speaker 0" and c.take == "01")
    wrong = dataclasses.replace(second, word=own[-1].word)
    queries = [c.clip for c in mouth_corpus if c.speaker == "speaker 0" and c.take == "02"]
    agreeing, wronged = (
        recognizer("dtw-normalized", [*own, extra]).probabilities(queries).max(1).mean()
        for extra in (second, wrong)
    )
    assert wronged < agreeing - 0.02


def test_phrases_are_trusted_as_far_as_they_find_each_other(tiny_model):
    """Each has one clip alone, so the others are asked; a shuffled vocabulary finds nothing."""
    shots = drawn_phrases(0)
    order = np.random.default_rng(1).permutation(len(shots))
    shuffled = [
        dataclasses.replace(shot, clip=shots[other].clip)
        for shot, other in zip(shots, order, strict=True)
    ]
    for members in (("dtw-normalized",), FUSED):
        found = []
        for vocabulary in (shots, shuffled):
            scorers = build_scorers(members, vocabulary, tiny_model)
            weights = weights_for(scorers, tiny_model)
            found.append(own_temperature(scorers, vocabulary, tiny_model, weights))
        assert found[1] < 0.6 * found[0]


def test_a_recognizer_of_phrases_is_as_confident_as_its_temperature_says(monkeypatch):
    query = [drawn_phrases(10)[3].clip]
    certainties = []
    for temperature in (0.5, 2.0):
        monkeypatch.setattr(learning, "own_temperature", lambda *_, t=temperature, **__: t)
        found = recognizer("dtw-normalized", drawn_phrases(0))
        certainties.append(found.probabilities(query).max())
    assert certainties[1] > 1.5 * certainties[0]


def test_whole_phrases_alone_set_no_temperature():
    """Without shared parts nothing is left to find a phrase by."""
    shots = drawn_phrases(0)
    whole = build_scorers(("dtw",), shots, None)
    assert own_temperature(whole, shots, None, {"dtw": 2.0}) == 1.0
    in_parts = build_scorers(("dtw-normalized",), shots, None)
    assert own_temperature(in_parts, shots, None, {"dtw-normalized": 2.0}) != 1.0


def test_phrases_with_two_clips_are_tested_as_words_where_parts_do_not_count():
    """A strategy that looks at whole phrases is not left without a temperature."""
    second = drawn_phrases(10)[3]
    shots = [*drawn_phrases(0), second]
    whole = build_scorers(("dtw",), shots, None)
    agreeing = own_temperature(whole, shots, None, {"dtw": 2.0})
    shots[-1] = dataclasses.replace(second, word="a 0")
    whole = build_scorers(("dtw",), shots, None)
    assert own_temperature(whole, shots, None, {"dtw": 2.0}) < agreeing != 1.0


def test_another_spelling_is_another_training(tmp_path):
    corpus = drawn_corpus(takes=2)
    config = PretrainConfig(episode=EpisodeConfig(speakers=1, words=3), steps=2, unit_weight=1.0)
    pretrain(corpus, tmp_path, config, QUIET, units={"word 0": ["open"], "word 1": ["shut"]})
    with pytest.raises(UserError, match="other clips"):
        pretrain(corpus, tmp_path, config, QUIET, units={"word 0": ["shut"], "word 1": ["open"]})
    renamed = [dataclasses.replace(clip, word=clip.word.upper()) for clip in corpus]
    with pytest.raises(UserError, match="other clips"):
        pretrain(renamed, tmp_path, config, QUIET)

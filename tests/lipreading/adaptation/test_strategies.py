import dataclasses
from typing import get_args

import numpy as np
import pytest
import torch
from tests.support.drawn_mouths import drawn_clip, drawn_phrases

from videospace.lipreading.adaptation.learning import LearningSettings, adapt, learn, recognizer
from videospace.lipreading.adaptation.strategies import STRATEGIES, StrategyName, strategy_named
from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.recognition.recognizer import Recognizer
from videospace.runtime.errors import UserError

SHORT = LearningSettings(epochs=2, device="cpu", progress=False, learning_rate=1e-3)
UNITS = {"word 0": ["open"], "word 1": ["shut", "open"], "word 2": ["open", "shut"]}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_answers(strategy, shots, queries, mouth_corpus, tiny_model):
    others = [
        dataclasses.replace(clip, domain="synthetic")
        for clip in mouth_corpus
        if clip.speaker == "speaker 1"
    ]
    learned = learn(strategy, shots, tiny_model, SHORT, synthetic=others, units=UNITS)
    assert learned.words == ["word 0", "word 1", "word 2", "word 3"]
    found = learned.probabilities([query.clip for query in queries])
    np.testing.assert_allclose(found.sum(1), 1, rtol=1e-5)
    assert found.std() > 0
    answer = learned.recognize(queries[0].clip, k=3)
    assert len(answer.words) == len(set(answer.words)) == 3
    assert answer.probabilities == sorted(answer.probabilities, reverse=True)


@pytest.mark.parametrize("strategy", ["dtw", "dtw-normalized", "templates"])
def test_training_free_strategies_recognize(strategy, shots, queries):
    learned = learn(strategy, shots)
    right = [learned.recognize(q.clip).words[0] == q.word for q in queries]
    assert np.mean(right) >= 0.75


@pytest.mark.parametrize("strategy", ["cl-r", "ve-r", "ve-r+s-mod"])
def test_training_fits_the_shots(strategy, shots, mouth_corpus, tiny_model):
    others = [c for c in mouth_corpus if c.speaker == "speaker 1" and c.take == "00"]
    before = {name: value.clone() for name, value in tiny_model.state_dict().items()}
    settings = dataclasses.replace(SHORT, epochs=40, learning_rate=5e-3)
    trained = adapt(strategy, shots, tiny_model, settings, synthetic=others)
    answers = recognizer(strategy, shots, trained)
    assert all(answers.recognize(shot.clip).words[0] == shot.word for shot in shots)
    for name, value in tiny_model.state_dict().items():  # the pretrained model is left alone
        assert torch.equal(value, before[name]), name


def test_a_trained_model_answers_alike_after_the_disk(shots, queries, tiny_model, tmp_path):
    trained = adapt("cl-r", shots, tiny_model, SHORT)
    trained.save_pretrained(tmp_path)
    opened = type(trained).from_pretrained(tmp_path)
    clips = [query.clip for query in queries]
    one, other = (recognizer("cl-r", shots, m).probabilities(clips) for m in (trained, opened))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "strategy", ["prototypes", "dtw-normalized", "templates", "fusion", "cl-r"]
)
def test_a_new_word_is_known_at_once(strategy, shots, tiny_model):
    learned = learn(strategy, shots, tiny_model, SHORT)
    new = drawn_clip(5)
    assert "new" not in learned.recognize(new, k=9).words
    learned.add("new", new)
    answer = learned.recognize(new, k=9)
    assert answer.words[0] == "new"
    assert len(answer.words) == 5


def test_a_correction_counts_at_once(shots, tiny_model):
    learned = learn("fusion", shots, tiny_model, SHORT)
    odd = drawn_clip(7)
    before = learned.probabilities([odd])[0, 2]
    learned.add("word 2", odd)
    assert learned.recognize(odd).words[0] == "word 2"
    assert learned.probabilities([odd])[0, 2] > before


def test_a_refused_clip_changes_nothing(shots, queries, tiny_model):
    learned = learn("fusion", shots, tiny_model)
    before = learned.probabilities([queries[0].clip])
    minute = MouthClip(frames=np.zeros((60, 88, 88), np.uint8), fps=1.0)
    with pytest.raises(UserError, match="at most 12 s"):
        learned.add("new", minute)
    with pytest.raises(UserError, match="empty"):
        learned.add("  ", queries[0].clip)
    np.testing.assert_array_equal(learned.probabilities([queries[0].clip]), before)


def test_use_moves_the_probabilities(shots, queries):
    clip = queries[0].clip
    plain = recognizer("dtw", shots).probabilities([clip])[0]
    counted = recognizer("dtw", shots, use_counts={"word 3": 20})
    prior = np.array([1, 1, 1, 21]) * plain
    np.testing.assert_allclose(counted.probabilities([clip])[0], prior / prior.sum(), rtol=1e-4)
    before = counted.probabilities([clip])[0, 1]
    for _ in range(9):
        counted.count_use("word 1")
    assert counted.probabilities([clip])[0, 1] > before


def test_sure_is_a_matter_of_the_threshold(shots):
    clip = shots[0].clip
    never, always = (
        recognizer("dtw", shots, settings=LearningSettings(confident_at=at)) for at in (1.0, 0.0)
    )
    assert not never.recognize(clip).confident
    assert always.recognize(clip).confident


def test_two_clips_a_word_set_the_temperature(mouth_corpus):
    own = [c for c in mouth_corpus if c.speaker == "speaker 0" and c.take != "02"]
    test = [c for c in mouth_corpus if c.speaker == "speaker 0" and c.take == "02"]
    words = ["word 0", "word 1", "word 2", "word 3"]
    swapped = [
        dataclasses.replace(c, word=words[(words.index(c.word) + 1) % 4]) if c.take == "01" else c
        for c in own
    ]
    clips = [c.clip for c in test]
    consistent = recognizer("dtw-normalized", own).probabilities(clips).max(1).mean()
    contradictory = recognizer("dtw-normalized", swapped).probabilities(clips).max(1).mean()
    assert contradictory < consistent - 0.1


def test_what_a_strategy_needs(shots, tiny_model):
    assert get_args(StrategyName) == tuple(STRATEGIES)
    without_model = [name for name, strategy in STRATEGIES.items() if not strategy.needs_model]
    assert without_model == ["dtw", "dtw-normalized", "templates"]
    with pytest.raises(UserError, match="pretrained model"):
        learn("prototypes", shots)
    with pytest.raises(UserError, match=r"second domain.*use ve-r$"):
        learn("ve-r+s-mod", shots, tiny_model)
    with pytest.raises(UserError, match="2 words"):
        learn("cl-r", shots[:1], tiny_model)
    with pytest.raises(UserError, match="at least one clip"):
        learn("dtw", [])
    with pytest.raises(UserError, match="magic"):
        strategy_named("magic")


def test_bad_recognizers(shots):
    with pytest.raises(UserError, match="weight"):
        Recognizer({}, {})
    good = recognizer("dtw", shots)
    with pytest.raises(UserError, match="k of at least 1"):
        good.recognize(shots[0].clip, k=0)
    with pytest.raises(UserError, match="confident_at"):
        Recognizer(good.scorers, good.weights, confident_at=2.0)
    assert good.probabilities([]).shape == (0, 4)
    assert recognizer("dtw", shots[:1]).recognize(shots[0].clip).probabilities == [1.0]


def test_the_device_counts_without_training_too(shots, tiny_model):
    for strategy in ("fusion", "prototypes"):
        with pytest.raises(UserError, match="auto, cpu"):
            recognizer(strategy, shots, tiny_model, LearningSettings(device="abacus"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time_budget_seconds": 0.0}, "more than 0 seconds"),
        ({"time_budget_seconds": -60.0}, "more than 0 seconds"),
        ({"seed": -1}, "seed"),
        ({"confident_at": 1.5}, "confident_at"),
    ],
)
def test_bad_settings(change, message):
    with pytest.raises(UserError, match=message):
        LearningSettings(**change)


def test_a_classifier_of_other_words_is_left_out(shots, tiny_model):
    assert "words" not in recognizer("fusion", shots, tiny_model).scorers
    assert "words" in recognizer("fusion", shots[:2], tiny_model).scorers


def test_phrases_that_share_their_parts_are_fused_part_by_part(tiny_model):
    shots, queries = drawn_phrases(0), drawn_phrases(10)
    learned = learn("fusion", shots, tiny_model, SHORT)
    assert set(learned.scorers) == {"dtw-normalized", "dtw-embeddings"}
    right = [learned.recognize(query.clip).words[0] == query.word for query in queries]
    assert np.mean(right) >= 0.75


def with_landmarks(clip: LabeledClip) -> LabeledClip:
    """Lips that open as the drawn ones do: the dark part of each frame."""
    dark = clip.clip.frames < 80
    points = np.stack([dark.any(axis=2).sum(1), dark.any(axis=1).sum(1)], 1) / 88
    points = points[:, None].astype(np.float32)
    return dataclasses.replace(clip, clip=dataclasses.replace(clip.clip, landmarks=points))


def test_landmarks_count_where_every_clip_has_them(shots, queries):
    landmarked = [with_landmarks(shot) for shot in shots]
    asked = [with_landmarks(query) for query in queries]
    known, partly = learn("templates", landmarked), learn("templates", [*landmarked[1:], shots[0]])
    assert set(known.scorers) == {"templates", "projected", "landmarks"}
    assert set(partly.scorers) == {"templates", "projected"}
    right = [known.recognize(query.clip).words[0] == query.word for query in asked]
    assert np.mean(right) >= 0.75
    # The landmarks of another word make a difference.
    swapped = dataclasses.replace(
        asked[0].clip, landmarks=asked[-1].clip.part(0, len(asked[0].clip.frames)).landmarks
    )
    one, other = known.probabilities([asked[0].clip]), known.probabilities([swapped])
    assert np.abs(one - other).max() > 0.02


def test_pictures_alone_answer_a_clip_without_landmarks(shots, queries):
    known = learn("templates", [with_landmarks(shot) for shot in shots])
    plain = learn("templates", shots)
    clips = [query.clip for query in queries]
    np.testing.assert_array_equal(
        known.probabilities(clips).argmax(1), plain.probabilities(clips).argmax(1)
    )
    known.add("word 1", drawn_clip(1, take=8))
    assert known.recognize(with_landmarks(queries[0]).clip).words[0] == queries[0].word

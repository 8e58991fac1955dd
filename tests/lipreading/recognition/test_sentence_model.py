"""The model of a person's sentences, and the ranking by it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videospace.lipreading.recognition.recognizer import Recognition
from videospace.lipreading.recognition.sentence_model import SentenceModel, rerank
from videospace.runtime.errors import UserError

WORDS = ["a", "b", "c", "d"]


@given(
    st.lists(st.lists(st.sampled_from(WORDS), max_size=5), max_size=8),
    st.lists(st.sampled_from([*WORDS, "unknown"]), max_size=4),
)
def test_probabilities_are_positive_and_sum_to_one(sentences, before):
    model = SentenceModel()
    for sentence in sentences:
        model.learn(sentence)
    found = model.probabilities(before, WORDS)
    assert (found > 0).all()
    assert found.sum() == pytest.approx(1)


def test_the_longer_context_counts_more():
    model = SentenceModel()
    for sentence in (["a", "b", "c"], ["d", "b", "d"], ["d", "b", "d"]):
        model.learn(sentence)
    after_ab, after_db = (model.probabilities([first, "b"], WORDS) for first in "ad")
    assert WORDS[after_ab.argmax()] == "c"
    assert WORDS[after_db.argmax()] == "d"
    # What was never there falls back on what followed the second word alone.
    assert WORDS[model.probabilities(["c", "b"], WORDS).argmax()] == "d"


def test_by_hand():
    model = SentenceModel()
    model.learn(["a", "b"])
    model.learn(["a", "c"])
    # Words alone: a 2, b 1, c 1, with 3 different ones; "a" was followed by 2 words, 2 different.
    alone = (np.array([2, 1, 1, 0]) + 3 / 4) / 7
    after_a = (np.array([0, 1, 1, 0]) + 2 * alone) / 4
    after_start_a = (np.array([0, 1, 1, 0]) + 2 * after_a) / 4
    np.testing.assert_allclose(model.probabilities(["a"], WORDS), after_start_a)


def test_without_sentences_all_words_are_alike():
    np.testing.assert_allclose(SentenceModel().probabilities(["a"], WORDS), 0.25)
    assert SentenceModel().likeliest([], 3) == []
    with pytest.raises(UserError):
        SentenceModel().probabilities([], [])


def test_the_ranking_weighs_lips_and_sentence():
    found = Recognition(words=["a", "b", "c"], probabilities=[0.5, 0.3, 0.2], confident=True)
    likely = np.array([0.1, 0.8, 0.1])
    changed = rerank(found, likely, weight=1.0)
    assert changed.words == ["b", "a", "c"]
    np.testing.assert_allclose(changed.probabilities, np.array([0.24, 0.05, 0.02]) / 0.31)
    assert not changed.confident  # about another word
    assert rerank(found, likely, weight=0.0) == found
    assert rerank(found, np.array([0.8, 0.1, 0.1])).confident
    assert rerank(found, np.full(3, 1 / 3)).words == found.words

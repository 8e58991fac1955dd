"""Words that the person never recorded are rejected."""

import numpy as np
import pytest
from tests.support.drawn_mouths import drawn_clip, drawn_corpus, drawn_phrases, said

from videospace.lipreading.adaptation.learning import LearningSettings, learn, recognizer
from videospace.lipreading.recognition.open_set import OPEN_SET_SCORER, rejection_threshold

QUICK = LearningSettings(epochs=2, device="cpu", progress=False)


def one_clip_each(num_words: int):
    return drawn_corpus(num_words, speakers=1, takes=1)


def confident_fractions(known, num_words: int) -> tuple[float, float]:
    """Of clips of words inside and outside of the vocabulary of word 0 to word n-1."""
    inside = [known.recognize(drawn_clip(w, 0, 7)).confident for w in range(num_words)]
    outside = [known.recognize(drawn_clip(w, 0, 7)).confident for w in range(num_words, 18)]
    return float(np.mean(inside)), float(np.mean(outside))


@pytest.mark.parametrize("num_words", [2, 4, 9])
@pytest.mark.parametrize(
    "strategy", ["templates", "dtw-normalized", "dtw", "prototypes", "fusion", "cl-r"]
)
def test_words_outside_are_mostly_rejected(num_words, strategy, tiny_model):
    shots = one_clip_each(num_words)
    inside, outside = confident_fractions(learn(strategy, shots, tiny_model, QUICK), num_words)
    assert outside < 0.3
    if strategy in ("templates", "dtw-normalized"):
        assert inside > outside + 0.3


def test_probability_alone_would_be_confident_of_what_it_never_saw():
    """What the rule is for: among two words, one is always far more likely than the other."""
    shots = one_clip_each(2)
    known = recognizer("dtw-normalized", shots)
    assert confident_fractions(known, 2)[1] < 0.3
    known.rejection_thresholds = {}
    assert confident_fractions(known, 2)[1] > 0.9


def test_the_judge_changes_no_probability(tiny_model):
    shots = one_clip_each(4)
    clips = [drawn_clip(word, 0, 7) for word in range(6)]
    known = recognizer("prototypes", shots, tiny_model)
    judged = known.probabilities(clips)
    del known.scorers[OPEN_SET_SCORER]
    np.testing.assert_array_equal(known.probabilities(clips), judged)


def test_one_word_alone_is_never_confident():
    known = recognizer("dtw", one_clip_each(1))
    assert not known.recognize(drawn_clip(0)).confident


class Known:
    """Scores that are written down: a row a clip, a column a word."""

    def __init__(self, scores: np.ndarray, words: list[str] | None = None):
        self.words = words or [str(number) for number in range(scores.shape[1])]
        self.table = scores

    def scores(self, clips):
        return self.table[: len(clips)].copy()

    def prepare(self, clip):
        raise AssertionError("nothing is added")

    add = prepare


def test_the_limit_is_what_four_in_five_clips_do_not_reach():
    table = -np.arange(1.0, 13.0)[:, None].repeat(12, 1).astype(np.float32)
    np.fill_diagonal(table, 0)  # a clip and itself
    words = [str(number) for number in range(12)]
    clips = [drawn_clip(0)] * 12
    # The clips resemble other words by -1 to -12; with 12 of them, the 11th counts.
    assert rejection_threshold(words, clips, Known(table)) == -2.0
    # Few words: five per cent closer than the best.
    few = Known(table[:4, :4])
    assert rejection_threshold(words[:4], clips[:4], few) == pytest.approx(-0.95)


def test_all_clips_of_a_word_are_taken_out_with_it():
    """A second clip of each word is no word outside: the limit hardly moves."""
    corpus = drawn_corpus(4, speakers=1, takes=2)
    once = recognizer("dtw", [clip for clip in corpus if clip.take == "00"])
    twice = recognizer("dtw", corpus)
    limits = (known.rejection_thresholds[OPEN_SET_SCORER] for known in (once, twice))
    assert next(limits) == pytest.approx(next(limits), rel=0.2)


def test_phrases_that_share_a_part_are_taken_out_with_it():
    """A letter or digit of the vocabulary is no word outside."""
    words = [f"{letter} {digit}" for letter in "abcd" for digit in "123"]
    shares = np.array(
        [[bool({*one.split()} & {*other.split()}) for other in words] for one in words]
    )
    table = np.where(shares, -0.1, -1 - np.arange(12) / 10).astype(np.float32)
    clips = [drawn_clip(0)] * 12
    # What is left for "a 1" to "d 3" begins at "b 2" (-1.4), and for "b 2" and others at "a 1".
    assert -1.5 < rejection_threshold(words, clips, Known(table, words)) <= -1.0
    beginning_alike = [f"I {verb}" for verb in ("am", "was", "did", "had", "can", "do")]
    few = table[:6, :6].copy()
    np.fill_diagonal(few, 0)
    assert np.isfinite(rejection_threshold(beginning_alike, clips[:6], Known(few, beginning_alike)))


def test_phrases_inside_are_confident_and_those_of_other_parts_are_not():
    """Outside stand other drawn words for letters and digits."""
    known = recognizer(
        "dtw-normalized", drawn_phrases(0), settings=LearningSettings(confident_at=0.3)
    )
    inside = [known.recognize(phrase.clip) for phrase in drawn_phrases(10)]
    outside = [
        known.recognize(said("x", drawn_clip(one), drawn_clip(two)).clip)
        for one in range(9, 13)
        for two in range(13, 17)
    ]
    assert np.mean([found.confident for found in inside]) > 0.9
    assert np.mean([found.confident for found in outside]) < 0.2

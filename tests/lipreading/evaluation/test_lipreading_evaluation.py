"""Splits, scores and the page, with a recognizer whose answers are known."""

import html.parser
import re
from collections.abc import Sequence

import numpy as np
import pytest

from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.evaluation.evaluation import (
    ask,
    confusions,
    evaluate,
    score,
    shot_curve,
    split_shots,
)
from videospace.lipreading.evaluation.plots import principal_components, spread_labels
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.recognition.recognizer import Recognition
from videospace.reports.lipreading_page import write_page
from videospace.runtime.errors import UserError

WORDS = ("mat", "bat", "water", "yes")


def clip(word: str, take: int, *, domain="real", level: int | None = None) -> LabeledClip:
    """A clip whose gray level tells its word, unless another one is given."""
    level = 10 + 50 * WORDS.index(word) if level is None else level
    frames = np.full((5 + take, 88, 88), level, np.uint8)
    mouth = MouthClip(frames=frames, fps=25.0)
    return LabeledClip(word=word, speaker="Ann", take=str(take), domain=domain, clip=mouth)


class ByLevel:
    """Takes the word whose level is nearest."""

    def __init__(self, shots: Sequence[LabeledClip]):
        self.levels = {shot.word: int(shot.clip.frames[0, 0, 0]) for shot in shots}

    def recognize(self, clip: MouthClip, k: int = 5) -> Recognition:
        level = int(clip.frames[0, 0, 0])
        words = sorted(self.levels, key=lambda word: abs(self.levels[word] - level))[:k]
        sure = abs(self.levels[words[0]] - level) < 5
        return Recognition(words=words, probabilities=[1 / len(words)] * len(words), confident=sure)


def learn(shots, seed):
    return ByLevel(shots)


@pytest.fixture
def clips():
    """Three takes a word; the third one of mat looks nearly like bat, and only yes has a fourth."""
    found = [clip(word, take) for word in WORDS for take in (1, 2)]
    found += [clip("mat", 3, level=50), *(clip(word, 3) for word in WORDS[1:]), clip("yes", 4)]
    return found


def test_shots_and_tests_share_no_clip(clips):
    for seed in range(5):
        shots, tests = split_shots(clips, 2, seed=seed)
        assert len(shots) == 8
        assert len(tests) == 5
        assert not {id(shot) for shot in shots} & {id(test) for test in tests}
    again = split_shots(clips[::-1], 2, seed=3)[0]
    assert {id(shot) for shot in again} == {id(shot) for shot in split_shots(clips, 2, seed=3)[0]}
    chosen = {tuple(shot.take for shot in split_shots(clips, 1, seed=s)[0]) for s in range(8)}
    assert len(chosen) > 1


def test_reserved_clips_are_never_asked_about(clips):
    one = split_shots(clips, 1, seed=0, num_reserved=2)
    two = split_shots(clips, 2, seed=0, num_reserved=2)
    assert one[1] == two[1]
    assert {id(shot) for shot in one[0]} < {id(shot) for shot in two[0]}


def test_synthetic_clips_are_neither(clips):
    shots, tests = split_shots([*clips, clip("yes", 9, domain="synthetic")], 1, seed=0)
    assert all(one.domain == "real" for one in (*shots, *tests))


def test_known_scores():
    shots = [clip(word, 1) for word in WORDS]
    tests = [clip("mat", 2), clip("mat", 3, level=58), clip("bat", 2), clip("yes", 2)]
    answers = ask(learn(shots, 0), tests, seed=7)
    scores = score(answers)
    assert scores.top1.mean == 0.75
    assert scores.top3.mean == scores.top5.mean == 1.0
    assert scores.confident_fraction == 1.0
    assert scores.top1_when_confident == 0.75
    assert confusions(answers) == [("mat", "bat", 1)]
    assert {answer.seed for answer in answers} == {7}
    assert scores.top1.low < 0.75 < scores.top1.high
    assert scores.median_seconds > 0
    with pytest.raises(UserError, match="at least one answer"):
        score([])


def test_a_recognizer_that_is_never_confident():
    answers = ask(learn([clip("mat", 1), clip("bat", 1)], 0), [clip("mat", 2, level=30)])
    scores = score(answers)
    assert (scores.confident_fraction, scores.top1_when_confident) == (0.0, None)


def test_every_seed_asks(clips):
    answers = evaluate(clips, learn, num_shots=1, seeds=(0, 1))
    assert [answer.seed for answer in answers] == [0] * 9 + [1] * 9


def test_too_little_to_evaluate():
    with pytest.raises(UserError, match="at least 2 words"):
        evaluate([clip("yes", take) for take in (1, 2)], learn)
    with pytest.raises(UserError, match="1 clip"):
        evaluate([clip("yes", 1), clip("mat", 1)], learn)


def test_more_shots_are_asked_the_same(clips):
    curve = shot_curve(clips, learn, max_shots=2, seeds=(0,))
    assert list(curve) == [1, 2]
    assert curve[1].num_answers == curve[2].num_answers == 5


def test_principal_components_keep_distances_in_a_plane():
    generator = np.random.default_rng(0)
    points = generator.normal(size=(6, 2))
    turned = np.linalg.qr(generator.normal(size=(5, 5)))[0][:2]
    found = principal_components(points @ turned + 3)
    distances = np.linalg.norm(points[:, None] - points, axis=-1)
    np.testing.assert_allclose(np.linalg.norm(found[:, None] - found, axis=-1), distances)


def test_one_dimension_has_no_second_component():
    assert principal_components(np.array([[1.0], [2.0]])).shape == (2, 2)


def test_labels_that_stand_apart_stay():
    places = np.array([[0.0, 0.0], [0.0, 0.5], [0.9, 0.01]])
    np.testing.assert_array_equal(spread_labels(places, [0.3, 0.3, 0.3], 0.1), places)


def test_no_label_covers_another():
    places = np.random.default_rng(0).normal(size=(30, 2)) / 4
    widths = np.linspace(0.1, 0.6, 30).tolist()
    moved = spread_labels(places, widths, 0.06)
    for one in range(30):
        for other in range(one):
            beside = (
                abs(moved[one, 0] - moved[other, 0]) >= (widths[one] + widths[other]) / 2 - 1e-9
            )
            assert beside or abs(moved[one, 1] - moved[other, 1]) >= 0.06 - 1e-9


class Links(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.files = []

    def handle_starttag(self, tag, attrs):
        self.files += [value for name, value in attrs if name == "src"]


def test_the_page(tmp_path, clips):
    def confused(shots, seed):
        return ByLevel([shot for shot in shots if shot.word != "mat"])

    answers = evaluate(clips, confused, num_shots=1, seeds=(0, 1))
    path = write_page(
        tmp_path / "page",
        answers,
        clips,
        strategy="<b>x</b>",
        num_shots=1,
        curve=shot_curve(clips, learn, max_shots=2, seeds=(0,)),
        embeddings=np.random.default_rng(0).normal(size=(len(clips), 4)),
    )
    text = path.read_text()
    links = Links()
    links.feed(text)
    assert {"shots.png", "embeddings.png", "confusions.png", "confusion-0.mp4"} <= set(links.files)
    for name in links.files:
        assert (tmp_path / "page" / name).stat().st_size > 500
    assert "<b>x</b>" not in text
    assert "&lt;b&gt;x" in text
    assert "$" not in re.sub(r"<style>.*</style>", "", text, flags=re.DOTALL)
    assert "<b>mat</b> (left) taken for" in text
    assert re.search(r"\(right\), \d+ times?\.", text)
    assert "They look alike on the lips" in text  # mat and bat
    assert "://" not in text


def test_a_page_of_right_answers_alone(tmp_path):
    (tmp_path / "confusion-5.mp4").write_text("the mouth of an earlier evaluation")
    clips = [clip(word, take) for word in WORDS for take in (1, 2)]
    answers = evaluate(clips, learn, seeds=(0,))
    text = write_page(tmp_path, answers, clips, strategy="dtw", num_shots=1).read_text()
    assert "There were none." in text
    assert "Not measured: most words need three recordings for it." in text
    assert "Not drawn: it needs a pretrained model" in text
    assert "100.0 % (100.0 to 100.0)" in text
    assert not (tmp_path / "shots.png").exists()
    assert not (tmp_path / "confusion-5.mp4").exists()


def test_a_page_with_many_words(tmp_path):
    clips = [
        LabeledClip(
            word=str(number),
            speaker="Ann",
            take=str(take),
            domain="real",
            clip=MouthClip(frames=np.full((3, 88, 88), 5 * number + take, np.uint8), fps=25.0),
        )
        for number in range(32)
        for take in range(2)
    ]
    answers = evaluate(clips, learn, seeds=(0,))
    text = write_page(tmp_path, answers, clips, strategy="dtw", num_shots=1).read_text()
    assert "The 30 most confused words: a row for each spoken word" in text

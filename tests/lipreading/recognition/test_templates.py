import dataclasses
import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.support.drawn_mouths import drawn_clip, drawn_phrases, said
from torch.nn.utils.rnn import pad_sequence

from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.recognition.dtw import dtw_distances, dtw_part_distances, pad
from videospace.lipreading.recognition.template_features import (
    cosine_features,
    normalized_cosine_features,
)
from videospace.lipreading.recognition.templates import TemplateScorer
from videospace.runtime.errors import UserError


def plain_distance(one: np.ndarray, other: np.ndarray) -> float:
    """The textbook recursion, cell by cell."""
    cost = np.linalg.norm(one[:, None] - other[None], axis=-1)
    total = np.full((len(one) + 1, len(other) + 1), np.inf)
    total[0, 0] = 0
    for i in range(len(one)):
        for j in range(len(other)):
            straight = min(total[i, j + 1], total[i + 1, j]) + cost[i, j]
            total[i + 1, j + 1] = min(straight, total[i, j] + 2 * cost[i, j])
    return total[-1, -1] / (len(one) + len(other))


SIZES = {
    "seed": st.integers(0, 10_000),
    "query": st.integers(1, 9),
    "lengths": st.lists(st.integers(1, 11), min_size=1, max_size=4),
}


@given(**SIZES)
def test_equals_the_plain_recursion(seed, query, lengths):
    chance = np.random.default_rng(seed)
    one = chance.normal(size=(query, 3)).astype(np.float32)
    others = [chance.normal(size=(n, 3)).astype(np.float32) for n in lengths]
    templates, sizes = pad([torch.from_numpy(each) for each in others])
    found = dtw_distances(torch.from_numpy(one), templates + 0, sizes)
    expected = [plain_distance(one, each) for each in others]
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4, atol=1e-4)


def plain_parts(one: np.ndarray, other: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """The cheapest path, walked back from its end; ties are as good as each other."""
    cost = np.linalg.norm(one[:, None] - other[None], axis=-1)
    best = {(-1, -1): (0.0, [])}
    for i, j in itertools.product(range(len(one)), range(len(other))):
        steps = [((i - 1, j), 1), ((i, j - 1), 1), ((i - 1, j - 1), 2)]
        known = [(best[start], weight) for start, weight in steps if start in best]
        best[i, j] = min(
            (total + weight * cost[i, j], [*path, (weight, cost[i, j], parts[j])])
            for (total, path), weight in known
        )
    sums = np.zeros((2, parts.max() + 1))
    for weight, each, part in best[len(one) - 1, len(other) - 1][1]:
        sums[:, part] += weight * each, weight
    return sums[0] / sums[1]


def plain_distance_with_free_ends(one: np.ndarray, other: np.ndarray, free: int) -> float:
    """The same; a path begins and ends at an end of one, and near that of the other."""
    cost = np.linalg.norm(one[:, None] - other[None], axis=-1)
    total = np.full((len(one) + 1, len(other) + 1), np.inf)
    best = np.inf
    for i in range(len(one)):
        for j in range(len(other)):
            before = 0.0 if min(i, j) == 0 and max(i, j) <= free else total[i, j]
            straight = min(total[i, j + 1], total[i + 1, j]) + cost[i, j]
            total[i + 1, j + 1] = min(straight, before + 2 * cost[i, j])
            left = len(one) - 1 - i, len(other) - 1 - j
            if min(left) == 0 and max(left) <= free:
                best = min(best, total[i + 1, j + 1] / (i + j + 2))
    return best


@given(free=st.integers(0, 3), **SIZES)
def test_free_ends_equal_the_plain_recursion(free, seed, query, lengths):
    chance = np.random.default_rng(seed)
    one = chance.normal(size=(query, 3)).astype(np.float32)
    others = [chance.normal(size=(n, 3)).astype(np.float32) for n in lengths]
    templates, sizes = pad([torch.from_numpy(each) for each in others])
    found = dtw_distances(torch.from_numpy(one), templates, sizes, free_ends=free)
    expected = [plain_distance_with_free_ends(one, each, free) for each in others]
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4, atol=1e-4)


def test_frames_at_the_ends_may_be_left_over():
    word = torch.tensor([[1.0], [2.0], [3.0]])
    longer = torch.tensor([[9.0], [1.0], [2.0], [3.0], [9.0]])[None]
    strict, free = (
        dtw_distances(word, longer, torch.tensor([5]), free_ends=ends).item() for ends in (0, 1)
    )
    assert strict > 1
    assert free == 0


@given(**SIZES)
def test_parts_are_those_of_the_cheapest_path(seed, query, lengths):
    chance = np.random.default_rng(seed)
    one = chance.normal(size=(query, 3)).astype(np.float32)
    others = [chance.normal(size=(n, 3)).astype(np.float32) for n in lengths]
    templates, sizes = pad([torch.from_numpy(each) for each in others])
    cuts = [sorted(chance.integers(0, n + 1, 2).tolist()) for n in lengths]
    parts = [
        np.unique(np.repeat([0, 1, 2], np.diff([0, *cut, n])), return_inverse=True)[1]
        for cut, n in zip(cuts, lengths, strict=True)
    ]
    padded = pad_sequence([torch.from_numpy(each) for each in parts], batch_first=True)
    found = dtw_part_distances(torch.from_numpy(one), templates, sizes, padded).numpy()
    for row, (other, own) in enumerate(zip(others, parts, strict=True)):
        expected = plain_parts(one, other, own)
        np.testing.assert_allclose(found[row, : len(expected)], expected, rtol=1e-4, atol=1e-4)
        assert np.isinf(found[row, len(expected) :]).all()


def test_padding_does_not_matter():
    query, templates = torch.rand(5, 2), torch.rand(2, 7, 2)
    lengths = torch.tensor([4, 7])
    spoilt = templates.clone()
    spoilt[0, 4:] = 1e3
    before, after = (dtw_distances(query, each, lengths) for each in (templates, spoilt))
    assert torch.equal(before, after)


def test_cosine_features_are_those_of_the_library():
    from scipy.fft import dctn

    frames = np.random.default_rng(0).integers(0, 256, (1, 8, 8), np.uint8)
    clip = MouthClip(frames=frames.repeat(11, 1).repeat(11, 2), fps=25.0)
    features = cosine_features([clip])[0][0, :63].numpy()
    # 88 px → 32 px by box filter: every small pixel is a mean over 2.75 × 2.75 px.
    fine = clip.frames[0].repeat(32, 0).repeat(32, 1).reshape(32, 88, 32, 88).mean((1, 3)) / 255
    expected = dctn(fine, norm="ortho")[:8, :8].ravel()[1:]
    np.testing.assert_allclose(features, expected, atol=1e-4)


def test_normalized_features_ignore_the_light_and_the_face(shots):
    clip = shots[0].clip
    darker = MouthClip(frames=(clip.frames // 2 + 20).astype(np.uint8), fps=25.0)
    one, other = normalized_cosine_features([clip, darker])
    plain, plain_other = cosine_features([clip, darker])
    relative = (one - other).norm() / one.norm()
    assert relative < 0.5 * (plain - plain_other).norm() / plain.norm()
    torch.testing.assert_close(one[:, :63].mean(0), torch.zeros(63), atol=1e-4, rtol=0)


def test_a_clip_of_one_frame_has_features():
    clip = MouthClip(frames=np.zeros((1, 88, 88), np.uint8), fps=25.0)
    for features in (cosine_features, normalized_cosine_features):
        assert features([clip])[0].isfinite().all()


@pytest.mark.parametrize("features", [cosine_features, normalized_cosine_features])
@pytest.mark.parametrize("center", [True, False])
def test_recognizes_drawn_words(shots, queries, features, center):
    scorer = TemplateScorer(
        [s.word for s in shots], [s.clip for s in shots], features, center=center
    )
    best = scorer.scores([query.clip for query in queries]).argmax(1)
    right = [scorer.words[index] == q.word for index, q in zip(best, queries, strict=True)]
    assert np.mean(right) >= 0.75


def test_the_nearest_clip_of_a_word_counts(shots, queries):
    scorer = TemplateScorer([s.word for s in shots], [s.clip for s in shots])
    before = scorer.scores([queries[0].clip])
    scorer.add("word 3", scorer.prepare(queries[0].clip))
    after = scorer.scores([queries[0].clip])
    assert after[0, 3] == pytest.approx(0, abs=1e-3)
    np.testing.assert_array_equal(after[0, :3], before[0, :3])


def part_scorer(shots: list[LabeledClip], *, split_overlapping: bool = True) -> TemplateScorer:
    words, clips = [shot.word for shot in shots], [shot.clip for shot in shots]
    return TemplateScorer(
        words, clips, normalized_cosine_features, center=True, split_overlapping=split_overlapping
    )


def test_phrases_help_each_other_with_the_parts_they_share():
    """One phrase of every letter was filmed as another one; the others make up for it."""
    shots, queries = drawn_phrases(0), drawn_phrases(10)
    spoilt = [
        dataclasses.replace(shot, clip=shots[row - row % 4 + (row + 1) % 4].clip)
        if row % 5 == 0
        else shot
        for row, shot in enumerate(shots)
    ]

    def right(*, split_overlapping: bool) -> int:
        scorer = part_scorer(spoilt, split_overlapping=split_overlapping)
        best = scorer.scores([queries[row].clip for row in range(0, 16, 5)]).argmax(1)
        return sum(index == row for index, row in zip(best, range(0, 16, 5), strict=True))

    assert right(split_overlapping=False) == 0
    assert right(split_overlapping=True) >= 3


def test_a_word_that_shares_nothing_is_compared_as_a_whole():
    """A word's score does not depend on whether it stands among phrases or alone."""
    shots, query = drawn_phrases(0), [drawn_phrases(10)[3].clip, drawn_clip(9, 0, 1)]
    mixed = [*shots, said("help", drawn_clip(9))]
    scorer, whole = part_scorer(mixed), part_scorer(mixed, split_overlapping=False)
    found, plain = scorer.scores(query), whole.scores(query)
    assert found.argmax(1).tolist() == [3, 16]
    np.testing.assert_allclose(found[:, 16], plain[:, 16], atol=1e-5)
    assert np.abs(found[:, :16] - plain[:, :16]).max() > 0.01


def test_parts_of_another_place_or_of_a_longer_phrase_do_not_mix():
    clips = {word: drawn_clip(number) for number, word in enumerate("abc")}
    pairs = [(one, two) for one, two in itertools.product("abc", "abc")]
    threes = [(*pair, "c") for pair in pairs]
    shots = [said(" ".join(of), *(clips[part] for part in of)) for of in (*pairs, *threes)]
    scorer = part_scorer(shots)
    best = scorer.scores([shot.clip for shot in shots]).argmax(1)
    assert [scorer.words[index] for index in best] == [shot.word for shot in shots]


@pytest.mark.parametrize("split_overlapping", [True, False])
def test_a_template_is_scored_as_if_it_had_never_come(split_overlapping):
    shots = [*drawn_phrases(0), *drawn_phrases(10)]
    scorer, rows = part_scorer(shots, split_overlapping=split_overlapping), [3, 20]
    found = scorer.scores_of_templates(rows)
    for row, scores in zip(rows, found, strict=True):
        others = [shot for shot in shots if shot is not shots[row]]
        alone = part_scorer(others, split_overlapping=split_overlapping)
        expected = alone.scores([shots[row].clip])[0][[alone.words.index(w) for w in scorer.words]]
        # The mean of all templates, which is subtracted, still has the clip in it.
        np.testing.assert_allclose(scores, expected, atol=0.02)
        assert np.argsort(scores)[-3:].tolist() == np.argsort(expected)[-3:].tolist()
    own = scorer.scores([shots[row].clip for row in rows])
    assert (own.max(1) > found.max(1) + 0.01).all()


def test_a_part_without_another_template_scores_nothing():
    shots = [*drawn_phrases(0), said("help", drawn_clip(9))]
    scorer = part_scorer(shots)
    found = scorer.scores_of_templates([16, 0])
    assert found[0, 16] == -np.inf
    assert np.isfinite(found[0, :16]).all()
    assert np.isfinite(found[1]).all()


def test_a_clip_of_a_minute_is_refused():
    clip = MouthClip(frames=np.zeros((60, 88, 88), np.uint8), fps=1.0)
    with pytest.raises(UserError, match="at most 12 s"):
        cosine_features([clip])


def sequences_of(clips):
    """The gray levels of the first row as features, so that a test can write them down."""
    return [torch.tensor(clip.frames[:, 0]).float() / 255 for clip in clips]


def gray(*levels: float) -> MouthClip:
    frames = np.array(levels)[:, None, None].repeat(88, 1).repeat(88, 2)
    return MouthClip(frames=frames.astype(np.uint8), fps=25.0)


def test_a_template_near_everything_does_not_draw_all_answers():
    """The middle is the nearest to a clip that is brighter than it, as it is to all."""
    words, clips = ["low", "middle", "high"], [gray(0, 0), gray(100, 100), gray(255, 255)]
    asked = [gray(170, 170)]
    plain = TemplateScorer(words, clips, sequences_of)
    corrected = TemplateScorer(words, clips, sequences_of, hub_correction=0.5)
    assert words[plain.scores(asked).argmax()] == "middle"
    assert words[corrected.scores(asked).argmax()] == "high"


def test_added_templates_are_corrected_too():
    words, clips = ["low", "middle", "high"], [gray(0, 0), gray(100, 100), gray(255, 255)]
    whole = TemplateScorer(words, clips, sequences_of, hub_correction=0.5)
    grown = TemplateScorer(words[:2], clips[:2], sequences_of, hub_correction=0.5)
    grown.scores(clips)
    grown.add("high", grown.prepare(clips[2]))
    np.testing.assert_allclose(grown.scores(clips)[:, 2], whole.scores(clips)[:, 2], atol=1e-4)


def test_clips_with_other_features_are_not_scored():
    def of_length(clips):
        return [each[:, : len(each)] for each in sequences_of(clips)]

    scorer = TemplateScorer(["a", "b"], [gray(1, 2), gray(9, 7)], of_length)
    scores = scorer.scores([gray(1, 2), gray(1, 2, 3)])
    assert np.isfinite(scores[0]).all()
    assert np.isnan(scores[1]).all()
    scorer.add("c", scorer.prepare(gray(1, 2, 3)))
    assert np.isnan(scorer.scores([gray(1, 2)])).all()

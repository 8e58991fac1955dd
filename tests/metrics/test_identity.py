import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from videospace.metrics.identity import (
    Identity,
    global_similarity,
    identity,
    local_similarity,
    matching_similarity,
)
from videospace.runtime.errors import UserError


def color_embedder(frames: np.ndarray) -> np.ndarray:
    """The mean color stands for the face; a black frame shows none."""
    colors = frames.mean(axis=(1, 2))
    colors[colors.sum(axis=1) == 0] = np.nan
    return colors


def plain(*colors: tuple[int, int, int], size: tuple[int, int] = (2, 2)) -> Tensor:
    """One clip; every frame has one color."""
    frames = torch.tensor(colors, dtype=torch.uint8)
    return frames[None, :, None, None].expand(1, -1, *size, 3).clone()


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def noise(seed: int, time: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.5, 1, (time, width))


RED, GREEN, YELLOW, BLACK = (200, 0, 0), (0, 100, 0), (50, 50, 0), (0, 0, 0)
HALF = math.sqrt(0.5)

SIZES = {"seed": st.integers(0, 999), "time": st.integers(2, 8), "width": st.integers(1, 5)}


class TestSimilarities:
    @settings(max_examples=30, deadline=None)
    @given(**SIZES)
    def test_they_are_plain_means_of_cosines(self, seed, time, width):
        faces, others = noise(seed, time, width), noise(seed + 1, time, width)
        neighbors = [cosine(faces[t], faces[t + 1]) for t in range(time - 1)]
        pairs = [cosine(a, b) for a, b in itertools.combinations(faces, 2)]
        matches = [cosine(a, b) for a, b in zip(faces, others, strict=True)]
        assert local_similarity(faces) == pytest.approx(np.mean(neighbors), abs=1e-9)
        assert global_similarity(faces) == pytest.approx(np.mean(pairs), abs=1e-9)
        assert matching_similarity(faces, others) == pytest.approx(np.mean(matches), abs=1e-9)

    @settings(max_examples=30, deadline=None)
    @given(**SIZES)
    def test_the_length_of_an_embedding_does_not_matter(self, seed, time, width):
        faces = noise(seed, time, width)
        longer = faces * np.random.default_rng(seed).uniform(0.1, 10, (time, 1))
        assert local_similarity(longer) == pytest.approx(local_similarity(faces), abs=1e-9)
        assert global_similarity(longer) == pytest.approx(global_similarity(faces), abs=1e-9)
        assert matching_similarity(longer, faces) == pytest.approx(1)

    def test_frames_without_a_face_are_left_out(self):
        faces = noise(0, 6, 4)
        faces[2] = np.nan
        pairs = [cosine(faces[a], faces[b]) for a, b in ((0, 1), (3, 4), (4, 5))]
        assert local_similarity(faces) == pytest.approx(np.mean(pairs))
        found = np.delete(faces, 2, axis=0)
        assert global_similarity(faces) == pytest.approx(global_similarity(found))
        assert matching_similarity(faces, faces) == pytest.approx(1)

    @pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
    def test_what_has_no_direction_is_no_face(self, bad):
        faces = noise(0, 3, 4)
        faces[0] = bad
        assert local_similarity(faces) == pytest.approx(cosine(faces[1], faces[2]))
        assert global_similarity(faces) == pytest.approx(cosine(faces[1], faces[2]))
        assert matching_similarity(faces, noise(1, 3, 4)) == pytest.approx(
            matching_similarity(faces[1:], noise(1, 3, 4)[1:])
        )

    def test_too_few_faces_have_no_similarity(self):
        faces = noise(0, 3, 4)
        faces[1] = np.nan
        assert math.isnan(local_similarity(faces))
        assert not math.isnan(global_similarity(faces))
        assert math.isnan(global_similarity(faces[:2]))
        assert math.isnan(local_similarity(faces[:1]))
        assert math.isnan(matching_similarity(faces[:2], faces[1:]))


class TestIdentity:
    def test_known_values(self):
        """Yellow is halfway between red and green, which have nothing in common."""
        video, reference = plain(RED, YELLOW, GREEN), plain(RED, RED, YELLOW)
        scores = identity(video, reference, color_embedder)
        assert scores.tl_id.item() == pytest.approx(HALF / ((1 + HALF) / 2))
        assert scores.tg_id.item() == pytest.approx((2 * HALF / 3) / ((1 + 2 * HALF) / 3))
        assert scores.gt_id.item() == pytest.approx((1 + HALF + HALF) / 3)
        assert scores.num_without_face.item() == scores.num_reference_without_face.item() == 0

    def test_the_original_keeps_its_identity(self):
        clips = torch.cat([plain(RED, YELLOW, GREEN), plain(YELLOW, YELLOW, GREEN)])
        scores = identity(clips, clips, color_embedder)
        assert scores.tl_id.tolist() == scores.tg_id.tolist() == [1, 1]
        assert scores.gt_id.tolist() == pytest.approx([1, 1])

    def test_a_still_of_another_person_is_constant_and_wrong(self):
        scores = identity(plain(GREEN, GREEN, GREEN), plain(RED, RED, RED), color_embedder)
        assert scores.tl_id.item() == scores.tg_id.item() == pytest.approx(1)
        assert scores.gt_id.item() == 0

    def test_missing_faces_are_counted_and_left_out(self):
        video, reference = plain(RED, BLACK, RED, BLACK), plain(RED, RED, BLACK, RED)
        scores = identity(video, reference, color_embedder)
        assert scores.num_without_face.tolist() == [2]
        assert scores.num_reference_without_face.tolist() == [1]
        assert math.isnan(scores.tl_id.item())
        assert scores.tg_id.item() == pytest.approx(1)
        assert scores.gt_id.item() == pytest.approx(1)

    def test_clips_are_judged_one_by_one(self):
        video = torch.cat([plain(RED, YELLOW), plain(BLACK, BLACK), plain(YELLOW, GREEN)])
        reference = torch.cat([plain(RED, RED), plain(RED, RED), plain(YELLOW, GREEN)])
        together = identity(video, reference, color_embedder)
        assert together.num_without_face.tolist() == [0, 2, 0]
        for clip in (0, 2):
            alone = identity(video[clip : clip + 1], reference[clip : clip + 1], color_embedder)
            for field in ("tl_id", "tg_id", "gt_id"):
                assert getattr(together, field)[clip] == getattr(alone, field)[0]
        assert together.gt_id[1].isnan()

    def test_the_sizes_may_differ(self):
        video, reference = plain(RED, GREEN, size=(8, 6)), plain(RED, GREEN)
        assert identity(video, reference, color_embedder).gt_id.item() == pytest.approx(1)

    def test_an_embedder_that_finds_nothing_may_not_know_its_width(self):
        def embed(frames: np.ndarray) -> np.ndarray:
            found = color_embedder(frames)
            return found if np.isfinite(found).any() else found[:, :1]

        scores = identity(plain(BLACK, BLACK), plain(RED, RED), embed)
        assert scores.gt_id.isnan().all()
        assert scores.num_without_face.tolist() == [2]

    def test_no_clips_have_no_scores(self):
        none = plain(RED, RED)[:0]
        assert identity(none, none, color_embedder).means() == {
            "tl_id": None,
            "tg_id": None,
            "gt_id": None,
            "num_without_face": 0,
            "num_reference_without_face": 0,
        }

    def test_means_leave_out_clips_without_a_figure_and_sum_the_frames(self):
        scores = Identity(
            tl_id=torch.tensor([0.5, math.nan, 1.0]),
            tg_id=torch.tensor([math.nan, math.nan, math.nan]),
            gt_id=torch.tensor([0.25, 0.5, 0.75]),
            num_without_face=torch.tensor([1, 2, 0]),
            num_reference_without_face=torch.tensor([0, 4, 0]),
        )
        assert scores.means() == {
            "tl_id": 0.75,
            "tg_id": None,
            "gt_id": 0.5,
            "num_without_face": 3,
            "num_reference_without_face": 4,
        }


class TestBadInput:
    def test_another_length(self):
        with pytest.raises(UserError, match="got 1 of 3"):
            identity(plain(RED, RED, RED), plain(RED, RED), color_embedder)

    @pytest.mark.parametrize(
        ("embed", "shape"),
        [
            (lambda frames: np.ones((1, 4)), r"\(1, 4\)"),
            (lambda frames: np.ones(len(frames)), r"\(2,\)"),
        ],
    )
    def test_an_embedder_with_other_rows(self, embed, shape):
        with pytest.raises(UserError, match="a row for each"):
            identity(plain(RED, RED), plain(RED, RED), embed)

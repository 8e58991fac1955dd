import dataclasses

import numpy as np
import pytest
import torch
from tests.support.drawn_mouths import drawn_clip

from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.recognition.projection import (
    CARD_FILE,
    PROJECTION_FILE,
    lip_projection,
)
from videospace.lipreading.recognition.template_features import (
    detailed_cosine_features,
    landmark_features,
    projected_features,
)
from videospace.runtime.errors import UserError


def test_detailed_features_ignore_the_light():
    clip = drawn_clip(1)
    dim = MouthClip(frames=(clip.frames * 0.6).astype(np.uint8), fps=25.0)
    one, other, different = detailed_cosine_features([clip, dim, drawn_clip(2)])
    length = min(len(one), len(different))
    assert (one - other).norm() < 0.3 * (one[:length] - different[:length]).norm()


def test_features_are_a_position_and_its_changes():
    (features,) = detailed_cosine_features([drawn_clip(1)])
    position, change, second = features.split(143, dim=1)
    torch.testing.assert_close(position.mean(0), torch.zeros(143), atol=1e-4, rtol=0)
    for each, earlier in ((change, position), (second, change)):
        torch.testing.assert_close(each[1:-1], (earlier[2:] - earlier[:-2]) / 2)


def test_projected_features_come_from_the_package():
    (features,), (projected,) = (
        compute([drawn_clip(1)]) for compute in (detailed_cosine_features, projected_features)
    )
    assert projected.shape == (len(features), 80)
    torch.testing.assert_close(projected, features @ lip_projection())
    assert lip_projection() is lip_projection()  # it is read once
    assert PROJECTION_FILE.stat().st_size < 2**17
    assert "CC BY 4.0" in " ".join((PROJECTION_FILE.parent / CARD_FILE).read_text().split())


@pytest.fixture
def landmarked() -> MouthClip:
    points = np.random.default_rng(0).normal(size=(14, 27, 2)).astype(np.float32)
    return dataclasses.replace(drawn_clip(0).part(0, 14), landmarks=points)


def test_where_the_lips_are_does_not_matter(landmarked):
    moved = dataclasses.replace(landmarked, landmarks=landmarked.landmarks + np.float32(0.3))
    one, other = landmark_features([landmarked, moved])
    assert one.shape == (14, 108)
    torch.testing.assert_close(one, other, atol=1e-4, rtol=0)


def test_landmarks_are_resampled_like_pictures(landmarked):
    slow = dataclasses.replace(landmarked, fps=12.5)
    assert len(landmark_features([slow])[0]) == len(detailed_cosine_features([slow])[0]) == 28


def test_clips_without_landmarks_have_no_features():
    assert landmark_features([drawn_clip(0).part(0, 5)])[0].shape == (5, 0)


def test_short_and_long_clips():
    short = MouthClip(
        frames=np.zeros((1, 88, 88), np.uint8), fps=25.0, landmarks=np.zeros((1, 27, 2), np.float32)
    )
    long = MouthClip(frames=np.zeros((60, 88, 88), np.uint8), fps=1.0)
    for features in (detailed_cosine_features, landmark_features):
        assert features([short])[0].isfinite().all()
        with pytest.raises(UserError, match="12 s"):
            features([long])

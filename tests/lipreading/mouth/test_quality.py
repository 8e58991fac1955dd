import dataclasses

import numpy as np
import pytest
from PIL import Image, ImageFilter

from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.mouth.pose import MouthPose
from videospace.lipreading.mouth.quality import (
    QualityReport,
    assess,
    fraction_out_of_frame,
    sharpness,
)

GOOD = QualityReport(
    num_frames=60,
    fps=25.0,
    mouth_side_px=90.0,
    brightness=0.5,
    contrast=0.1,
    sharpness=0.2,
    movement_start_seconds=0.4,
    movement_end_seconds=1.6,
)


def test_a_good_clip_has_no_problems():
    assert GOOD.problems == []
    assert GOOD.seconds == 2.4


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            {"num_lost_frames": 15},
            "damaged: 15 of its 75",
        ),
        (
            {"num_frames": 2, "movement_end_seconds": 0.06},
            "too short",
        ),
        ({"num_frames": 1500}, "it lasts 60 s: record one word at a time"),
        ({"fps": 8.0}, "close other programs"),
        ({"fps": 8.0, "brightness": 0.2}, "turn on more light"),
        (
            {"longest_gap_seconds": 1.2, "longest_gap_start_seconds": 0.84},
            "the face is lost for 1.2 s, from 0.8 s on: keep it in the picture, towards the camera",
        ),
        (
            {"several_faces_fraction": 0.5},
            "there is more than one face: let only the speaker be in the picture",
        ),
        ({"mouth_side_px": 20.0}, "come closer"),
        (
            {"out_of_frame_fraction": 0.2},
            "the mouth leaves the picture: move the camera so that the whole face is in it",
        ),
        ({"brightness": 0.05}, "it is too dark: turn on a light in front of the face"),
        ({"brightness": 0.95}, "it is too bright: turn the light away from the face"),
        (
            {"contrast": 0.01},
            "the mouth hardly stands out: let light fall on the face from the front",
        ),
        (
            {"sharpness": 0.08},
            "clean the lens",
        ),
        (
            {"movement_start_seconds": None, "movement_end_seconds": None},
            "the lips do not move: was a word mouthed?",
        ),
        (
            {"movement_start_seconds": 0.0},
            "lips closed for a moment before",
        ),
        (
            {"movement_end_seconds": 2.4},
            "close them after the word",
        ),
    ],
)
def test_each_problem_is_named_alone(change, problem):
    (found,) = dataclasses.replace(GOOD, **change).problems
    assert problem in found


def test_a_clip_cut_to_the_word_is_no_problem():
    cut = dataclasses.replace(GOOD, movement_start_seconds=0.0, movement_end_seconds=2.4)
    assert cut.problems == []


def test_light_is_measured():
    frames = np.full((30, 88, 88), 51, np.uint8)
    frames[:, :, 44:] = 153
    report = assess(MouthClip(frames=frames, fps=25.0), mouth_side_px=90.0)
    assert report.brightness == pytest.approx(0.4)
    assert report.contrast == pytest.approx(0.2)
    assert report.movement_start_seconds is None
    assert report.num_frames == 30


def test_blurring_lowers_the_sharpness():
    texture = np.random.default_rng(0).integers(0, 256, (88, 88), dtype=np.uint8)
    image = Image.fromarray(texture)
    values = [
        sharpness(np.array(image.filter(ImageFilter.GaussianBlur(radius)))[None])
        for radius in (0, 1, 2, 4)
    ]
    assert values == sorted(values, reverse=True)
    assert values[0] > 10 * values[3]
    assert sharpness(np.full((2, 88, 88), 9, np.uint8)) == 0


@pytest.mark.parametrize(
    ("x", "y", "share"),
    [(50, 50, 0), (5, 50, 1), (96, 50, 1), (50, 4, 1), (50, 97, 1), (11, 11, 0)],
)
def test_lips_leave_the_picture_on_every_side(x, y, share):
    assert fraction_out_of_frame([MouthPose(x, y, 40.0, 0.0)], 100, 100) == share

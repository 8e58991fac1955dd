"""The check of moving bodies: whole clips pass, fades, ghosts and jumps do not."""

import numpy as np
import pytest

from videospace.clips.synthetic.drawn_digits import drawn_digits
from videospace.clips.synthetic.moving_mnist import moving_mnist
from videospace.metrics.moving_bodies import check_bodies, usual_ink, usual_step
from videospace.runtime.errors import UserError

SIDE = 8


def blocks(*paths, size=(40, 60), value=255):
    """A clip of bright blocks whose corners follow paths of (row, column)."""
    video = np.zeros((len(paths[0]), *size, 3), np.uint8)
    for path in paths:
        for time, (row, column) in enumerate(path):
            video[time, row : row + SIDE, column : column + SIDE] = value
    return video


def path(start, step, num=8):
    return [(start[0] + time * step[0], start[1] + time * step[1]) for time in range(num)]


UPPER, LOWER = path((4, 4), (0, 2)), path((24, 40), (0, -2))
TWO = blocks(UPPER, LOWER)
INK = 2 * SIDE**2


def check(video, **settings):
    settings = {"ink": INK, "max_step_px": 2.0, "side_px": SIDE, **settings}
    return check_bodies(video, **settings)


class TestWholeClips:
    def test_two_blocks(self):
        found = check(TWO)
        assert found.valid
        assert found.ink == pytest.approx(np.full(8, INK))
        assert [len(centers) for centers in found.centers] == [2] * 8

    def test_blocks_that_cross(self):
        assert check(
            blocks(path((10, 8), (0, 3), 12), path((12, 44), (0, -3), 12)), max_step_px=3.0
        ).valid

    def test_moving_digits(self):
        clips = np.concatenate(list(moving_mnist(drawn_digits(0), num_clips=24, seed=1)))
        valid = [
            check_bodies(clip, ink=usual_ink(clip), max_step_px=max(usual_step(clip), 3.6)).valid
            for clip in clips
        ]
        assert np.mean(valid) > 0.9


class TestFaultyClips:
    def test_one_body_is_missing(self):
        assert not check(blocks(UPPER)).valid

    def test_a_body_vanishes(self):
        vanishing = TWO.copy()
        vanishing[5:, 20:] = 0
        assert "2 bodies" in check(vanishing).reasons[0]

    def test_a_fade_between_two_clips(self):
        other = blocks(path((14, 30), (1, 0)), path((4, 48), (1, 0)))
        fade = TWO // 2 + other // 2
        assert not check(fade).valid

    def test_a_ghost_beside_the_bodies(self):
        ghost = blocks(path((14, 20), (0, 1)), value=90)
        assert not check(np.maximum(TWO, ghost)).valid

    def test_faint_bodies(self):
        assert any("faint" in reason for reason in check(TWO // 3).reasons)

    def test_too_little_ink(self):
        assert any("ink" in reason for reason in check(TWO, ink=1.5 * INK).reasons)

    def test_a_jump(self):
        jumping = TWO.copy()
        jumping[4] = TWO[0]
        assert any("jump" in reason for reason in check(jumping).reasons)

    def test_frames_in_another_order(self):
        assert not check(TWO[[3, 0, 6, 1, 7, 2, 5, 4]]).valid

    def test_a_smear(self):
        smear = TWO.copy()
        smear[:, 24:32, 10:58] = 255
        assert any("large" in reason for reason in check(smear).reasons)

    def test_a_black_clip(self):
        assert not check(np.zeros_like(TWO)).valid


def test_usual_figures_are_those_of_the_clip():
    assert usual_ink(TWO) == pytest.approx(INK)
    assert usual_step(TWO) == pytest.approx(2)
    assert usual_step(np.zeros_like(TWO)) == 0


def test_one_frame_does_not_move():
    with pytest.raises(UserError, match="frames"):
        check(TWO[:1])

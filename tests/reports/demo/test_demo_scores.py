"""The scores of spaces whose structure is known."""

import math

import numpy as np
import pytest
import torch

from videospace.clips.synthetic.bouncing_ball import BouncingBallConfig, ball_heights, ball_video
from videospace.inrv.model.inrv_model import InrvModel, ModelConfig
from videospace.inrv.space.video_space import ClipShape, VideoSpace
from videospace.reports.demo.scores import draw_between, structure_fractions

BALLS = BouncingBallConfig(num_clips=9, num_frames=5, size="20x26", radius_px=3.0)
HEIGHTS_PX = ball_heights(9, 20, 26, 3.0)
TURN = math.pi / 2


def space_that_renders(picture) -> VideoSpace:
    """Latents on a quarter of a circle; ``picture`` makes a video of an angle."""
    angles = torch.linspace(0, TURN, 9)
    latents = torch.zeros(9, ModelConfig().latent.width)
    latents[:, 0], latents[:, 1] = angles.cos(), angles.sin()
    shape = ClipShape(num_frames=5, height=20, width=26, fps=25.0)
    ids = [f"ball-{number:03d}" for number in range(9)]
    space = VideoSpace(InrvModel(ModelConfig()), latents, ids, shape)
    angle_of = lambda latent: math.atan2(float(latent[1]), float(latent[0]))  # noqa: E731
    space.render = lambda latents: np.stack([picture(angle_of(latent)) for latent in latents])
    return space


def ball(height_px: float) -> np.ndarray:
    return ball_video(height_px, num_frames=5, height=20, width=26, radius_px=3.0)


def height_at(angle: float) -> float:
    top, bottom = float(HEIGHTS_PX[0]), float(HEIGHTS_PX[-1])
    return min(max(top + (bottom - top) * angle / TURN, top), bottom)


def test_a_space_with_the_right_structure_scores_one():
    shares = structure_fractions(space_that_renders(lambda angle: ball(height_at(angle))), BALLS, 0)
    assert shares == {
        "valid_interpolations": 1.0,
        "valid_interpolations_lerp": 1.0,
        "valid_gaussian_samples": 1.0,
    }


def test_a_space_that_mixes_pixels_scores_zero():
    ends = [ball(float(height_px)).astype(float) for height_px in HEIGHTS_PX[[0, -1]]]
    mixture = np.rint(sum(ends) / 2).astype(np.uint8)
    shares = structure_fractions(space_that_renders(lambda _: mixture), BALLS, 0)
    assert set(shares.values()) == {0.0}


def test_a_good_ball_outside_its_parents_counts_only_as_a_sample():
    shares = structure_fractions(space_that_renders(lambda _: ball(float(HEIGHTS_PX[0]))), BALLS, 0)
    first, other, _ = draw_between(9, 100, 0)
    near = HEIGHTS_PX[np.minimum(first.numpy(), other.numpy())] - HEIGHTS_PX[0] <= 1
    assert shares["valid_interpolations"] == pytest.approx(near.mean())
    assert 0 < near.mean() < 0.5
    assert shares["valid_gaussian_samples"] == 1.0


def test_pairs_differ_ratios_are_inner_and_seeds_count():
    first, other, ratios = draw_between(3, 2000, seed=5)
    assert (first != other).all()
    pairs = {(int(a), int(b)) for a, b in zip(first, other, strict=True)}
    assert pairs == {(a, b) for a in range(3) for b in range(3) if a != b}
    steps = ratios * 49
    assert torch.allclose(steps, steps.round(), atol=1e-4)
    assert set(steps.round().int().tolist()) == set(range(1, 49))
    again, _, _ = draw_between(3, 2000, seed=5)
    different, _, _ = draw_between(3, 2000, seed=6)
    assert torch.equal(first, again)
    assert not torch.equal(first, different)

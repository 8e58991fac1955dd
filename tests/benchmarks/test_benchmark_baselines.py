"""What a space has to beat."""

import numpy as np
import pytest
import torch
from benchmarks.support.baselines import (
    constant,
    linear_space,
    score,
    score_linear,
    still_baselines,
)

from videospace.clips.synthetic.bouncing_ball import bouncing_ball
from videospace.inrv.space.sampling import lerp


@pytest.fixture(scope="module")
def clips():
    return np.random.default_rng(0).integers(0, 256, (20, 3, 12, 11, 3), dtype=np.uint8)


def test_a_linear_space_with_a_direction_for_each_clip_is_exact(clips):
    space = linear_space(clips, len(clips))
    assert np.array_equal(space.render(space.latents), clips)
    assert space.latents.shape == (20, 19)


def test_interpolations_in_an_exact_linear_space_are_blends():
    clips, _ = bouncing_ball(num_clips=4, num_frames=3, height=20, width=20)
    space = linear_space(clips, 4)
    first, other = space.latents[:1], space.latents[3:]
    blend = space.render(lerp(first, other, torch.tensor([0.25])))[0]
    expected = 0.75 * clips[0].astype(float) + 0.25 * clips[3]
    assert np.abs(blend - expected).max() <= 0.51


def test_fewer_components_lose_more(clips):
    scores = [score_linear(clips, linear_space(clips, width)) for width in (2, 8, 15)]
    assert scores[0]["psnr_db"] < scores[1]["psnr_db"] < scores[2]["psnr_db"]
    assert scores[0]["num_parameters"] == 3 * 3 * 12 * 11 * 3
    assert scores[0]["num_latent_values"] == 40


def test_stills_are_the_means_they_are_called(clips):
    stills = still_baselines(clips)
    numbers = [3, 17]
    mean_clip = np.rint(clips.mean(axis=0))
    assert np.abs(stills["mean_clip"](numbers) - mean_clip).max() == 0
    assert np.abs(stills["mean_frame"](numbers) - clips.mean(axis=(0, 1))).max() <= 0.5
    own = np.rint(clips[numbers].mean(axis=1))[:, None]
    assert np.abs(stills["own_mean_frame"](numbers) - own).max() == 0
    assert all(still(numbers).shape == (2, *clips.shape[1:]) for still in stills.values())


def test_score_of_a_known_error_over_several_blocks(clips):
    scores = score(clips, lambda numbers: clips[numbers] ^ 16)  # off by 16 everywhere
    assert scores["psnr_db"] == pytest.approx(20 * np.log10(255 / 16), abs=1e-4)
    black = np.zeros_like(clips)
    assert score(black, constant(black, 0))["psnr_db"] == 100.0
    assert score(black, constant(black, 255))["psnr_db"] == pytest.approx(0, abs=1e-5)

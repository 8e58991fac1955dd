"""The script that makes the pretrained spaces, at toy size."""

import dataclasses

import pytest

from benchmarks import make_pretrained
from videospace.clips.synthetic.bouncing_ball import BouncingBallConfig, write_bouncing_ball
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.presets import tiny

BALLS = BouncingBallConfig(num_clips=4, num_frames=3, size="16")


@pytest.fixture
def toy_recipe():
    return make_pretrained.Recipe(
        write_clips=lambda folder, seed: write_bouncing_ball(folder, BALLS),
        training=dataclasses.replace(tiny(), total_points=2e4),
        about="Balls.",
    )


def test_a_space_that_opens_with_its_scores(toy_recipe, tmp_path, monkeypatch):
    monkeypatch.setitem(make_pretrained.RECIPES, "bouncing-ball", lambda: toy_recipe)
    out = tmp_path / "space"
    make_pretrained.main(["bouncing-ball", "--out", str(out)])
    space = VideoSpace.from_pretrained(out)
    assert space.about == "Balls."
    assert space.scores.keys() == {"psnr_db", "psnr_moving_db", "ssim", "train_points"}
    assert sorted(path.name for path in out.iterdir()) == [
        *("README.md", "codes.safetensors", "config.json", "model.safetensors")
    ]


def test_the_seed_decides(toy_recipe, tmp_path):
    names = [
        make_pretrained.make(toy_recipe, tmp_path / name, seed).fingerprint()
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    ]
    assert names[0] == names[1] != names[2]

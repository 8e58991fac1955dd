"""The spaces that come with the package."""

import re
from pathlib import Path

import pytest
import torch

from videospace.clips.synthetic.bouncing_ball import write_bouncing_ball
from videospace.clips.synthetic.moving_mnist import MovingMnistConfig, write_moving_mnist
from videospace.inrv.space.pretrained import (
    PRETRAINED_FOLDER,
    find_space,
    pretrained_names,
    pretrained_space,
)
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.evaluation import evaluate
from videospace.metrics.ball_structure import check_ball
from videospace.runtime import checkpoint
from videospace.runtime.errors import UserError

NAMES = ["bouncing-ball", "moving-mnist"]
MAX_BYTES = 4e6


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """No folder lies where the tests run."""
    monkeypatch.chdir(tmp_path)


def same_clips(name, folder):
    """The clips that a space was trained on, drawn again."""
    if name == "bouncing-ball":
        return write_bouncing_ball(folder)
    num_clips = len(VideoSpace.from_pretrained(name).ids)
    return write_moving_mnist(folder, MovingMnistConfig(num_clips=num_clips), progress=False)


def test_there_are_two():
    assert pretrained_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
class TestEach:
    def test_it_is_small_and_in_half_precision(self, name):
        files = (PRETRAINED_FOLDER / name).iterdir()
        assert sum(path.stat().st_size for path in files) <= MAX_BYTES
        weights, _ = checkpoint.load_tensors(PRETRAINED_FOLDER / name / "model.safetensors")
        assert {value.dtype for value in weights.values()} == {torch.float16}

    def test_its_card_says_what_it_shows_and_scores(self, name):
        card = (PRETRAINED_FOLDER / name / "README.md").read_text()
        assert "`benchmarks/make_pretrained.py`" in card
        assert re.search(r"\| psnr_db \| \d\d\.", card)
        if name == "moving-mnist":
            assert "The digits are drawn by videospace" in card
            assert "none of the MNIST files" in card

    def test_it_shows_its_clips_as_well_as_the_card_says(self, name, tmp_path):
        space, store = VideoSpace.from_pretrained(name), same_clips(name, tmp_path / "clips")
        assert {*space.ids} == {*store.ids}
        psnr_db = evaluate(space, store, max_clips=4, progress=False).summary()["psnr_db"]
        assert psnr_db == pytest.approx(space.scores["psnr_db"], abs=2)

    def test_it_makes_new_videos(self, name):
        space = VideoSpace.from_pretrained(name)
        videos = space.render(space.sample(2), height=32)
        assert videos.shape == (2, space.clip.num_frames, 32, 32, 3)
        assert videos.std() > 20


def test_between_two_balls_is_a_ball():
    space = VideoSpace.from_pretrained("bouncing-ball")
    for video in space.render(space.interpolate("ball-010", "ball-030", steps=5)):
        assert check_ball(video, radius_px=6.0, lowest_px=7.0, highest_px=43.0).valid


def test_a_folder_of_the_same_name_wins(make_space):
    make_space().save_pretrained("moving-mnist")
    assert VideoSpace.from_pretrained("moving-mnist").ids == make_space().ids
    assert find_space("moving-mnist") == Path("moving-mnist")
    assert pretrained_space("moving-mnist") == PRETRAINED_FOLDER / "moving-mnist"


def test_a_path_does_as_well():
    assert find_space(Path("bouncing-ball")) == PRETRAINED_FOLDER / "bouncing-ball"


@pytest.mark.parametrize("name", ["moving-mnst", "", "..", "moving-mnist/", "bouncing-ball/README"])
def test_an_unknown_name(name):
    with pytest.raises(UserError, match="bouncing-ball, moving-mnist"):
        pretrained_space(name)


def test_neither_folder_nor_name():
    with pytest.raises(UserError, match=r"no folder .* bouncing-ball, moving-mnist"):
        VideoSpace.from_pretrained("moving-mnst")

"""``--pretrained NAME`` in every command that reads a space."""

import json

import numpy as np
import pytest

from videospace.cli import main
from videospace.cli.pretrained import with_pretrained
from videospace.inrv.space.pretrained import PRETRAINED_FOLDER
from videospace.inrv.space.video_space import VideoSpace

BALLS = str(PRETRAINED_FOLDER / "bouncing-ball")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def film(frames_as_images):
    """A clip of the pretrained space, as a folder of images."""
    space = VideoSpace.from_pretrained("bouncing-ball")
    return frames_as_images("film", space.render(space.latent("ball-020")))


@pytest.mark.parametrize("words", [["--pretrained", "moving-mnist"], ["--pretrained=moving-mnist"]])
def test_sampling_at_once(words, capsys):
    assert main(["sample", *words, "--out", "samples.npy", "--count", "2", "--height", "32"]) == 0
    assert np.load("samples.npy").shape == (2, 20, 32, 32, 3)
    assert "nearest training clip" in capsys.readouterr().out


def test_a_name_in_place_of_the_folder():
    assert main(["sample", "bouncing-ball", "--out", "a.npy", "--count", "1"]) == 0
    assert main(["sample", "--out", "b.npy", "--count", "1", "--pretrained", "bouncing-ball"]) == 0
    np.testing.assert_array_equal(np.load("a.npy"), np.load("b.npy"))


@pytest.mark.parametrize(
    ("command", "shape"),
    [
        ("interpolate --pretrained bouncing-ball ball-000 ball-049 --steps 3", (3, 25, 50, 50, 3)),
        ("interpolate ball-000 ball-049 --pretrained bouncing-ball --steps 3", (3, 25, 50, 50, 3)),
        ("reconstruct --count 2 --pretrained bouncing-ball", (2, 25, 50, 50, 3)),
        ("complete --pretrained bouncing-ball film --max-steps 2", (1, 25, 50, 50, 3)),
        ("upscale film --pretrained bouncing-ball --size 60 --max-steps 2", (1, 25, 60, 60, 3)),
    ],
)
def test_commands_that_render(film, command, shape):
    assert main([*command.split(), "--out", "out.npy"]) == 0
    assert np.load("out.npy").shape == shape


def test_inverting(film):
    command = "invert --pretrained bouncing-ball film --out found.npz --max-steps 2"
    assert main(command.split()) == 0
    assert np.load("found.npz")["latents"].shape == (1, 8)


def test_evaluating(capsys):
    assert main(["prepare", "bouncing-ball", "--out", "clips"]) == 0
    assert main(["evaluate", "--pretrained", "bouncing-ball", "clips", "--max-clips", "2"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["num_clips"] == 2


@pytest.mark.parametrize("words", [["--pretrained", "moving-mnist"], ["moving-mnist"]])
def test_info(words, capsys):
    assert main(["info", *words]) == 0
    said = capsys.readouterr().out
    assert "The digits are drawn by videospace" in said
    assert "psnr_db" in said


def test_the_flag_means_the_pretrained_space_even_beside_a_folder_of_that_name(small_space):
    small_space.save_pretrained("bouncing-ball")
    assert with_pretrained(["--pretrained", "bouncing-ball"]) == [BALLS]
    assert main(["sample", "bouncing-ball", "--out", "own.npy", "--count", "1"]) == 0
    assert np.load("own.npy").shape == (1, 4, 12, 16, 3)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            "sample --out x.npy --pretrained nobody",
            "got 'nobody'",
        ),
        ("sample nobody --out x.npy", "no folder 'nobody', and no pretrained space"),
        ("info nobody", "no folder 'nobody', and no pretrained space"),
        (
            "sample --out x.npy --pretrained",
            "expected a name after --pretrained: bouncing-ball, mo",
        ),
        (
            "sample --pretrained --out x.npy",
            "expected a name after --pretrained: bouncing-ball, mo",
        ),
        ("sample --pretrained= --out x.npy", "expected a pretrained space"),
        (
            "sample own --out x.npy --pretrained bouncing-ball",
            "expected SPACE or --pretrained NAME, got both: 'own' and 'bouncing-ball'",
        ),
        (
            "invert moving-mnist film --out x.npz --pretrained bouncing-ball",
            "expected SPACE or --pretrained NAME, got both: 'moving-mnist' and 'bouncing-ball'",
        ),
        (
            "sample --pretrained bouncing-ball --pretrained=moving-mnist --out x.npy",
            "expected one --pretrained, got two",
        ),
        ("encoder moving-mnist clips", "expected a space, but there is no folder 'moving-mnist'"),
    ],
)
def test_what_is_not_meant(small_space, capsys, command, message):
    small_space.save_pretrained("own")
    assert main(command.split()) == 2
    said = capsys.readouterr().err.strip()
    assert message in said
    assert "\n" not in said


def test_neither_is_named_with_both_ways(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["sample", "--out", "x.npy"])
    assert stopped.value.code == 2
    assert "SPACE|--pretrained NAME" in capsys.readouterr().err

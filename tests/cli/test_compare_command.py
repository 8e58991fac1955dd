"""``videospace compare``."""

import json

import pytest
from tests.support.small_spaces import small_space
from tests.support.toy_spaces import write_toy_store

from videospace.cli import main
from videospace.clips.writing import write_video
from videospace.metrics.distribution.image_network import PACKAGE

pytest.importorskip(PACKAGE, reason="needs the extra 'generation'")


@pytest.fixture
def store(tmp_path):
    return write_toy_store(tmp_path / "store", num_clips=40, size=(4, 16, 16), holdout=4).folder


def compare(*arguments):
    return main(["compare", *map(str, arguments)])


def test_a_store_and_another_one(tmp_path, store, capsys):
    other = write_toy_store(tmp_path / "other", num_clips=16, size=(4, 8, 8)).folder
    assert compare(store, other, "--json", tmp_path / "found.json") == 0
    shown = capsys.readouterr().out
    assert "distance" in shown
    found = json.loads((tmp_path / "found.json").read_text())
    assert (found["num_real"], found["num_generated"]) == (36, 16)
    assert found["generated"]["distance"]["mean"] >= 0
    assert found["novelty"] is not None


def test_a_space_and_a_folder_of_videos(tmp_path, store, capsys):
    space = small_space()
    space.save_pretrained(tmp_path / "space")
    (tmp_path / "videos").mkdir()
    for number, video in enumerate(space.render(space.sample(16))):
        path = tmp_path / "videos" / f"{number}.mp4"
        write_video(path, iter(video[:, None]), fps=25, num_frames=len(video))
    frames = ("--frames", 4, "--count", 16)
    assert compare(tmp_path / "videos", tmp_path / "space", "--method", "slerp", *frames) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["num_generated"] == 16


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("nowhere",), "nowhere"),
        (("STORE", "--frames", "1"), "frames"),
        (("SMALL",), "16"),
        (("LONGER",), "--frames 4"),
        (("STORE", "--json", "no/folder/x.json"), "folder"),
        (("STORE", "--weights", "none.pt"), "none.pt"),
    ],
)
def test_what_cannot_be_compared_is_one_line(tmp_path, store, capsys, options, word):
    stores = {
        "STORE": lambda: store,
        "SMALL": lambda: write_toy_store(tmp_path / "small", 3, (4, 8, 8)).folder,
        "LONGER": lambda: write_toy_store(tmp_path / "longer", 16, (6, 8, 8)).folder,
    }
    other, *rest = options
    assert compare(store, stores[other]() if other in stores else tmp_path / other, *rest) == 2
    said = capsys.readouterr().err.strip()
    assert word in said
    assert "\n" not in said

"""Tracks that ``videospace reconstruct`` moves."""

from pathlib import Path

import numpy as np
import pytest
from tests.support.small_spaces import small_space, space_of_a_blob

from videospace.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tracks")
    space_of_a_blob().save_pretrained(folder / "tracked")
    small_space().save_pretrained(folder / "small")
    return folder


def reconstruct(space: Path, *options: str) -> int:
    out = space.parent / "out.npy"
    clips = ["--clips", "b", "c", "--precision", "float32"]
    return main(["reconstruct", str(space), *clips, "--out", str(out), *options])


def test_tracks_of_all_clips_are_moved(folder):
    space = space_of_a_blob()
    assert reconstruct(folder / "tracked", "--move", "0,-0.25,0", "0,0,0.5,1,0.5") == 0
    moved = space.move_track(space.latents[1:], 0, down=-0.25)
    moved = space.move_track(moved, 0, right=0.5, time=1.0, reach=0.5)
    assert np.array_equal(np.load(folder / "out.npy"), space.render(moved))


@pytest.mark.parametrize(
    ("space", "move", "word"),
    [
        ("tracked", "1,0,0", "track"),
        ("tracked", "0,0", "TRACK"),
        ("tracked", "0,nan,0", "down"),
        ("small", "0,0,0", "no tracks"),
    ],
)
def test_a_move_that_cannot_be_made_is_one_line_and_status_2(folder, capsys, space, move, word):
    assert reconstruct(folder / space, "--move", move) == 2
    said = capsys.readouterr().err.strip()
    assert word in said
    assert "\n" not in said

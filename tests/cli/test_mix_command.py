"""``videospace mix``."""

import numpy as np
from tests.support.small_spaces import small_space, space_of_a_blob

from videospace.cli import main


def test_a_thing_takes_the_path_of_another_clip(tmp_path):
    space = space_of_a_blob()
    space.save_pretrained(tmp_path / "space")
    out = tmp_path / "mix.npy"
    names = space.ids[:2]
    command = ["mix", str(tmp_path / "space"), *names, "--out", str(out)]
    assert main([*command, "--precision", "float32"]) == 0
    assert np.array_equal(np.load(out).squeeze(), space.render(space.mix(*names)))


def test_a_space_that_cannot_is_one_line_and_status_2(tmp_path, capsys):
    small_space().save_pretrained(tmp_path / "space")
    names = small_space().ids[:2]
    assert main(["mix", str(tmp_path / "space"), *names, "--out", str(tmp_path / "x.mp4")]) == 2
    said = capsys.readouterr().err.strip()
    assert "constant-width" in said
    assert "\n" not in said
    assert not (tmp_path / "x.mp4").exists()

"""A learned prior of a space, as a user would train and use it."""

import re

import numpy as np
import pytest

from videospace.cli import main
from videospace.inrv.generation import flow_training
from videospace.inrv.space.video_space import VideoSpace

SMALL = "--flow.hidden-width 16 --flow.num-layers 1"


@pytest.fixture
def run(films, tmp_path):
    """Call the program: ``@`` stands for the folder of films, ``%`` for one of the test's own."""

    def call(command):
        words = command.replace("@", f"{films}/").replace("%", f"{tmp_path}/").split()
        return main(words)

    return call


@pytest.fixture
def folder(tmp_path):
    """A space of 50 clips."""
    VideoSpace.from_pretrained("bouncing-ball").save_pretrained(tmp_path / "space")
    return tmp_path


def test_from_a_prior_to_samples(run, folder, capsys):
    before = VideoSpace.from_pretrained(folder / "space").fingerprint()
    assert run(f"prior %space --budget-seconds 0.3 {SMALL}") == 0
    said = capsys.readouterr().out
    assert re.search(r"wrote .*flow.safetensors: \d+ steps in 0 s.* it explains", said)
    assert VideoSpace.from_pretrained(folder / "space").fingerprint() == before
    assert run("info %space") == 0
    assert re.search(r"flow +trained", capsys.readouterr().out)
    assert run("sample %space --out %a.npy --count 2 --method flow") == 0
    assert run("sample %space --out %b.npy --count 2 --method flow --steps 20") == 0
    assert run("sample %space --out %c.npy --count 2") == 0
    a, b, c = (np.load(folder / f"{name}.npy") for name in "abc")
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    name = VideoSpace.from_pretrained(folder / "space").ids[3]
    assert run(f"sample %space --out %d.npy --count 2 --like {name} --method flow") == 0


def test_mistakes(run, folder, capsys):
    assert run("sample %space --out %a.npy --method flow") == 2
    assert "videospace prior" in capsys.readouterr().err
    assert run("prior %nothing") == 2
    assert "no folder" in capsys.readouterr().err
    assert run("prior @space") == 2  # of three clips
    assert "at least 24 clips" in capsys.readouterr().err
    assert run("prior %space --budget-seconds 0") == 2
    assert "budget_seconds" in capsys.readouterr().err


def test_an_interrupt_leaves_the_folder_as_it_was(run, folder, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(flow_training, "learning_rate_factor", interrupted)
    before = {path.name: path.read_bytes() for path in (folder / "space").iterdir()}
    assert run(f"prior %space {SMALL}") == 130
    after = {path.name: path.read_bytes() for path in (folder / "space").iterdir()}
    assert {name: after[name] for name in before} == before
    assert "flow.safetensors" not in after

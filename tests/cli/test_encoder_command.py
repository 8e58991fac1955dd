"""An encoder for a space, as a user would train and use it."""

import re

import pytest
import torch

from videospace.cli import main
from videospace.clips.store.clip_store import ClipStore
from videospace.clips.store.records import ClipRecord
from videospace.inrv.space.video_space import VideoSpace

SMALL = "--encoder.side 8 --encoder.num-channels 8 --encoder.hidden-width 16"


@pytest.fixture
def folder(films, tmp_path):
    """A copy of the space of films, and a store of the clips that it knows."""
    space = VideoSpace.from_pretrained(films / "space")
    space.save_pretrained(tmp_path / "space")
    store = ClipStore.create(tmp_path / "store", num_frames=4, height=12, width=16)
    clips = space.render(space.latents)
    records = [
        ClipRecord(id=name, source="s", first_frame=0, fps=25.0, split="train")
        for name in space.ids
    ]
    store.append(list(zip(records, clips, strict=True)))
    return tmp_path


def run(command, films, folder):
    words = command.replace("@", f"{films}/").replace("%", f"{folder}/").split()
    return main(words)


def test_from_an_encoder_to_latents_without_a_search(films, folder, capsys):
    before = VideoSpace.from_pretrained(folder / "space").fingerprint()
    assert run(f"encoder %space %store --budget-seconds 0.3 {SMALL}", films, folder) == 0
    said = capsys.readouterr().out
    assert re.search(r"wrote .*encoder.safetensors: \d+ steps in 0 s; its guesses reach", said)
    assert VideoSpace.from_pretrained(folder / "space").fingerprint() == before
    assert run("info %space", films, folder) == 0
    assert re.search(r"encoder +trained", capsys.readouterr().out)
    assert run("invert %space @clip.mp4 --out %new.npz --max-steps 0", films, folder) == 0
    assert "found in 0 steps" in capsys.readouterr().out
    assert (
        run("upscale %space @clip.mp4 --out %large.npy --size 24 --max-steps 0", films, folder) == 0
    )


def test_an_interrupt_leaves_the_folder_as_it_was(films, folder, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(
        "videospace.inrv.inversion.encoder_training.psnr_from_squared_error", interrupted
    )
    before = {path.name: path.read_bytes() for path in (folder / "space").iterdir()}
    assert run(f"encoder %space %store {SMALL}", films, folder) == 130
    after = {path.name: path.read_bytes() for path in (folder / "space").iterdir()}
    after.pop(".lock")
    assert after == before


def test_the_table_has_a_row_where_it_can_begin(films, folder, capsys):
    assert run(f"encoder %space %store --budget-seconds 0.2 {SMALL}", films, folder) == 0
    space = VideoSpace.from_pretrained(folder / "space")
    store = ClipStore.open(folder / "store")
    record = ClipRecord(id="new", source="s", first_frame=0, fps=25.0, split="holdout")
    store.append([(record, space.render(torch.randn(1, 6))[0])])
    capsys.readouterr()
    quick = "--max-steps 2 --points-per-clip 32 --baselines none"
    assert run(f"evaluate %space %store --tasks invert inpaint {quick}", films, folder) == 0
    said = capsys.readouterr().out
    assert re.search(r"invert +encoder", said)
    assert not re.search(r"inpaint +encoder", said)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("encoder %none %store", "expected a space, but"),
        ("encoder %space %none", "none"),
        ("encoder %space %store --budget-seconds 0", "budget_seconds above 0, got 0.0"),
        (
            "invert %space @clip.mp4 --out %new.npz --max-steps 0",
            "expected a space with an encoder",
        ),
        (
            "invert %space @clip.mp4 --out %new.npz --start encoder",
            "train one with 'videospace enc",
        ),
        ("invert %space @clip.mp4 --out %new.npz --max-steps 0 --samples 2", "and 1 sample, got"),
    ],
)
def test_mistakes_are_named_and_leave_nothing_behind(films, folder, capsys, command, message):
    before = sorted(path.name for path in folder.iterdir())
    assert run(command, films, folder) == 2
    error = capsys.readouterr().err
    assert len(error.strip().splitlines()) == 1
    assert message in error
    assert sorted(path.name for path in folder.iterdir()) == before
    assert not (folder / "space" / "encoder.safetensors").exists()

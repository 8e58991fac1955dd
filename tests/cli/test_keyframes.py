"""Commands on a space whose latents have several keyframes."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch

from videospace.cli import main
from videospace.clips.writing import write_video
from videospace.inrv.model.hypernetwork import HypernetworkConfig
from videospace.inrv.model.inr import InrConfig
from videospace.inrv.model.inrv_model import InrvModel, ModelConfig
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.space.latent_files import load_latents
from videospace.inrv.space.video_space import ClipShape, VideoSpace

QUICK = "--max-steps 5 --points-per-clip 32"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A space of three keyframes, and a film of one clip."""
    folder = tmp_path_factory.mktemp("keyframes")
    torch.manual_seed(2)
    config = ModelConfig(
        latent=LatentConfig(width=6, num_keyframes=3),
        inr=InrConfig(hidden_width=8, num_hidden_layers=2),
        hypernetwork=HypernetworkConfig(hidden_width=8, initial_difference=2.0),
    )
    shape = ClipShape(num_frames=4, height=12, width=16, fps=25.0)
    space = VideoSpace(InrvModel(config), torch.randn(5, 18), list("abcde"), shape)
    space.save_pretrained(folder / "space")
    film = space.render(torch.randn(18), height=24)
    write_video(folder / "film.mp4", [frame[None] for frame in film], fps=25)
    return folder


@pytest.fixture(scope="module")
def space(folder: Path) -> VideoSpace:
    return VideoSpace.from_pretrained(folder / "space")


def run(command: str, folder: Path) -> None:
    """Call the program with paths relative to a folder."""
    assert main([word.replace("@", f"{folder}/") for word in shlex.split(command)]) == 0


def test_info_tells_the_keyframes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("info @space --json", folder)
    facts = json.loads(capsys.readouterr().out)
    assert (facts["latent_width"], facts["keyframes"]) == (6, 3)
    run("info @space", folder)
    assert re.search(r"^keyframes +3$", capsys.readouterr().out, re.MULTILINE)


def test_refined_weights_are_shown_at_any_frame_rate(folder: Path, space: VideoSpace) -> None:
    run(f"invert @space @film.mp4 --out @film.npz --refine weights {QUICK}", folder)
    content = load_latents(folder / "film.npz", space)
    assert content.latents.shape == (1, 18)
    assert content.weight_offsets is not None
    run(
        "reconstruct @space --clips @film.npz a --frames 7 --precision float32 --out @out.npy",
        folder,
    )
    videos = np.load(folder / "out.npy")
    alone = space.render_frames(
        content.latents, num_frames=7, weight_offsets=content.weight_offsets
    )
    expected = np.stack(
        [*np.stack(list(alone), axis=1), space.render(space.latent("a"), num_frames=7)]
    )
    assert np.abs(videos.astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    "command",
    [
        "complete @space @film.mp4 --task predict",
        "upscale @space @film.mp4 --size 24x32",
        "interpolate @space a b --steps 2",
        "sample @space --count 2",
    ],
)
def test_what_a_command_writes_can_be_seen(folder: Path, command: str) -> None:
    quick = QUICK if command.split()[0] in ("complete", "upscale") else ""
    run(f"{command} --out @out.npy {quick}", folder)
    assert np.load(folder / "out.npy").std() > 0

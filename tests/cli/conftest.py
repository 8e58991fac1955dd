"""Fixtures of the tests of commands: a small space, videos of it, and a way to run a command."""

import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.support.small_spaces import small_space

from videospace.cli import main
from videospace.clips.writing import write_video
from videospace.inrv.space.video_space import VideoSpace

QUICK = "--max-steps 5 --points-per-clip 32"


@pytest.fixture(scope="session", name="small_space")
def open_small_space() -> VideoSpace:
    """`small_space` as a fixture."""
    return small_space()


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory, small_space: VideoSpace) -> Path:
    """A space of clips of 4 frames of 12x16 px, and films of 40, 4 and 2 frames of 24x32 px."""
    folder = tmp_path_factory.mktemp("films")
    space = small_space
    space.save_pretrained(folder / "space")
    for name, latent, num_frames in (("long", 0, 40), ("clip", 1, 4), ("short", 2, 2)):
        film = space.render(space.latents[latent], height=24, num_frames=num_frames)
        write_video(folder / f"{name}.mp4", [frame[None] for frame in film], fps=20)
    return folder


@pytest.fixture
def call(films: Path, tmp_path: Path) -> Callable[[str], int]:
    """Call the program: ``@`` stands for the folder of films, ``%`` for one of the test's own."""

    def run(command: str) -> int:
        words = shlex.split(f"{command} {QUICK}")
        return main([word.replace("@", f"{films}/").replace("%", f"{tmp_path}/") for word in words])

    return run


@pytest.fixture
def frames_as_images(tmp_path: Path) -> Callable[[str, np.ndarray], Path]:
    """Write a folder of images: a name, and an array of frames."""
    from PIL import Image

    def write(name: str, frames: np.ndarray) -> Path:
        (tmp_path / name).mkdir()
        for number, frame in enumerate(frames):
            Image.fromarray(frame).save(tmp_path / name / f"{number:03d}.png")
        return tmp_path / name

    return write

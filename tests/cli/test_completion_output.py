"""invert, complete, upscale and the table of tasks, as a user would call them."""

import json
import re
import shlex
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image

from videospace.cli import main
from videospace.clips.store.clip_store import ClipStore
from videospace.clips.store.records import ClipRecord
from videospace.clips.writing import write_video
from videospace.inrv.space.video_space import VideoSpace

QUICK = "--max-steps 20 --points-per-clip 32"


def run(command: str, folder: Path) -> int:
    """Call the program with paths relative to a folder."""
    return main([word.replace("@", f"{folder}/") for word in shlex.split(command)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, small_space: VideoSpace) -> Path:
    """A space, a store with two clips that are new to it, and films of 10, 2 and 4 frames."""
    folder = tmp_path_factory.mktemp("completing")
    space = small_space
    space.save_pretrained(folder / "space")
    store = ClipStore.create(folder / "store", num_frames=4, height=12, width=16)
    clips = space.render(torch.cat([space.latents, torch.randn(2, 6)]))
    records = [
        ClipRecord(id=name, source="s", first_frame=0, fps=25.0, split="train")
        for name in "abcdefg"
    ]
    store.append(list(zip(records, clips, strict=True)))
    for name, latent, num_frames in (("long", 0, 10), ("short", 1, 2), ("clip", 2, 4)):
        film = space.render(space.latents[latent], height=24, num_frames=num_frames)
        write_video(folder / f"{name}.mp4", [frame[None] for frame in film], fps=20)
    mask = np.zeros((12, 16), np.uint8)
    mask[:, 10:] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    return folder


def video(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def test_from_videos_to_latents_and_on(folder, capsys):
    command = f"invert @space @long.mp4 @clip.mp4 --out @new.npz --first 0 {QUICK}"
    assert run(command, folder) == 0
    said = capsys.readouterr().out
    assert "Context-L1" in said
    assert "2 latents" in said
    assert (
        run("interpolate @space @new.npz:long @new.npz:clip --out @way.npy --steps 3", folder) == 0
    )
    assert np.load(folder / "way.npy").shape == (3, 4, 12, 16, 3)
    assert run("reconstruct @space --out @again.npy --clips @new.npz --fps 50", folder) == 0
    assert np.load(folder / "again.npy").shape[0] == 2


def test_refined_latents_and_samples(folder, capsys):
    options = f"--refine weights --refine-steps 5 --samples 2 {QUICK}"
    assert run(f"invert @space @short.mp4 --out @two.npz {options}", folder) == 0
    said = capsys.readouterr().out
    assert "2 frames" in said
    assert "short-2" in said
    assert run("reconstruct @space --out @two.npy --clips @two.npz", folder) == 0
    assert np.load(folder / "two.npy").shape == (2, 4, 12, 16, 3)


@pytest.mark.parametrize(
    ("options", "num_frames"),
    [
        ("@long.mp4", 10),
        ("@long.mp4 --mask @mask.png", 10),
        ("@long.mp4 --hide 2,3,4,5 --size 24x32", 10),
        ("@long.mp4 --task sparse --fraction 0.5", 10),
        ("@long.mp4 --task interpolate", 10),
        ("@long.mp4 --task interpolate --observed 0 3 6 -1", 10),
        ("@long.mp4 --task predict --observed 2", 4),
        ("@short.mp4 --task predict", 4),
        ("@short.mp4 --task sparse", 2),
    ],
)
@pytest.mark.parametrize("compare", ["", "--compare"])
def test_every_task_on_films_of_any_length(folder, options, num_frames, compare):
    assert run(f"complete @space {options} --out @out.mp4 {compare} {QUICK}", folder) == 0
    written = video(folder / "out.mp4")
    assert len(written) == num_frames
    assert (written.shape[2] > written.shape[1] * 1.5) == bool(compare)


def test_several_futures_in_a_folder(folder, capsys):
    command = f"complete @space @clip.mp4 --out @futures --task predict --samples 3 {QUICK}"
    assert run(command, folder) == 0
    assert sorted(path.name for path in (folder / "futures").iterdir()) == [
        "clip-1.mp4",
        "clip-2.mp4",
        "clip-3.mp4",
    ]
    assert "3 x 4 frames of 12x16 px" in capsys.readouterr().out


def test_upscale(folder, capsys):
    assert run(f"upscale @space @long.mp4 --out @large.mp4 --size 48x64 {QUICK}", folder) == 0
    said = capsys.readouterr().out
    assert "resized to 12x16" in said
    assert "10 frames of 48x64 px, at 20 frames per second" in said
    assert video(folder / "large.mp4").shape == (10, 48, 64, 3)


def test_upscaling_keeps_the_proportions_of_the_clips(folder, capsys):
    wide = VideoSpace.from_pretrained(folder / "space")
    film = wide.render(wide.latents[0], height=6, width=20)
    write_video(folder / "wide.mp4", [frame[None] for frame in film], fps=20)
    assert run(f"upscale @space @wide.mp4 --out @large.mp4 --size 24 {QUICK}", folder) == 0
    said = capsys.readouterr().out
    assert "0,6,6,8 of 6x20 px, resized to 6x8" in said
    assert "4 frames of 24x32 px" in said


def test_the_table_of_tasks(folder, capsys):
    command = f"evaluate @space @store --tasks predict upscale --json @table.json {QUICK}"
    assert run(command, folder) == 0
    said = capsys.readouterr().out
    assert "inversion" in said
    assert "Lanczos" in said
    rows = json.loads((folder / "table.json").read_text())["rows"]
    assert {row["task"] for row in rows} == {"predict", "upscale"}
    assert rows[0]["psnr_db"]["num_values"] == 2


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("invert @space @absent.mp4 --out @x.npz", "absent.mp4"),
        ("invert @space @mask.npz --out @x.npz", "mask.npz"),
        ("invert @space --out @x.npz", "at least one video"),
        ("invert @space @clip.mp4 --out @x.npy", ".npz"),
        ("invert @space @clip.mp4 --out @x.npz --first 99", "ends before frame 99"),
        ("complete @space @clip.mp4 --out @x.mp4 --mask @space", "space"),
        ("complete @space @clip.mp4 --out @x.mp4 --hide 0,0,12,16", "hides the whole|nothing is"),
        ("complete @space @clip.mp4 --out @x.mp4 --hide 0,0,12,17", "leaves the frame"),
        ("complete @space @clip.mp4 --out @x.mp4 --mask @mask.png --hide 1,1,1,1", "got both"),
        ("complete @space @clip.mp4 --out @x.mp4 --task interpolate --observed 7", "0 to 3"),
        ("complete @space @clip.mp4 --out @x.mp4 --task interpolate --observed -7", "0 to 3"),
        (
            "complete @space @clip.mp4 --out @x.mp4 --task sparse --hide 0,0,1,1",
            "inpaint",
        ),
        ("complete @space @clip.mp4 --out @x.mp4 --observed 3", "predict or interpolate"),
        ("complete @space @clip.mp4 --out @x.mp4 --task predict --observed 0", "1 or more"),
        ("complete @space @clip.mp4 --out @x.mp4 --task sparse --fraction 0", r"in \(0, 1\]"),
        (
            "complete @space @clip.mp4 --out @x.mp4 --fraction 0.5",
            "--fraction",
        ),
        ("complete @space @clip.mp4 --out @x.txt", "x.txt"),
        ("upscale @space @clip.mp4 --out @x.mp4 --size none", "64"),
        ("evaluate @space @clip.mp4 --tasks all", "clip.mp4"),
        ("evaluate @space @store --max-steps 20", "--tasks all"),
    ],
)
def test_mistakes_are_named_and_leave_nothing_behind(folder, capsys, command, message):
    before = sorted(path.name for path in folder.iterdir())
    assert run(command, folder) == 2
    error = capsys.readouterr().err
    assert len(error.strip().splitlines()) == 1
    assert re.search(message, error), error
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.parametrize(
    "command",
    [
        "complete @space @clip.mp4 --task predict --seen 2 --no-keep-detail",
        "complete @space @clip.mp4 --task sparse --share 0.5 --keep-detail",
        "upscale @space @clip.mp4 --size 24x32 --no-keep-detail",
    ],
)
def test_flags_of_version_0_1_work_and_say_their_new_names(folder, capsys, command):
    assert run(f"{command} --out @old.mp4 {QUICK}", folder) == 0
    said = capsys.readouterr().err
    assert all(flag in said for flag in command.split() if flag in ("--seen", "--share"))
    assert "back-projection" in said

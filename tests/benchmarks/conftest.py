"""Recordings for the tests of benchmarks."""

import gzip
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest


def write_recording(path: Path, num_frames: int, height: int, width: int, seed: int) -> None:
    """A bright block that wanders over a gray picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25))
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        for number in range(num_frames):
            picture = np.full((height, width, 3), 90, np.uint8)
            left = (7 * seed + 3 * number) % (width // 2)
            picture[height // 3 : height // 2, left : left + width // 3] = (
                250,
                200,
                60 + 40 * seed,
            )
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.fixture
def made_data(tmp_path, monkeypatch) -> Path:
    """A folder of the recordings' names and shapes, for the environment variable."""
    folder = tmp_path / "data"
    for seed, name in enumerate(("bbaf2n", "bbaf3s", "bbaf4p")):
        write_recording(folder / "grid_s1" / f"{name}.mp4", 25, 288, 360, seed)
    write_recording(folder / "long" / "sleap_flies.mp4", 60, 64, 64, 1)
    write_recording(folder / "long" / "tracktor_mouse.mp4", 255, 48, 64, 2)
    people = ["file\tperson\tsplit"]
    for seed, (person, split) in enumerate(
        [("a", "train"), ("a", "train"), ("b", "train"), ("a", "holdout"), ("c", "holdout")]
    ):
        write_recording(folder / "faces" / f"{seed}.mp4", 25, 64, 64, seed)
        people.append(f"{seed}.mp4\t{person}\t{split}")
    (folder / "faces" / "people.tsv").write_text("\n".join(people) + "\n")
    digits = np.random.default_rng(0).integers(0, 256, (10, 28, 28), dtype=np.uint8)
    (folder / "mnist").mkdir()
    header = b"\x00\x00\x08\x03" + np.array(digits.shape, ">u4").tobytes()
    for file, images in (("train", digits), ("t10k", 255 - digits)):
        path = folder / "mnist" / f"{file}-images-idx3-ubyte.gz"
        path.write_bytes(gzip.compress(header + images.tobytes()))
    monkeypatch.setenv("VIDEOSPACE_DATA", str(folder))
    return folder


@pytest.fixture
def run_main(tmp_path, capsys) -> Callable[..., dict[str, Any]]:
    """Run a benchmark; its last line and its file have to be the same JSON, which is returned."""

    def run(main: Callable[[list[str]], dict[str, Any]], *arguments: str) -> dict[str, Any]:
        out = tmp_path / "results.json"
        main([*arguments, "--work", str(tmp_path / "work"), "--out", str(out)])
        last_line = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert json.loads(out.read_text()) == last_line
        assert str(tmp_path) not in out.read_text()
        return last_line

    return run

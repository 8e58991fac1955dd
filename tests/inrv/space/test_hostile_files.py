"""Whatever the files of a space say, it opens or is refused, and takes no memory of its own."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.hostile_json import ANY_JSON, NASTY, paths, replaced

from videospace.cli import main
from videospace.inrv.model.encoder import EncoderConfig, LatentEncoder
from videospace.inrv.space.latent_files import LatentFile, load_latents, save_latents
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime import checkpoint
from videospace.runtime.errors import UserError

MEGABYTE = 1 << 20


@pytest.fixture
def folder(tmp_path, make_space):
    space = make_space()
    space.encoder = LatentEncoder(
        EncoderConfig(side=8, num_channels=8, hidden_width=8), space.model.config.latent
    )
    space.save_pretrained(tmp_path / "space")
    return tmp_path / "space"


def opened(folder: Path) -> VideoSpace | None:
    try:
        return VideoSpace.from_pretrained(folder)
    except UserError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return None


def config_of(folder: Path) -> Any:
    return json.loads((folder / "config.json").read_text())


def write_config(folder: Path, content: Any) -> None:
    (folder / "config.json").write_text(json.dumps(content))


@pytest.mark.parametrize("value", NASTY, ids=lambda value: f"{value!r:.20}")
def test_every_field_of_the_configuration(folder: Path, value: Any) -> None:
    valid = config_of(folder)
    for path in paths(valid):
        write_config(folder, replaced(valid, path, value))
        if (space := opened(folder)) is not None:
            assert len(space.latents) == 4, path


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_configuration(folder: Path, data: st.DataObject) -> None:
    text = (folder / "config.json").read_text()
    valid = json.loads(text)
    path = data.draw(st.sampled_from(sorted(paths(valid), key=str)))
    changed = data.draw(st.one_of(ANY_JSON, ANY_JSON.map(lambda it: replaced(valid, path, it))))
    write_config(folder, changed)
    try:
        opened(folder)
    finally:
        (folder / "config.json").write_text(text)


@pytest.mark.parametrize("value", NASTY, ids=lambda value: f"{value!r:.20}")
def test_every_field_of_the_encoder(folder: Path, value: Any) -> None:
    tensors, notes = checkpoint.load_tensors(folder / "encoder.safetensors")
    tensors = {name: tensor.clone() for name, tensor in tensors.items()}
    valid = json.loads(notes["encoder"])
    for path in paths(valid):
        note = json.dumps(replaced(valid, path, value))
        checkpoint.save_tensors(folder / "encoder.safetensors", tensors, {"encoder": note})
        opened(folder)
    checkpoint.save_tensors(folder / "encoder.safetensors", tensors, {"encoder": json.dumps(value)})
    assert opened(folder) is None or value == {}


HUGE = {
    "layers": {"inr": {"num_hidden_layers": 32}, "hypernetwork": {"num_hidden_layers": 32}},
    "most layers": {"inr": {"num_hidden_layers": 10**9}},
    "units": {"inr": {"hidden_width": 65_536}, "hypernetwork": {"hidden_width": 65_536}},
    "latents": {"latent": {"width": 65_536, "num_keyframes": 65_536}},
    "semantic": {"latent": {"semantic": "video-clip", "map_hidden_width": 65_536}},
}
OPEN = """
import resource, sys
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.errors import UserError
for folder in sys.argv[1:]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        VideoSpace.from_pretrained(folder)
    except UserError:
        pass
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured in other units")
def test_a_huge_configuration_takes_no_memory(folder: Path, tmp_path: Path) -> None:
    folders = [folder]
    for name, changes in HUGE.items():
        folders.append(tmp_path / name)
        shutil.copytree(folder, folders[-1])
        content = config_of(folder)
        for part, fields in changes.items():
            content["model"][part].update(fields)
        write_config(folders[-1], content)
    finished = subprocess.run(
        [sys.executable, "-c", OPEN, *map(str, folders)], capture_output=True, text=True, check=True
    )
    grown = [int(line) / 1024 for line in finished.stdout.split()]
    assert len(grown) == len(folders)
    assert max(grown[1:]) < 200


def test_a_header_larger_than_a_model_needs(folder: Path) -> None:
    path = folder / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes((2 * MEGABYTE).to_bytes(8, "little") + b" " * 2 * MEGABYTE + content)
    with pytest.raises(UserError, match="header"):
        VideoSpace.from_pretrained(folder)


def test_types_of_numbers_that_no_model_has(folder: Path) -> None:
    path = folder / "codes.safetensors"
    content = bytearray(path.read_bytes())
    path.write_bytes(content.replace(b'"U8"', b'"I8"'))
    with pytest.raises(UserError, match="ids"):
        VideoSpace.from_pretrained(folder)


def test_the_command_prints_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = config_of(folder)
    content["model"]["inr"]["num_hidden_layers"] = 10**9
    for text in (json.dumps(content), "[" * 1000, "9" * 5000):
        (folder / "config.json").write_text(text)
        assert main(["info", str(folder)]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_texts_of_a_space_control_no_terminal(
    tmp_path: Path, make_space: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    space = make_space()
    space.about = "two\nlines\x1b]0;title\x07"
    space.scores = {"psnr\x1b[2J": "high\u202e"}
    space.ids[0] = "a\x1b[31m"
    space.save_pretrained(tmp_path / "space")
    for arguments in (["info"], ["info", "--ids"], ["info", "--json"]):
        assert main([*arguments, str(tmp_path / "space")]) == 0
        shown = capsys.readouterr().out
        assert all(sign.isprintable() or sign == "\n" for sign in shown)
        assert "two\nlines" not in shown


class TestLatentFiles:
    @pytest.fixture
    def saved(self, tmp_path, make_space):
        space, path = make_space(), tmp_path / "a.npz"
        save_latents(path, LatentFile(latents=space.latents[:2], names=["a", "b"], fps=5.0), space)
        return space, path

    def test_another_program_may_pack_it(self, saved) -> None:
        space, path = saved
        with np.load(path) as content:
            arrays = dict(content)
        np.savez_compressed(path, **arrays)
        assert torch.equal(load_latents(path, space).latents, space.latents[:2])

    def test_it_cannot_unpack_to_much_more_than_its_size(self, saved) -> None:
        space, path = saved
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("zeros.npy", bytes(20 * MEGABYTE))
        with pytest.raises(UserError, match="unpacks"):
            load_latents(path, space)

    @settings(
        deadline=None,
        max_examples=60,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(at=st.integers(0, 5000), change=st.integers(1, 255))
    def test_damage(self, saved, at: int, change: int) -> None:
        space, path = saved
        content = path.read_bytes()
        damaged = bytearray(content)
        damaged[at % len(content)] ^= change
        path.write_bytes(damaged)
        try:
            load_latents(path, space)
        except UserError as error:
            assert "\n" not in str(error)  # noqa: PT017
        path.write_bytes(content)

    @pytest.mark.parametrize("name", ["format_version", "fingerprint", "names", "fps", "latents"])
    @pytest.mark.parametrize(
        "value", [10**9, -1, 1e308, True, "x" * 10_000, [[[1]]], [], ["a"], np.inf, [b"x"]]
    )
    def test_every_field(self, saved, name: str, value: Any) -> None:
        space, path = saved
        with np.load(path) as content:
            arrays = dict(content)
        np.savez(path, **{**arrays, name: np.array(value)})
        try:
            load_latents(path, space)
        except UserError as error:
            assert "\n" not in str(error)  # noqa: PT017

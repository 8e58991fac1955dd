"""Weights that PyTorch has pickled are read in bounded memory, without executing anything."""

import io
import pickle
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest
import torch

from videospace.runtime.errors import UserError
from videospace.runtime.reading.weights_file import read_weights

TENSORS = {"a.weight": torch.arange(6.0).view(2, 3), "b": torch.ones(2, dtype=torch.int64)}


def saved(content: object, path: Path, *, as_zip: bool = True) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=as_zip)
    return path


def rezipped(path: Path, name: str, content: bytes, new_name: str = "") -> None:
    """Give a member of a file another content, and pack it."""
    with zipfile.ZipFile(path) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, value in members.items():
            is_it = each.endswith(name)
            archive.writestr(new_name if is_it and new_name else each, content if is_it else value)


@pytest.mark.parametrize("as_zip", [True, False])
def test_files_of_old_and_new_versions_of_pytorch(tmp_path: Path, as_zip: bool) -> None:
    parameters = {"a": torch.nn.Linear(2, 3).state_dict(), "epoch": 7}
    found = read_weights(saved(parameters, tmp_path / "w.pt", as_zip=as_zip), ["a"])
    assert {name: value.shape for name, value in found.items()} == {"weight": (3, 2), "bias": (3,)}
    found = read_weights(saved(TENSORS, tmp_path / "b.pth.tar", as_zip=as_zip))
    assert all(torch.equal(found[name], value) for name, value in TENSORS.items())


def many_bytes(as_zip: bool) -> bytes:
    """A pickle that PyTorch would load: an array of 300 million bytes."""
    call = b"\x80\x02c__builtin__\nbytearray\n\x8a\x04" + struct.pack("<i", 3 * 10**8) + b"\x85R."
    before = [0x1950A86A20F9469CFC6C, 1001, {}]
    return call if as_zip else b"".join(pickle.dumps(each, 2) for each in before) + call


@pytest.mark.parametrize("name", ["data.pkl", "DATA.PKL", None])
def test_a_pickle_cannot_ask_for_memory(tmp_path: Path, name: str | None) -> None:
    path = saved(TENSORS, tmp_path / "w.pt")
    if name is None:
        path.write_bytes(many_bytes(as_zip=False))
    else:
        with zipfile.ZipFile(path) as archive:
            folder = archive.namelist()[0].partition("/")[0]
        rezipped(path, "data.pkl", many_bytes(as_zip=True), f"{folder}/{name}")
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match="cannot be read"):
            read_weights(path)
        assert tracemalloc.get_traced_memory()[1] < 10**8
    finally:
        tracemalloc.stop()


def test_numbers_that_unpack_to_more_than_the_file(tmp_path: Path) -> None:
    zeros = torch.zeros(1 << 20)
    path = saved({"a": zeros}, tmp_path / "w.pt")
    rezipped(path, "data/0", bytes(zeros.nbytes))
    assert path.stat().st_size < 100_000
    with pytest.raises(UserError, match="cannot be read"):
        read_weights(path)


@pytest.mark.parametrize("as_zip", [True, False])
def test_a_tensor_whose_rows_are_all_the_same(tmp_path: Path, as_zip: bool) -> None:
    path = saved({"a": torch.ones(1).expand(10**9)}, tmp_path / "w.pt", as_zip=as_zip)
    with pytest.raises(UserError, match="whole file"):
        read_weights(path)


def test_an_old_file_that_claims_more_numbers_than_it_has(tmp_path: Path) -> None:
    path = saved({"a": torch.zeros(77)}, tmp_path / "w.pt", as_zip=False)
    few, many = b"K" + bytes([77]), b"J" + struct.pack("<i", 2 * 10**9)
    path.write_bytes(path.read_bytes().replace(few, many))
    with pytest.raises(UserError, match="cannot be read"):
        read_weights(path)


@pytest.mark.parametrize("change", range(0, 2000, 37))
def test_damage(tmp_path: Path, change: int) -> None:
    file = io.BytesIO()
    torch.save(TENSORS, file, _use_new_zipfile_serialization=bool(change % 2))
    content = bytearray(file.getvalue())
    content[change % len(content)] ^= 0x55
    (tmp_path / "w.pt").write_bytes(content)
    try:
        read_weights(tmp_path / "w.pt")
    except UserError as error:
        assert "\n" not in str(error)  # noqa: PT017

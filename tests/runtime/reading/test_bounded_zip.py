"""Zip and NumPy archives of unknown origin are read in bounded memory."""

import io
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videospace.runtime.errors import UserError
from videospace.runtime.reading.bounded_zip import BoundedZip, read_npz

MEGABYTE = 1 << 20


def zipped(
    members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED, comment: bytes = b""
) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.comment = comment
    return file


def opened(file: io.BytesIO | Path, max_bytes: int = MEGABYTE, max_members: int = 10) -> BoundedZip:
    return BoundedZip(file, max_bytes=max_bytes, max_members=max_members)


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def peak_bytes(call: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        with pytest.raises(UserError):
            call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("comment", [b"", b"a comment"])
def test_reads_and_extracts_members(tmp_path: Path, compression: int, comment: bytes) -> None:
    members = {"a.txt": b"hello" * 50_000, "b/c.txt": b"", "d": b"x"}
    path = tmp_path / "a.zip"
    path.write_bytes(zipped(members, compression, comment).getvalue())
    with opened(path) as archive:
        assert archive.names == list(members)
        assert archive.size("a.txt") == 250_000
        assert {name: bytes(archive.read(name)) for name in archive.names} == members
        archive.extract("a.txt", tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == members["a.txt"]
        with pytest.raises(FileExistsError):
            archive.extract("d", tmp_path / "out")
        with pytest.raises(UserError, match="lacks"):
            archive.read("e")


def test_refuses_what_unpacks_to_too_much() -> None:
    file = zipped({"a": bytes(600_000), "b": bytes(600_000)})
    with pytest.raises(UserError, match="1,200,000"):
        opened(file)
    with opened(file, 2 * MEGABYTE) as archive, pytest.raises(UserError, match="500,000"):
        archive.read("a", max_bytes=500_000)


@pytest.mark.parametrize("claimed", [10, 1000, 60 * MEGABYTE])
def test_a_size_that_lies_costs_no_memory(tmp_path: Path, claimed: int) -> None:
    file = zipped({"a": bytes(50 * MEGABYTE)})
    lying = file.getvalue().replace(struct.pack("<L", 50 * MEGABYTE), struct.pack("<L", claimed))

    def unpack() -> None:
        with opened(io.BytesIO(lying)) as archive:
            archive.read("a")

    assert peak_bytes(unpack) < 2 * MEGABYTE

    def extract() -> None:
        with opened(io.BytesIO(lying)) as archive:
            archive.extract("a", tmp_path / "a")

    assert peak_bytes(extract) < 2 * MEGABYTE


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_refuses_other_compressions(method: int) -> None:
    with pytest.raises(UserError, match="deflate"):
        opened(zipped({"a": b"hello"}, method))


def test_refuses_too_many_members_before_it_lists_them() -> None:
    file = zipped({f"{number:05}": b"" for number in range(20_000)}, zipfile.ZIP_STORED)
    with pytest.raises(UserError, match="at most 19,999"):
        opened(file, max_members=19_999)
    assert peak_bytes(lambda: opened(file)) < MEGABYTE


def test_the_long_form_of_the_directory_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 100)
    file = zipped({f"{number:05}": b"" for number in range(20_000)}, zipfile.ZIP_STORED)
    with opened(file, max_members=20_000) as archive:
        assert len(archive.names) == 20_000
    hidden = bytearray(file.getvalue())
    hidden[-10:-6] = struct.pack("<L", 46)  # the short form says one member
    file = io.BytesIO(hidden)
    assert peak_bytes(lambda: opened(file)) < MEGABYTE


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_refuses_members_of_the_same_name() -> None:
    file = zipped({"a": b"1"})
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("a", b"2")
    with pytest.raises(UserError, match="same name"):
        opened(file)


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        opened(tmp_path / "a.zip")


@given(at=st.integers(0, 10_000), change=st.integers(1, 255), cut=st.integers(0, 400) | st.just(0))
def test_damage_is_reported_or_harmless(at: int, change: int, cut: int) -> None:
    content = bytearray(zipped({"a.npy": npy(np.arange(40)), "b.npy": npy(np.eye(3))}).getvalue())
    content[at % len(content)] ^= change
    try:
        arrays = read_npz(io.BytesIO(content[: len(content) - cut]), max_bytes=MEGABYTE)
    except UserError:
        return
    assert all(array.nbytes in (320, 72) for array in arrays.values())


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array(2.5),
        np.zeros((0, 4), np.float32),
        np.array(["a", "long"]),
    ],
)
def test_reads_arrays_as_numpy_does(array: np.ndarray) -> None:
    file = io.BytesIO()
    np.savez_compressed(file, array=array)
    (read,) = read_npz(file, max_bytes=MEGABYTE).values()
    np.testing.assert_array_equal(read, array, strict=True)
    assert read.flags.writeable
    assert read.flags.f_contiguous == array.flags.f_contiguous


def header(text: str, version: bytes = b"\x01\x00") -> bytes:
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text.encode()


@pytest.mark.parametrize(
    "content",
    [
        npy(np.arange(3))[:-1],
        npy(np.arange(3)) + b"x",
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,)}\n"),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 10000000000000000000)}\n"),
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, -1)}\n") + b"1234",
        header("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}\n") + b"12345678",
        header("{'descr': '<U0', 'fortran_order': False, 'shape': (10,)}\n"),
        header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}\n") + b"1234",
        header("{'descr': '<f4', 'fortran_order': False, 'shape': 4}\n") + b"1234",
        header("(" * 1500),
        header("-" * 1500 + "1"),
        header(" " * 60_000),
        header("{}", version=b"\x03\x00"),
        header("{}", version=b"\xff\x00"),
        b"",
        b"no array",
    ],
)
def test_refuses_what_is_no_plain_array(content: bytes) -> None:
    with pytest.raises(UserError, match="array"):
        read_npz(zipped({"a.npy": content}), max_bytes=MEGABYTE)


def test_refuses_pickles() -> None:
    file = io.BytesIO()
    np.savez(file, a=np.array([{}]))  # type: ignore[arg-type]
    with pytest.raises(UserError, match="array"):
        read_npz(file, max_bytes=MEGABYTE)


def test_refuses_two_arrays_of_one_name() -> None:
    content = npy(np.arange(3))
    with pytest.raises(UserError, match="same name"):
        read_npz(zipped({"a.npy": content, "a": content}), max_bytes=MEGABYTE)


def test_a_wrong_checksum_is_damage() -> None:
    content = b"hello, this is stored"
    file = zipped({"a": content}, zipfile.ZIP_STORED).getvalue()
    assert zlib.crc32(content)
    with (
        opened(io.BytesIO(file.replace(b"stored", b"STORED"))) as archive,
        pytest.raises(UserError, match="CRC"),
    ):
        archive.read("a")

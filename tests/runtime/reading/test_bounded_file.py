"""Files that are endless, or none, are refused at once."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from videospace.runtime.errors import UserError
from videospace.runtime.log import METRICS_FILE, read_metrics
from videospace.runtime.reading.bounded_file import MAX_LINE_BYTES, complete_lines, read_file
from videospace.runtime.reading.json_reader import read_json_file

READERS: dict[str, Callable[[Path], object]] = {
    "read_file": lambda path: read_file(path, max_bytes=100),
    "complete_lines": lambda path: list(complete_lines(path)),
    "read_json_file": read_json_file,
    "read_metrics": lambda path: read_metrics(path.parent),
}


@pytest.fixture(params=READERS)
def read(request: pytest.FixtureRequest) -> Callable[[Path], object]:
    return READERS[request.param]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / METRICS_FILE


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_that_nobody_writes_to(path, read) -> None:
    os.mkfifo(path)
    with pytest.raises(UserError, match="pipe"):
        read(path)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/zero")
def test_a_link_to_an_endless_device(path, read) -> None:
    path.symlink_to("/dev/zero")
    with pytest.raises(UserError, match="device"):
        read(path)


def test_a_file_that_is_almost_all_hole(path, read) -> None:
    with open(path, "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(UserError, match="bytes"):
        read(path)


def test_a_folder_and_nothing(path, read) -> None:
    with pytest.raises(UserError):
        read(path)
    path.mkdir()
    with pytest.raises(UserError):
        read(path)


def test_lines_are_complete(path) -> None:
    path.write_bytes(b"one\n\r\ntwo\r\nthr")
    assert list(complete_lines(path)) == [b"one\n", b"\r\n", b"two\r\n"]
    path.write_bytes(b"x" * (MAX_LINE_BYTES - 1) + b"\n")
    assert len(list(complete_lines(path))) == 1
    path.write_bytes(b"x" * MAX_LINE_BYTES + b"\n")
    with pytest.raises(UserError, match="line 1"):
        list(complete_lines(path))


def test_a_file_may_have_as_many_bytes_as_allowed(path) -> None:
    path.write_bytes(b"12345")
    assert read_file(path, max_bytes=5) == b"12345"
    with pytest.raises(UserError, match="at most 4"):
        read_file(path, max_bytes=4)

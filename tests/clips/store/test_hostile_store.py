"""Whatever the files of a store say, it opens or is refused."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.hostile_json import ANY_JSON, NASTY, paths, replaced

from videospace.clips.store.clip_store import ClipStore
from videospace.clips.store.records import ClipRecord
from videospace.runtime.errors import UserError


@pytest.fixture
def folder(tmp_path):
    store = ClipStore.create(tmp_path / "store", num_frames=2, height=4, width=4)
    for name in "ab":
        record = ClipRecord(id=name, source="a.mp4", first_frame=0, fps=25.0, split="train")
        store.append([(record, np.zeros((2, 4, 4, 3), np.uint8))])
    return store.folder


def opened(folder: Path) -> None:
    try:
        store = ClipStore.open(folder)
    except UserError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert [store[name].shape for name in store.ids] == [(2, 4, 4, 3)] * len(store)
        assert store.fps > 0


@pytest.mark.parametrize("name", ["store.json", "index.jsonl"])
def test_every_field(folder: Path, name: str) -> None:
    first, *rest = (folder / name).read_text().split("\n", 1 if name == "index.jsonl" else -1)
    valid = json.loads("\n".join([first, *rest]) if name == "store.json" else first)
    for path in paths(valid):
        for value in NASTY:
            text = json.dumps(replaced(valid, path, value))
            (folder / name).write_text(text + "\n" + (rest[0] if name == "index.jsonl" else ""))
            opened(folder)


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(value=ANY_JSON, name=st.sampled_from(["store.json", "index.jsonl"]))
def test_any_json(folder: Path, name: str, value: Any) -> None:
    before = (folder / name).read_bytes()
    (folder / name).write_text(json.dumps(value) + "\n")
    opened(folder)
    (folder / name).write_bytes(before)


@pytest.mark.parametrize(
    "line", [b"[" * 100_000, b"9" * 5000, b'{"id": "a", "id": "b"}', b'"\xff"', b"NaN", b"\\"]
)
def test_lines_that_are_no_records(folder: Path, line: bytes) -> None:
    with (folder / "index.jsonl").open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(UserError, match="line 3"):
        ClipStore.open(folder)


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5000, '"\\ud800"', "NaN", "[]", ""])
def test_descriptions_that_are_none(folder: Path, text: str) -> None:
    (folder / "store.json").write_text(text)
    with pytest.raises(UserError, match="store"):
        ClipStore.open(folder)


@pytest.mark.parametrize("name", ["store.json", "index.jsonl", "shards/00000.raw"])
def test_what_is_no_file(folder: Path, name: str) -> None:
    path = folder / name
    path.unlink()
    path.mkdir()
    with pytest.raises(UserError):
        ClipStore.open(folder)
    path.rmdir()
    os.mkfifo(path)
    with pytest.raises(UserError):
        ClipStore.open(folder)

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videospace.clips.store import clip_store
from videospace.clips.store.clip_store import ClipRecord, ClipStore
from videospace.runtime.errors import UserError

SHAPE = {"num_frames": 2, "height": 3, "width": 5}
CLIP_BYTES = 2 * 3 * 5 * 3


def record(number, **changes):
    fields = {"id": f"film-{number:04d}", "source": "film.mp4", "first_frame": number}
    return ClipRecord(**{**fields, "fps": 25.0, "split": "train", **changes})


def pixels(number):
    return np.random.default_rng(number).integers(0, 256, (2, 3, 5, 3), dtype=np.uint8)


def fill(folder, *numbers):
    store = ClipStore.create(folder, **SHAPE)
    store.append([(record(number), pixels(number)) for number in numbers])
    return store


def test_round_trip(tmp_path):
    fill(tmp_path / "deep" / "store", 0, 1, 2)
    store = ClipStore.open(str(tmp_path / "deep" / "store"))
    assert len(store) == 3
    assert (store.num_frames, store.height, store.width) == (2, 3, 5)
    assert store.records == [record(0), record(1), record(2)]
    assert store.ids == ["film-0000", "film-0001", "film-0002"]
    np.testing.assert_array_equal(store.frames([2, 0, 2]), np.stack([pixels(n) for n in (2, 0, 2)]))
    np.testing.assert_array_equal(store["film-0001"], pixels(1))
    assert store.frames(np.array([1])).shape == (1, 2, 3, 5, 3)
    assert store.frames([]).shape == (0, 2, 3, 5, 3)


def test_frames_are_copies_and_items_are_read_only_views(tmp_path):
    store = fill(tmp_path, 0)
    store.frames([0])[...] = 0
    np.testing.assert_array_equal(store[0], pixels(0))
    with pytest.raises(ValueError, match="read-only"):
        store[0][...] = 0


def test_empty_store(tmp_path):
    ClipStore.create(tmp_path, **SHAPE)
    store = ClipStore.open(tmp_path)
    assert (len(store), store.fps, store.rows(None), store.ids) == (0, 25.0, [], [])


def test_clips_go_on_in_the_next_shard(tmp_path, monkeypatch):
    monkeypatch.setattr(clip_store, "PIXEL_FILE_BYTES", 2 * CLIP_BYTES + 1)
    store = fill(tmp_path, 0)
    store.append([(record(number), pixels(number)) for number in range(1, 6)])
    sizes = [path.stat().st_size for path in sorted((tmp_path / "shards").iterdir())]
    assert sizes == [2 * CLIP_BYTES] * 3
    for opened in (store, ClipStore.open(tmp_path)):
        np.testing.assert_array_equal(
            opened.frames(range(6)), np.stack([pixels(number) for number in range(6)])
        )


def test_views_stay_good_while_the_store_grows(tmp_path):
    store = fill(tmp_path, 0)
    view = store[0]
    store.append([(record(1), pixels(1))])
    np.testing.assert_array_equal(view, pixels(0))
    np.testing.assert_array_equal(store[1], pixels(1))


def test_fps_is_the_median(tmp_path):
    store = ClipStore.create(tmp_path, **SHAPE)
    store.append([(record(n, fps=fps), pixels(n)) for n, fps in enumerate([10.0, 30.0, 12.5])])
    assert store.fps == 12.5


def test_rows_by_split(tmp_path):
    store = ClipStore.create(tmp_path, **SHAPE)
    splits = ["train", "holdout", "train"]
    store.append([(record(n, split=split), pixels(n)) for n, split in enumerate(splits)])
    assert store.rows("train") == [0, 2]
    assert store.rows("holdout") == [1]
    assert store.rows(None) == [0, 1, 2]
    with pytest.raises(UserError, match="got 'test'"):
        store.rows("test")


def test_unknown_id_names_the_nearest(tmp_path):
    store = fill(tmp_path, 0, 1)
    assert store.row("film-0001") == 1
    with pytest.raises(UserError, match="did you mean film-0001"):
        store.row("film-001")
    for row in (-1, 2):
        with pytest.raises(IndexError, match=f"got {row}"):
            store[row]


def test_create_again(tmp_path):
    fill(tmp_path, 0)
    assert len(ClipStore.create(tmp_path, **SHAPE)) == 1
    expected = "clips of 2 frames of 3x5 px"
    with pytest.raises(UserError, match=expected):
        ClipStore.create(tmp_path, **{**SHAPE, "num_frames": 9})


def test_create_beside_other_files(tmp_path):
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(UserError, match="other files"):
        ClipStore.create(tmp_path, **SHAPE)
    with pytest.raises(UserError, match="cannot write"):
        ClipStore.create(tmp_path / "diary.txt" / "store", **SHAPE)
    with pytest.raises(UserError, match="got 0 frames"):
        ClipStore.create(tmp_path / "new", **{**SHAPE, "num_frames": 0})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "has no store.json"),
        ("{", "JSON"),
        ("[]", "JSON"),
        ('{"format_version": 2}', "version 2"),
        (
            '{"format_version": 1, "num_frames": 0, "height": 4, "width": 4, "clips_per_shard": 1}',
            "got 0",
        ),
    ],
)
def test_bad_description(text, message, tmp_path):
    if text is not None:
        (tmp_path / "store.json").write_text(text)
    with pytest.raises(UserError, match=message):
        ClipStore.open(tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense", "line 2"),
        ('{"id": "b"}', "first_frame"),
        (
            '{"id":"b","source":"b","first_frame":0,"fps":0.0,"split":"train"}',
            "fps",
        ),
        (
            '{"id":"b","source":"b","first_frame":0,"fps":25.0,"split":"test"}',
            "got 'test'",
        ),
        (json.dumps(record(0).__dict__), "id once"),
        (json.dumps(record(1).__dict__), "expected 2 clips"),
    ],
)
def test_bad_index(line, message, tmp_path):
    fill(tmp_path, 0)
    with open(tmp_path / "index.jsonl", "a") as file:
        file.write(line + "\n")
    with pytest.raises(UserError, match=message):
        ClipStore.open(tmp_path)


def test_missing_pixel_file(tmp_path):
    fill(tmp_path, 0)
    (tmp_path / "shards" / "00000.raw").unlink()
    with pytest.raises(UserError, match="expected 1 clips"):
        ClipStore.open(tmp_path)


@settings(max_examples=20)
@given(index_cut=st.integers(1, 80), garbage=st.integers(0, 3 * CLIP_BYTES))
def test_a_half_written_tail_does_not_count(index_cut, garbage, tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    fill(folder, 0, 1)
    index, shard = folder / "index.jsonl", folder / "shards" / "00000.raw"
    index.write_bytes(index.read_bytes()[:-index_cut])
    shard.write_bytes(shard.read_bytes() + b"\x07" * garbage)
    store = ClipStore.open(folder)
    assert store.ids == ["film-0000"]
    store.append([(record(5), pixels(5))])
    again = ClipStore.open(folder)
    assert again.ids == ["film-0000", "film-0005"]
    np.testing.assert_array_equal(again.frames([0, 1]), np.stack([pixels(0), pixels(5)]))
    assert shard.stat().st_size == 2 * CLIP_BYTES


def test_append_refuses_what_does_not_fit(tmp_path):
    store = fill(tmp_path, 0)
    with pytest.raises(UserError, match="'film-0000' exists"):
        store.append([(record(0), pixels(0))])
    with pytest.raises(UserError, match="'film-0001' exists"):
        store.append([(record(1), pixels(0)), (record(1), pixels(0))])
    with pytest.raises(UserError, match="got 1 frames of"):
        store.append([(record(1), pixels(1)[:1])])
    assert ClipStore.open(tmp_path).ids == ["film-0000"]


def test_two_writers(tmp_path):
    first, second = fill(tmp_path, 0), ClipStore.open(tmp_path)
    first.append([(record(1), pixels(1))])
    with pytest.raises(UserError, match="another process"):
        second.append([(record(2), pixels(2))])
    assert ClipStore.open(tmp_path).ids == ["film-0000", "film-0001"]


def test_disk_that_refuses(tmp_path):
    store = ClipStore.create(tmp_path, **SHAPE)
    (tmp_path / "shards" / "00000.raw").mkdir(parents=True)
    with pytest.raises(UserError, match="cannot write"):
        store.append([(record(0), pixels(0))])
    (tmp_path / "shards" / "00000.raw").rmdir()
    (tmp_path / "index.jsonl").mkdir()
    with pytest.raises(UserError, match="cannot write"):
        store.append([(record(0), pixels(0))])
    (tmp_path / "index.jsonl").rmdir()
    store.append([(record(0), pixels(0))])
    assert ClipStore.open(tmp_path).ids == ["film-0000"]


def test_fingerprint_tells_stores_apart(tmp_path):
    store = fill(tmp_path / "a", 0, 1)
    other_order = fill(tmp_path / "b", 1, 0)
    fingerprint = store.content_fingerprint()
    assert fingerprint == ClipStore.open(tmp_path / "a").content_fingerprint()
    assert len(fingerprint) == 12
    store.append([(record(2), pixels(2))])
    assert len({fingerprint, store.content_fingerprint(), other_order.content_fingerprint()}) == 3


@pytest.mark.smallfs
def test_a_full_disk_leaves_no_unfinished_bytes(small_disk):
    shape = {"num_frames": 2, "height": 100, "width": 100}
    store = ClipStore.create(small_disk / "store", **shape)
    batch = [np.full((2, 100, 100, 3), number, np.uint8) for number in range(10)]
    store.append([(record(number), clip) for number, clip in enumerate(batch)])
    before = sizes(small_disk)
    with pytest.raises(UserError, match="No space left"):
        store.append([(record(10 + number), batch[number % 10]) for number in range(90)])
    assert sizes(small_disk) == before
    store.append([(record(10), batch[3])])
    np.testing.assert_array_equal(ClipStore.open(small_disk / "store")[10], batch[3])


@pytest.mark.parametrize("first", [1, 2])
def test_an_index_that_cannot_be_written_takes_its_pixels_back(tmp_path, monkeypatch, first):
    monkeypatch.setattr(clip_store, "PIXEL_FILE_BYTES", 2 * CLIP_BYTES + 1)
    store = fill(tmp_path, *range(first))
    before = sizes(tmp_path)

    def fail(*_, **__):
        raise UserError("cannot write")

    batch = [(record(number), pixels(number)) for number in range(first, 6)]
    with monkeypatch.context() as patch:
        patch.setattr(clip_store, "append_json_lines", fail)
        with pytest.raises(UserError, match="cannot write"):
            store.append(batch)
    assert sizes(tmp_path) == before
    store.append(batch)
    np.testing.assert_array_equal(ClipStore.open(tmp_path)[5], pixels(5))


def sizes(folder):
    """The size of every file that holds anything."""
    found = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    return {path: size for path, size in found.items() if size}

import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from videospace.clips.store.clip_store import ClipStore
from videospace.clips.synthetic import moving_mnist as moving_mnist_module
from videospace.clips.synthetic.moving_mnist import (
    BLOCK,
    MovingMnistConfig,
    moving_mnist,
    read_idx,
    write_moving_mnist,
)
from videospace.runtime.errors import UserError

SOLID = np.stack([np.full((28, 28), level, np.uint8) for level in (60, 120, 180, 240)])


def idx_bytes(array):
    header = b"\0\0\x08" + bytes([array.ndim])
    return header + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def draw(**options):
    return np.concatenate(
        list(moving_mnist(SOLID, **{"num_clips": 6, "num_frames": 30, **options}))
    )


def test_idx_round_trip(tmp_path):
    values = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    (tmp_path / "a").write_bytes(idx_bytes(values))
    (tmp_path / "b.gz").write_bytes(gzip.compress(idx_bytes(values)))
    np.testing.assert_array_equal(read_idx(tmp_path / "a"), values)
    np.testing.assert_array_equal(read_idx(str(tmp_path / "b.gz")), values)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "got  in"),
        (b"\x89PNG and so on", "got 89504e"),
        (b"\0\0\x0d\1\0\0\0\0", "got 00000d"),
        (b"\0\0\x08\3\0\0", "16 bytes .* got 6"),
        (idx_bytes(SOLID)[:-1], "got 3135"),
        (idx_bytes(SOLID) + b"\0", "got 3137"),
        (gzip.compress(idx_bytes(SOLID), mtime=0)[:-20], "gzip"),
        (b"\x1f\x8bnonsense and more of it", "gzip"),
        (None, "cannot read"),
    ],
)
def test_bad_idx(data, message, tmp_path):
    if data is not None:
        (tmp_path / "digits").write_bytes(data)
    with pytest.raises(UserError, match=message):
        read_idx(tmp_path / "digits")


def test_a_packed_file_that_unpacks_to_too_much(tmp_path, monkeypatch):
    monkeypatch.setattr(moving_mnist_module, "MAX_IDX_BYTES", 1 << 20)
    (tmp_path / "digits").write_bytes(gzip.compress(bytes(1 << 26)))
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match="at most"):
            read_idx(tmp_path / "digits")
        assert tracemalloc.get_traced_memory()[1] < 1 << 24
    finally:
        tracemalloc.stop()


def test_same_seed_same_clips():
    np.testing.assert_array_equal(draw(seed=3), draw(seed=3))
    assert (draw(seed=3) != draw(seed=4)).any()


def test_a_longer_set_begins_with_the_shorter_one():
    blocks = list(moving_mnist(SOLID, num_clips=BLOCK + 2, num_frames=2))
    assert [len(block) for block in blocks] == [BLOCK, 2]
    np.testing.assert_array_equal(np.concatenate(blocks)[:6], draw(num_frames=2))


@pytest.mark.parametrize("size", [28, 40, 64])
def test_one_digit_stays_whole_inside_and_moves_steadily(size):
    clips = draw(size=size, digits_per_clip=1)
    assert (clips[..., 0] == clips[..., 2]).all()
    lit = clips[..., 0] > 0
    assert (lit.sum((2, 3)) == 28 * 28).all()
    corners = np.stack([lit.any(3).argmax(2), lit.any(2).argmax(2)], axis=-1)
    steps = np.abs(np.diff(corners, axis=1))
    room = size - 28
    assert steps.max() <= np.ceil(0.1 * room)
    assert corners.min() >= 0
    assert corners.max() <= room
    if room:
        reaches_a_side = (corners == 0) | (corners == room)
        assert reaches_a_side.any((1, 2)).all()


def test_overlap_shows_the_brighter_digit():
    clips = draw(num_clips=BLOCK, num_frames=2, size=28)  # no room: one lies upon the other
    levels = clips.max((1, 2, 3, 4))
    assert (clips == levels[:, None, None, None, None]).all()
    shares = [(levels == level).mean() for level in (60, 120, 180, 240)]
    np.testing.assert_allclose(shares, [1 / 16, 3 / 16, 5 / 16, 7 / 16], atol=0.08)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 27}, "got 27"),
        ({"num_clips": 0}, "got 0, 20, 2 and 0"),
        ({"digits_per_clip": 0}, "got 10000, 20, 0 and 0"),
        ({"seed": -1}, "got 10000, 20, 2 and -1"),
    ],
)
def test_bad_settings(options, message):
    with pytest.raises(UserError, match=message):
        MovingMnistConfig(**options)
    with pytest.raises(UserError, match=message):
        next(moving_mnist(SOLID, **options))


def test_store_and_its_continuation(tmp_path):
    path = tmp_path / "digits.gz"
    path.write_bytes(gzip.compress(idx_bytes(SOLID)))
    config = MovingMnistConfig(digits=path, num_clips=4, num_frames=3, size=32, split="holdout")
    write_moving_mnist(tmp_path / "store", config, progress=False)
    longer = MovingMnistConfig(digits=path, num_clips=6, num_frames=3, size=32, split="holdout")
    write_moving_mnist(tmp_path / "store", longer, progress=False)
    store = ClipStore.open(tmp_path / "store")
    assert [clip_id[:12] for clip_id in store.ids] == [f"mnist-{n:05d}-" for n in range(6)]
    assert store.rows("holdout") == list(range(6))
    assert {record.source for record in store.records} == {
        "moving-mnist digits.gz size=32 digits_per_clip=2 seed=0"
    }
    np.testing.assert_array_equal(store.frames(range(6)), draw(num_frames=3, size=32))


def test_without_a_file_the_digits_are_drawn(tmp_path, monkeypatch):
    seeds = []

    def drawn(seed):
        seeds.append(seed)
        return SOLID

    monkeypatch.setattr(moving_mnist_module, "drawn_digits", drawn)
    config = MovingMnistConfig(num_clips=6, num_frames=3, size=32, seed=5)
    store = write_moving_mnist(tmp_path / "store", config, progress=False)
    assert seeds == [5]
    assert store.records[0].source == "moving-mnist drawn size=32 digits_per_clip=2 seed=5"
    np.testing.assert_array_equal(store.frames(range(6)), draw(num_frames=3, size=32, seed=5))


def test_digits_of_another_shape(tmp_path):
    (tmp_path / "labels").write_bytes(idx_bytes(np.zeros(5, np.uint8)))
    config = MovingMnistConfig(digits=Path(tmp_path / "labels"))
    with pytest.raises(UserError, match="28x28 px"):
        write_moving_mnist(tmp_path / "store", config)
    assert not (tmp_path / "store").exists()

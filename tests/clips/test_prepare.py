import importlib
import json
import multiprocessing
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from videospace.clips.cutting import DecodedClip, SourceEnd, cut_clips
from videospace.clips.parallel_decoding import decode_sources
from videospace.clips.prepare import prepare
from videospace.clips.prepare_config import PrepareConfig
from videospace.clips.store import writer as store_writer
from videospace.clips.store.clip_store import ClipStore
from videospace.clips.store.writer import StoreWriter
from videospace.clips.synthetic.bouncing_ball import BouncingBallConfig
from videospace.clips.synthetic.moving_mnist import MovingMnistConfig
from videospace.runtime.errors import UserError

prepare_module = importlib.import_module("videospace.clips.prepare")


def config(**changes):
    return PrepareConfig(**{"num_frames": 4, "size": "8x12", "workers": 1, **changes})


def same_bytes(folder, other):
    names = [p.relative_to(folder) for p in sorted(folder.rglob("*")) if p.is_file()]
    assert names == [p.relative_to(other) for p in sorted(other.rglob("*")) if p.is_file()]
    return all((folder / name).read_bytes() == (other / name).read_bytes() for name in names)


@pytest.fixture
def films(tmp_path, monkeypatch, make_video, make_levels):
    """Three films of 9, 12 and 4 frames in ./films, which give 2, 3 and 1 clips of 4 frames."""
    monkeypatch.chdir(tmp_path)
    make_video(Path("films/a.mkv"), make_levels(9))
    make_video(Path("films/b.mkv"), make_levels(12))
    make_video(Path("films/deep/c d.mkv"), make_levels(4, first=10))
    return tmp_path


def test_films_become_clips(films, numbers):
    report = prepare(["films"], "store", config())
    assert (report.num_added, report.num_present, report.skipped) == (6, 0, ())
    assert report.seconds > 0
    store = ClipStore.open("store")
    assert [(r.source, r.first_frame, r.fps, r.split) for r in store.records] == [
        ("films/a.mkv", 0, 25.0, "train"),
        ("films/a.mkv", 4, 25.0, "train"),
        ("films/b.mkv", 0, 25.0, "train"),
        ("films/b.mkv", 4, 25.0, "train"),
        ("films/b.mkv", 8, 25.0, "train"),
        ("films/deep/c d.mkv", 0, 25.0, "train"),
    ]
    assert store["b" + store.ids[3][1:]].shape == (4, 8, 12, 3)
    assert numbers(store[3]) == [4, 5, 6, 7]
    assert numbers(store[5]) == [10, 11, 12, 13]
    names, frames, keys = zip(*(clip_id.split("-") for clip_id in store.ids), strict=True)
    assert names == ("a", "a", "b", "b", "b", "c_d")
    assert frames == ("0000", "0004", "0000", "0004", "0008", "0000")
    assert len(set(keys)) == 3


def test_every_and_stride(films, numbers):
    prepare(["films/b.mkv"], "store", config(num_frames=3, every=2, stride=1))
    store = ClipStore.open("store")
    assert [record.first_frame for record in store.records] == [0, 2, 4, 6]
    assert [numbers(store[row]) for row in range(4)] == [
        [0, 2, 4],
        [2, 4, 6],
        [4, 6, 8],
        [6, 8, 10],
    ]
    assert store.fps == 12.5


@pytest.mark.parametrize(("stride", "starts"), [(2, [0, 2, 4, 6]), (3, [0, 3, 6]), (7, [0, 7])])
def test_stride_without_loss(stride, starts):
    stream = ((np.full((1, 1, 3), value, np.uint8), False) for value in range(10))
    clips = list(cut_clips(stream, 3, stride))
    assert [first for first, _ in clips] == starts
    for first, clip in clips:
        assert clip[:, 0, 0, 0].tolist() == [first, first + 1, first + 2]


def test_crop_reaches_the_clips(films, make_video):
    frame = np.zeros((1, 32, 48, 3), np.uint8)
    frame[:, 4:12, 20:32] = 200
    make_video(Path("one.mkv"), frame)
    prepare(["one.mkv"], "store", config(num_frames=1, crop="4,20,8,12"))
    assert (ClipStore.open("store")[0] == 200).all()


def test_folders_of_frames_and_lists(films, make_levels, numbers):
    for number, frame in enumerate(make_levels(5)):
        Path("takes/one").mkdir(parents=True, exist_ok=True)
        Image.fromarray(frame).save(f"takes/one/{number}.png")
    Path("list.txt").write_text("takes\nfilms/a.mkv\n")
    prepare(["list.txt"], "store", config(frame_folder_fps=5.0))
    store = ClipStore.open("store")
    assert [record.source for record in store.records] == ["takes/one"] + ["films/a.mkv"] * 2
    assert store.ids[0].startswith("one-0000-")
    assert store.records[0].fps == 5.0
    assert numbers(store[0]) == [0, 1, 2, 3]


def test_repeating_adds_nothing_and_decodes_nothing(films, monkeypatch):
    prepare(["films"], "store", config())
    before = {p: p.read_bytes() for p in Path("store").rglob("*") if p.is_file()}
    decoded = []

    def no_decoding(sources, _):
        decoded.extend(sources)
        yield from ()

    monkeypatch.setattr(prepare_module, "decode_sources", no_decoding)
    report = prepare(["./films"], "store", config())
    assert (report.num_added, report.num_present) == (0, 6)
    assert decoded == []
    assert before == {p: p.read_bytes() for p in Path("store").rglob("*") if p.is_file()}


def test_ids_alone_are_enough_to_add_nothing(films):
    prepare(["films"], "store", config())
    Path("store/sources.jsonl").unlink()
    report = prepare(["films"], "store", config())
    assert (report.num_added, report.num_present) == (0, 6)


def test_new_sources_are_appended(films):
    prepare(["films/b.mkv"], "store", config())
    first_ids = ClipStore.open("store").ids
    report = prepare(["films"], "store", config())
    assert (report.num_added, report.num_present) == (3, 3)
    assert ClipStore.open("store").ids[:3] == first_ids
    overlapping = prepare(["films"], "store", config(stride=2))
    assert (overlapping.num_added, overlapping.num_present) == (3, 6)


def test_interrupt_leaves_a_valid_store_and_the_same_command_goes_on(films, monkeypatch):
    monkeypatch.setattr(store_writer, "BATCH_BYTES", 1)
    prepare(["films"], "whole", config())
    flush, calls = StoreWriter.flush, []

    def interrupted(self):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        flush(self)

    monkeypatch.setattr(StoreWriter, "flush", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare(["films"], "cut", config())
    assert len(ClipStore.open("cut")) == 3
    monkeypatch.setattr(StoreWriter, "flush", flush)
    report = prepare(["films"], "cut", config())
    assert (report.num_added, report.num_present) == (3, 3)
    assert same_bytes(Path("whole"), Path("cut"))


@pytest.mark.parametrize("name", ["index.jsonl", "sources.jsonl"])
@pytest.mark.parametrize("cut", [1, 30, 200])
def test_kill_in_the_middle_of_a_write(name, cut, films):
    prepare(["films"], "whole", config())
    prepare(["films"], "cut", config())
    path = Path("cut") / name
    path.write_bytes(path.read_bytes()[:-cut])
    shard = Path("cut/shards/00000.raw")
    shard.write_bytes(shard.read_bytes() + b"\x07" * 500)
    report = prepare(["films"], "cut", config())
    assert report.num_added + report.num_present == 6
    whole, mended = ClipStore.open("whole"), ClipStore.open("cut")
    assert mended.records == whole.records
    np.testing.assert_array_equal(mended.frames(range(6)), whole.frames(range(6)))


def test_every_kind_of_bad_file_is_named(films, make_video, make_levels):
    make_video(Path("bad/short.mkv"), make_levels(3))
    make_video(Path("bad/long_enough.mkv"), make_levels(7))
    make_video(Path("bad/small.mkv"), make_levels(9, 4, 4))
    Path("bad/empty.mp4").touch()
    Path("bad/letter.mp4").write_text("no film")
    Path("bad/notes.pdf").write_text("no film")
    Path("list.txt").write_text("bad\ngone.mp4\nfilms/a.mkv\n")
    report = prepare(["list.txt"], "store", config(every=2, crop="0,0,8,8"))
    assert report.num_added == 2
    expected = {
        "bad/empty.mp4": "the file is empty",
        "bad/letter.mp4": "not a video, or cut off before its index",
        "bad/notes.pdf": "not a video",
        "bad/short.mkv": "too short: 2 frames (one in 2 used), a clip has 4",
        "bad/small.mkv": "the crop 0,0,8,8 leaves the frame of 4x4 px",
        "list.txt, line 2": "names 'gone.mp4', which is not there: correct the line",
    }
    assert {item.source: item.reason for item in report.skipped} == expected
    lines = [json.loads(line) for line in Path("store/skipped.jsonl").read_text().splitlines()]
    assert {line["source"]: line["reason"] for line in lines} == expected

    make_video(Path("bad/empty.mp4"), make_levels(8))
    prepare(["bad/empty.mp4"], "store", config(every=2, crop="0,0,8,8"))
    lines = [json.loads(line) for line in Path("store/skipped.jsonl").read_text().splitlines()]
    del expected["bad/empty.mp4"]
    assert {line["source"]: line["reason"] for line in lines} == expected


def test_damaged_film_gives_the_clips_before_the_damage(films, make_video, make_levels):
    path = make_video(
        Path("a.mp4"),
        make_levels(20),
        container_options={"movflags": "+faststart"},
        codec_options={"bf": "0", "g": "5"},
    )
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - (len(data) - data.index(b"mdat")) // 3])
    report = prepare(["a.mp4"], "store", config())
    assert 1 <= report.num_added <= 4
    assert report.skipped == ()


def test_run_that_skips_everything_fails(films):
    for name in ("a.mp4", "b.mp4"):
        Path(name).write_text("no film")
    Path("c.mp4").touch()
    with pytest.raises(UserError, match=r"a\.mp4.* 1 more.*c\.mp4"):
        prepare(["a.mp4", "b.mp4", "c.mp4"], "store", config())
    assert not Path("store/store.json").exists()
    assert len(Path("store/skipped.jsonl").read_text().splitlines()) == 3


def test_folder_without_anything_fails(films):
    Path("nothing").mkdir()
    with pytest.raises(UserError, match="an empty folder"):
        prepare(["nothing"], "store", config())


@pytest.mark.parametrize("holdout", [0.3, 1.0])
def test_holdout_is_by_file_and_takes_the_last(holdout, films):
    prepare(["films"], "store", config(holdout=holdout))
    store = ClipStore.open("store")
    assert [store.records[row].source for row in store.rows("holdout")] == ["films/deep/c d.mkv"]
    assert len(store.rows("train")) == 5


def test_a_file_stays_on_its_side(films):
    prepare(["films/a.mkv", "films/b.mkv"], "store", config(holdout=1.0, max_clips_per_source=1))
    prepare(["films"], "store", config(holdout=1.0))
    sides = {(record.source, record.split) for record in ClipStore.open("store").records}
    assert sides == {
        ("films/a.mkv", "train"),
        ("films/b.mkv", "holdout"),
        ("films/deep/c d.mkv", "holdout"),
    }


def test_limits(films):
    prepare(["films"], "per_source", config(max_clips_per_source=1))
    assert [record.first_frame for record in ClipStore.open("per_source").records] == [0, 0, 0]
    prepare(["films"], "sources", config(max_sources=2, holdout=1.0))
    store = ClipStore.open("sources")
    assert {record.source for record in store.records} == {"films/a.mkv", "films/b.mkv"}
    assert store.rows("holdout") == [2, 3, 4]


def test_max_clips_counts_what_is_there(films):
    for _ in range(2):
        prepare(["films"], "store", config(max_clips=3))
        sources = [record.source for record in ClipStore.open("store").records]
        assert sources == ["films/a.mkv", "films/a.mkv", "films/b.mkv"]
    report = prepare(["films"], "store", config(max_clips=4))
    assert (report.num_added, report.num_present) == (1, 3)
    prepare(["films"], "store", config())
    assert len(ClipStore.open("store")) == 6


def test_max_clips_is_divided_between_the_sides(films):
    prepare(["films"], "store", config(max_clips=3, holdout=1.0))
    store = ClipStore.open("store")
    assert (len(store.rows("train")), len(store.rows("holdout"))) == (2, 1)


def test_store_of_another_shape(films):
    prepare(["films"], "store", config())
    with pytest.raises(UserError, match="clips of 4 frames of 8x12 px"):
        prepare(["films"], "store", config(num_frames=5))


def test_two_workers_write_what_one_writes(films):
    Path("films/broken.mp4").write_text("no film")
    one = prepare(["films"], "one", config())
    two = prepare(["films"], "two", config(workers=2))
    assert (one.num_added, one.skipped) == (two.num_added, two.skipped)
    assert one.num_added == 6
    assert same_bytes(Path("one"), Path("two"))


def test_worker_that_dies_costs_only_the_file_that_it_was_at(films):
    sources = ["films/a.mkv", "films/b.mkv", "films/deep/c d.mkv", "films/a.mkv"]
    others = set(multiprocessing.active_children())
    decoded = decode_sources(sources, config(workers=2))
    results = []
    for source, messages in decoded:
        if not results:
            for child in set(multiprocessing.active_children()) - others:
                os.kill(child.pid, signal.SIGKILL)
        results.append((source, list(messages)))
    ends = [messages[-1] for _, messages in results]
    assert [source for source, _ in results] == sources
    assert ends == [SourceEnd(reason="crashed the decoder")] * 2 + [SourceEnd(own_fps=25.0)] * 2
    clips = [[m for m in messages if isinstance(m, DecodedClip)] for _, messages in results]
    assert [len(of_source) for of_source in clips] == [0, 0, 1, 2]


def test_workers_end_with_the_iterator(films):
    others = set(multiprocessing.active_children())
    decoded = decode_sources(["films/a.mkv", "films/b.mkv"], config(workers=2))
    next(decoded)
    assert len(set(multiprocessing.active_children()) - others) == 2
    decoded.close()
    assert set(multiprocessing.active_children()) == others


def test_nothing_is_printed_without_a_terminal(films, capfd):
    prepare(["films"], "store", config())
    assert capfd.readouterr() == ("", "")


def test_synthetic_sets_by_name(films):
    ball = BouncingBallConfig(num_clips=3, num_frames=2, size="20")
    report = prepare(["bouncing-ball"], "store", ball)
    assert (report.num_added, report.num_present) == (3, 0)
    report = prepare(["bouncing-ball"], "store", ball)
    assert (report.num_added, report.num_present) == (0, 3)
    with pytest.raises(UserError, match="expected a BouncingBallConfig"):
        prepare(["bouncing-ball"], "store", PrepareConfig())
    with pytest.raises(UserError, match="expected a PrepareConfig"):
        prepare(["films"], "store", MovingMnistConfig())
    header = bytes([0, 0, 8, 3, *(0, 0, 0, 1), *(0, 0, 0, 28), *(0, 0, 0, 28)])
    Path("one.idx").write_bytes(header + bytes([200]) * 28 * 28)
    digits = MovingMnistConfig(digits=Path("one.idx"), num_clips=2, num_frames=3)
    assert prepare(["moving-mnist"], "digits", digits).num_added == 2


class TestRealRecordings:
    def test_a_store_that_failed_takes_another_shape(self, films):
        with pytest.raises(UserError, match="too short"):
            prepare(["films/a.mkv"], "store", config(num_frames=100))
        assert prepare(["films/a.mkv"], "store", config()).num_added == 2

    def test_a_replaced_film_is_named(self, films, make_video, make_levels):
        prepare(["films"], "store", config())
        Path("films/a.mkv").touch()  # another time alone is no other film
        assert prepare(["films"], "store", config()).num_present == 6
        make_video(Path("films/a.mkv"), make_levels(9, first=5))
        report = prepare(["films"], "store", config())
        assert [(item.source, "replaced" in item.reason) for item in report.skipped] == [
            ("films/a.mkv", True)
        ]
        assert (report.num_added, report.num_present) == (0, 4)

    def test_relative_and_absolute_paths_are_one_film(self, films):
        prepare(["films"], "store", config())
        report = prepare([films / "films" / "a.mkv"], "store", config())
        assert (report.num_added, report.num_present) == (0, 2)

    def test_the_holdout_is_made_of_what_can_be_used(self, films, make_video, make_levels):
        make_video(Path("films/z.mkv"), make_levels(2))
        Path("films/zz.mp4").write_text("no film")
        prepare(["films"], "store", config(holdout=1))
        records = ClipStore.open("store").records
        assert {r.source for r in records if r.split == "holdout"} == {"films/deep/c d.mkv"}

    def test_films_of_other_rates_are_brought_to_the_median(
        self, films, make_video, make_levels, numbers
    ):
        make_video(Path("films/fast.mkv"), make_levels(16), fps=50)
        report = prepare(["films"], "store", config())
        assert (report.fps, report.num_resampled) == (25.0, 1)
        store = ClipStore.open("store")
        assert {record.fps for record in store.records} == {25.0}
        rows = [row for row, r in enumerate(store.records) if r.source == "films/fast.mkv"]
        assert numbers(store[rows[0]]) == [0, 2, 4, 6]

    def test_a_rate_of_ones_own(self, films, numbers):
        report = prepare(["films/b.mkv"], "store", config(fps=12.5))
        assert (report.num_resampled, ClipStore.open("store").fps) == (1, 12.5)
        assert numbers(ClipStore.open("store")[0]) == [0, 2, 4, 6]

    def test_damage_is_named_though_clips_are_used(self, films, make_levels):
        for number, frame in enumerate(make_levels(12)):
            Path("takes").mkdir(exist_ok=True)
            Image.fromarray(frame).save(f"takes/{number}.png")
        Path("takes/5.png").write_bytes(b"no image")
        report = prepare(["takes"], "store", config())
        assert [record.first_frame for record in ClipStore.open("store").records] == [0, 5]
        assert [item.source for item in report.damaged] == ["takes"]
        assert "damaged" in Path("store/skipped.jsonl").read_text()
        prepare(["takes"], "store", config())
        assert "damaged" in Path("store/skipped.jsonl").read_text()

    def test_another_rate_makes_other_clips(self, films):
        prepare(["films/b.mkv"], "store", config(fps=25.0))
        report = prepare(["films/b.mkv"], "store", config(fps=12.5))
        assert (report.num_added, report.num_present) == (1, 0)

    def test_an_unsteady_film_is_brought_to_its_own_rate(self, films, make_video, make_levels):
        times = [*range(0, 24, 2), *range(24, 44)]
        make_video(Path("unsteady.mkv"), make_levels(31), times=times[:31])
        report = prepare(["films", "unsteady.mkv"], "store", config())
        assert report.num_resampled == 1

    def test_a_film_by_two_names_is_one(self, films):
        Path("link.mkv").symlink_to("films/a.mkv")
        report = prepare(["films/a.mkv", films / "films/a.mkv", "link.mkv"], "store", config())
        assert report.num_added == 2

    @pytest.mark.parametrize("junk", [".DS_Store", "notes.txt"])
    def test_junk_beside_frames_replaces_nothing(self, films, make_levels, junk):
        for number, frame in enumerate(make_levels(5)):
            Path("takes").mkdir(exist_ok=True)
            Image.fromarray(frame).save(f"takes/{number}.bmp")
        prepare(["takes"], "store", config())
        Path("takes", junk).write_text("junk")
        assert prepare(["takes"], "store", config()).num_present == 1
        for number, frame in enumerate(make_levels(5, first=7)):
            Image.fromarray(frame).save(f"takes/{number}.bmp")
        assert prepare(["takes"], "other", config()).num_added == 1  # nothing is known there
        with pytest.raises(UserError, match="replaced"):
            prepare(["takes"], "store", config())

    def test_a_replaced_film_stops_no_shard(self, films, make_video, make_levels):
        prepare(["films"], "store", config())
        make_video(Path("films/a.mkv"), make_levels(9, first=5))
        make_video(Path("films/new.mkv"), make_levels(9))
        for number in (1, 2):
            prepare(["films"], "store", config(), shard=f"{number}/2")
        assert prepare(["films"], "store", config()).num_added == 2

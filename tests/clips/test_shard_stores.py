"""Preparing in shards makes the store that a single process makes."""

import importlib
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videospace.cli.prepare import main
from videospace.clips.prepare import prepare
from videospace.clips.prepare_config import PrepareConfig
from videospace.clips.store import writer as store_writer
from videospace.clips.store.clip_store import ClipStore
from videospace.clips.store.writer import StoreWriter
from videospace.clips.work_shard import Shard, shards_of
from videospace.runtime.errors import UserError

prepare_module = importlib.import_module("videospace.clips.prepare")


def config(**changes):
    return PrepareConfig(**{"num_frames": 4, "size": "8x12", "workers": 1, **changes})


def contents(folder):
    """Every file below a folder, hidden ones too, with its bytes."""
    files = (path for path in Path(folder).rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture
def films(tmp_path, monkeypatch, make_video, make_levels):
    """Seven films of one to four clips, a broken one among them, in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(store_writer, "BATCH_BYTES", 3000)
    for number, num_clips in enumerate((2, 1, 4, 1, 3, 2)):
        frames = make_levels(4 * num_clips + number % 3, first=number)
        make_video(Path(f"films/{number}.mkv"), frames)
    Path("films/3broken.mkv").write_text("no film")
    return tmp_path


@pytest.mark.parametrize(
    ("changes", "order"),
    [
        ({}, [1]),
        ({}, [1, 2]),
        ({}, [9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ({"holdout": 2, "stride": 2, "max_clips_per_source": 3}, [3, 1, 2]),
        ({"max_clips": 7}, [3, 1, 2]),
        ({"max_clips": 8, "holdout": 3}, [9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ({"max_sources": 4}, [2, 1]),
    ],
)
def test_any_number_of_shards_in_any_order_makes_the_store_of_one_process(films, order, changes):
    cut = config(**changes)
    alone = prepare(["films"], "alone", cut)
    for number in order:
        prepare(["films"], "store", cut, shard=f"{number}/{len(order)}")
    merged = prepare(["films"], "store", cut)
    assert contents("store") == contents("alone")
    assert not Path("store/.parts").exists()
    assert (merged.num_added, merged.skipped) == (alone.num_added, alone.skipped)


def test_limits_of_clips(films):
    """Merging stops like a single process, whether a limit falls in a source or between two."""
    for max_clips in (1, 2, 3, 6, 7, 11, 13, 14):
        cut = config(max_clips=max_clips, holdout=1)
        prepare(["films"], f"alone{max_clips}", cut)
        for number in (2, 1):
            prepare(["films"], f"store{max_clips}", cut, shard=f"{number}/2")
        prepare(["films"], f"store{max_clips}", cut)
        assert contents(f"store{max_clips}") == contents(f"alone{max_clips}")


def test_merging_decodes_nothing(films, monkeypatch):
    for number in (1, 2):
        prepare(["films"], "store", config(), shard=f"{number}/2")

    def no_decoding(sources, _):
        raise AssertionError(sources)

    monkeypatch.setattr(prepare_module, "decode_sources", no_decoding)
    assert prepare(["films"], "store", config()).num_added == 13


def test_a_shard_decodes_its_own_sources_only(films, monkeypatch):
    seen, decode = [], prepare_module.decode_sources
    monkeypatch.setattr(
        prepare_module,
        "decode_sources",
        lambda names, cut: (seen.extend(names), decode(names, cut))[1],
    )
    prepare(["films"], "store", config(), shard="2/3")
    assert seen == ["films/1.mkv", "films/3broken.mkv"]
    prepare(["films"], "store", config(), shard="2/3")
    assert seen[2:] == ["films/3broken.mkv"]  # sources without clips are tried again


def test_a_killed_shard_is_named_and_repeats_alone(films, monkeypatch):
    prepare(["films"], "alone", config())
    for number in (1, 3):
        prepare(["films"], "store", config(), shard=f"{number}/3")
    message = "run 2/3 again"
    for attempt in (lambda: ClipStore.open("store"), lambda: prepare(["films"], "store", config())):
        with pytest.raises(UserError, match=message):
            attempt()
    flush = StoreWriter.flush

    def killed(self):
        flush(self)
        raise KeyboardInterrupt

    others = {number: contents(f"store/.parts/{number}-of-3") for number in (1, 3)}
    with monkeypatch.context() as patched:
        patched.setattr(StoreWriter, "flush", killed)
        with pytest.raises(KeyboardInterrupt):
            prepare(["films"], "store", config(), shard="2/3")
    with pytest.raises(UserError, match="run 2/3 again"):
        prepare(["films"], "store", config())
    prepare(["films"], "store", config(), shard="2/3")
    assert others == {number: contents(f"store/.parts/{number}-of-3") for number in (1, 3)}
    with pytest.raises(UserError, match="without --shard"):
        ClipStore.open("store")
    prepare(["films"], "store", config())
    assert contents("store") == contents("alone")


def test_interrupted_merging_goes_on(films, monkeypatch):
    prepare(["films"], "alone", config())
    for number in (1, 2):
        prepare(["films"], "store", config(), shard=f"{number}/2")
    flush, calls = StoreWriter.flush, []

    def killed(self):
        flush(self)
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(StoreWriter, "flush", killed)
        with pytest.raises(KeyboardInterrupt):
            prepare(["films"], "store", config())
    assert 0 < len(ClipStore.open("store")) < 13
    prepare(["films"], "store", config())
    assert contents("store") == contents("alone")


def test_new_films_for_an_existing_store(films, make_video, make_levels):
    for folder in ("alone", "store"):
        prepare(["films"], folder, config(holdout=1))
    make_video(Path("films/0new.mkv"), make_levels(9))
    make_video(Path("films/9.mkv"), make_levels(5))
    prepare(["films"], "alone", config(holdout=1))
    reports = [prepare(["films"], "store", config(holdout=1), shard=f"{n}/2") for n in (1, 2)]
    assert sum(report.num_added for report in reports) == 3  # what the store has stays out
    prepare(["films"], "store", config(holdout=1))
    assert contents("store") == contents("alone")


def test_more_shards_than_films(films):
    prepare(["films/0.mkv"], "alone", config())
    for number in (1, 2, 3):
        prepare(["films/0.mkv"], "store", config(), shard=f"{number}/3")
    prepare(["films/0.mkv"], "store", config())
    assert contents("store") == contents("alone")


def test_shards_without_any_clip(films):
    for number in (1, 2):
        report = prepare(["films/3broken.mkv"], "store", config(), shard=f"{number}/2")
        assert len(report.skipped) == 2 - number
    with pytest.raises(UserError, match="none of the 1 sources"):
        prepare(["films/3broken.mkv"], "store", config())


def test_shards_that_do_not_fit_are_refused(films, make_video, make_levels):
    prepare(["films"], "store", config(), shard="1/2")
    with pytest.raises(UserError, match="got shard 1/3"):
        prepare(["films"], "store", config(), shard="1/3")
    assert shards_of(Path("store")) == [Shard(1, 2), Shard(2, 2)]
    with pytest.raises(UserError, match=r"other settings \(every\)"):
        prepare(["films"], "store", config(every=2), shard="1/2")
    prepare(["films"], "store", config(workers=2), shard="2/2")
    with pytest.raises(UserError, match=r"\(stride, holdout\)"):
        prepare(["films"], "store", config(stride=2, holdout=1))
    make_video(Path("films/7.mkv"), make_levels(9))
    with pytest.raises(UserError, match=r"films/7\.mkv"):
        prepare(["films"], "store", config())
    Path("store/.parts/1-of-5").mkdir()
    with pytest.raises(UserError, match="of 2 and of 5"):
        prepare(["films"], "store", config())
    shutil.rmtree("store")
    assert prepare(["films"], "store", config()).num_added == 15


def test_a_shard_with_a_damaged_file_counts_as_unfinished(films):
    for number in (1, 2):
        prepare(["films"], "store", config(), shard=f"{number}/2")
    Path("store/.parts/2-of-2/.part.json").write_text("[")
    with pytest.raises(UserError, match="run 2/2 again"):
        prepare(["films"], "store", config())


@pytest.mark.parametrize("text", ["", "0/4", "5/4", "1", "a/b", "1/4/2", "-1/4", "1.0/4", "²/4"])
def test_what_is_no_shard(text, films):
    with pytest.raises(UserError, match=f"got '{text}'"):
        prepare(["films"], "store", config(), shard=text)
    assert not Path("store").exists()


def test_drawn_sets_have_no_shards(films):
    with pytest.raises(UserError, match="got bouncing-ball"):
        prepare(["bouncing-ball"], "store", shard="1/2")


@given(names=st.lists(st.text(), unique=True), count=st.integers(1, 9))
def test_shards_divide_the_sources(names, count):
    parts = [Shard(number, count).select(names) for number in range(1, count + 1)]
    assert sorted(name for part in parts for name in part) == sorted(names)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_on_the_command_line(films, capsys):
    command = ["films", "--out", "store", "--frames", "4", "--size", "8x12", "--workers", "1"]
    main([*command, "--shard", "2/2"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("wrote shard 2/2 of store: 5 clips in")
    assert lines[1] == "not finished: 1/2"
    main([*command, "--shard", "1/2"])
    lines = capsys.readouterr().out.splitlines()
    assert "without --shard" in lines[1]
    main(command)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("wrote store: 13 clips in")
    assert "skipped: 1 source" in lines[1]
    assert json.loads(Path("store/skipped.jsonl").read_text())["source"] == "films/3broken.mkv"

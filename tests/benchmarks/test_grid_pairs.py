"""GRID letter-digit pairs, cut from synthetic videos."""

import numpy as np
import pytest
from benchmarks.support.grid_pairs import mouths_of_recordings, read_grid_pairs, sentences

from videospace.lipreading.mouth.detectors import FixedBox
from videospace.runtime.errors import UserError

HEADER = "recording\tstart_frame\tend_frame\tword\n"


def sentence(recording: str, letter: str, digit: str) -> str:
    words = ["sil", "bin", "blue", "at", letter, digit, "now", "sil"]
    ends = [3, 5, 7, 9, 12.25, 16.75, 20, 25]
    starts = [0, *ends[:-1]]
    rows = zip(starts, ends, words, strict=True)
    return "".join(f"{recording}\t{start}\t{end}\t{word}\n" for start, end, word in rows)


@pytest.fixture
def grid(made_data):
    folder = made_data / "grid_s1"
    table = HEADER + sentence("bbaf3s", "f", "three") + sentence("bbaf2n", "f", "two")
    (folder / "words.tsv").write_text(table + sentence("bbaf4p", "f", "two"))
    return folder


def test_pairs_are_cut_with_two_frames_at_either_end(grid, tmp_path):
    clips = read_grid_pairs(grid, work=tmp_path / "work", detector=FixedBox("0,0,88,88"))
    assert [(clip.take, clip.word, clip.speaker) for clip in clips] == [
        ("bbaf2n", "f two", "s1"),
        ("bbaf3s", "f three", "s1"),
        ("bbaf4p", "f two", "s1"),
    ]
    box = FixedBox("0,0,88,88")
    (whole,) = mouths_of_recordings(grid, ["bbaf3s"], work=tmp_path / "other", detector=box)
    assert len(whole.frames) == 25
    assert np.array_equal(clips[1].clip.frames, whole.frames[7:19])
    assert clips[0].clip.fps == 25


def test_mouths_that_were_found_are_not_looked_for_again(grid, tmp_path):
    first = read_grid_pairs(grid, work=tmp_path, detector=FixedBox(), max_recordings=2)

    def nobody(frame):
        raise AssertionError

    again = read_grid_pairs(grid, work=tmp_path, detector=nobody, max_recordings=2)
    assert len(first) == len(again) == 2
    assert np.array_equal(first[1].clip.frames, again[1].clip.frames)


def test_a_missing_recording_is_named(grid, tmp_path):
    (grid / "bbaf3s.mp4").unlink()
    with pytest.raises(UserError, match="bbaf3s"):
        read_grid_pairs(grid, work=tmp_path, detector=FixedBox())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "table"),
        ("name\tword\na\tb\n", "table"),
        (HEADER + "bbaf2n\t0\t5\tbin\n", "six words"),
    ],
)
def test_tables_that_are_none(tmp_path, content, message):
    if content is not None:
        (tmp_path / "words.tsv").write_text(content)
    with pytest.raises(UserError, match=message):
        sentences(tmp_path / "words.tsv")

"""What commands print: help texts, sizes, warnings, and the names of commands in errors."""

import os
import re
import signal
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch

from videospace.cli import main
from videospace.cli.arguments import plain_help
from videospace.cli.inversion.completion_output import print_context_l1
from videospace.clips.decoding.video_input import frame_size
from videospace.clips.writing import write_video
from videospace.inrv.inversion.contexts import Context
from videospace.inrv.space.video_space import VideoSpace


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory, small_space: VideoSpace) -> Path:
    folder = tmp_path_factory.mktemp("messages") / "space"
    small_space.save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    "command",
    ["prepare", "prepare moving-mnist", "train", "complete", "evaluate", "lipread pretrain"],
)
def test_help_has_no_code_quotes(command, capsys):
    with pytest.raises(SystemExit):
        main([*command.split(), "--help"])
    said = capsys.readouterr().out
    assert f"usage: videospace {command}" in said
    assert "`" not in said


@pytest.mark.parametrize("color", ["", "\x1b[2m"])
def test_boxes_of_a_help_text_stay_straight(color):
    lines = [
        "│ --frames INT  ``auto`` or ``num_frames`` │",
        "│ nothing to replace                       │",
    ]
    before = [line.replace("│", f"{color}│") for line in lines]
    after = plain_help("\n".join(before)).splitlines()
    assert after[0].startswith(f"{color}│ --frames INT  'auto' or --frames ")
    assert after[1] == before[1]
    assert [len(line) for line in after] == [len(line) for line in before]


def test_help_names_flags_and_not_fields(capsys):
    with pytest.raises(SystemExit):
        main(["prepare", "--help"])
    said = capsys.readouterr().out
    assert "num_frames" not in said
    assert "None means --frames" in re.sub(r"[\s│|]+", " ", said)


def test_an_unknown_flag_of_a_synthetic_set(capsys):
    with pytest.raises(SystemExit):
        main(["prepare", "moving-mnist", "--out", "store", "--bad-flag"])
    assert "videospace prepare moving-mnist --help" in capsys.readouterr().err


def test_a_synthetic_set_has_no_shards(tmp_path, capsys):
    assert main(["prepare", "bouncing-ball", "--out", str(tmp_path / "s"), "--shard", "1/2"]) == 2
    assert "leave out --shard" in capsys.readouterr().err
    assert not (tmp_path / "s").exists()


def test_info_names_the_shard_that_is_not_finished(tmp_path, capsys):
    videos = tmp_path / "films"
    videos.mkdir()
    for name in "ab":
        write_video(videos / f"{name}.mp4", [np.zeros((1, 16, 16, 3), np.uint8)] * 4, fps=25)
    store = str(tmp_path / "store")
    cut = ["--frames", "4", "--size", "16", "--workers", "1"]
    assert main(["prepare", str(videos), "--out", store, "--shard", "1/2", *cut]) == 0
    assert "1 clip " in capsys.readouterr().out
    assert main(["info", store]) == 2
    assert "2/2" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", [".mp4", ".png"])
def test_the_size_of_a_file_with_several_clips(space, tmp_path, capsys, suffix):
    out = tmp_path / f"out{suffix}"
    assert main(["sample", str(space), "--out", str(out), "--count", "2"]) == 0
    height, width = frame_size(out)
    assert f"of {height}x{width} px" in capsys.readouterr().out
    assert (height, width) != (12, 16)


def test_a_warning_before_detail_is_lost(space, tmp_path, capsys):
    video = tmp_path / "large.mp4"
    write_video(video, [np.zeros((1, 24, 32, 3), np.uint8)] * 4, fps=25)
    command = ["upscale", str(space), str(video), "--out", str(tmp_path / "up.mp4")]
    quick = ["--max-steps", "1", "--points-per-clip", "16"]
    assert main([*command, "--size", "18x24", *quick]) == 0
    said = capsys.readouterr().out
    assert len(re.findall("^warning: ", said, re.MULTILINE)) == 2
    assert "median Context-L1" in said


def test_samples_that_do_not_agree_with_the_observed_pixels_are_marked(capsys):
    print_context_l1(["a", "b", "c", "d"], [1.5, 4.9, 5.5, 6.5])
    lines = capsys.readouterr().out.splitlines()[1:]
    assert [line.split()[1] for line in lines if "does not agree" in line] == ["d"]


def test_errors_of_lipreading_name_the_whole_command(tmp_path, capsys):
    assert main(["lipread", "info", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("videospace lipread info: ")
    assert main(["lipread", "nonsense"]) == 2
    assert capsys.readouterr().err.startswith("videospace lipread: ")


def test_a_space_and_a_context_have_a_short_text(small_space):
    assert "12x16 px" in repr(small_space)
    observed = np.zeros((4, 6, 8), bool)
    observed[:2] = True
    text = repr(Context(video=np.zeros((4, 6, 8, 3), np.uint8), observed=observed))
    assert "6x8 px" in text
    assert "50.0%" in text


def test_a_finished_space_is_not_scored_again(tmp_path, capsys, monkeypatch):
    torch.manual_seed(0)
    videos = tmp_path / "film.mp4"
    write_video(videos, [np.full((1, 16, 16, 3), 9 * n, np.uint8) for n in range(8)], fps=25)
    store = str(tmp_path / "store")
    cut = ["--frames", "4", "--size", "16", "--workers", "1"]
    assert main(["prepare", str(videos), "--out", store, *cut]) == 0
    command = ["train", store, "--out", str(tmp_path / "space"), "--preset", "tiny"]
    assert main([*command, "--total-points", "1000"]) == 0
    monkeypatch.setattr("videospace.cli.train.score_space", lambda *_: pytest.fail("scored"))
    assert "finished" in capsys.readouterr().out
    assert main([*command, "--total-points", "1000"]) == 0
    assert "already finished" in capsys.readouterr().out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_told_to_end_leaves_no_temporary_folder(number, tmp_path, monkeypatch):
    def be_ended(_):
        with tempfile.TemporaryDirectory(dir=tmp_path):
            os.kill(os.getpid(), number)

    monkeypatch.setattr("videospace.cli.info.main", be_ended)
    assert main(["info", "space"]) == 130
    assert list(tmp_path.iterdir()) == []

"""What the benchmarks share."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks.support.common import (
    BenchmarkOptions,
    data_path,
    medians,
    plain,
    pretty,
    print_table,
    run_benchmark,
    share_of_valid_balls,
)

from videospace.clips.synthetic.bouncing_ball import ball_video, bouncing_ball
from videospace.runtime.errors import UserError

ROOT = Path(__file__).parents[2]


def test_balls_between_their_parents_are_valid_and_blends_are_not():
    clips, heights_px = bouncing_ball(num_clips=2)
    between = ball_video(float(heights_px.mean()))
    blend = np.rint(clips.astype(float).mean(axis=0)).astype(np.uint8)
    videos = np.stack([between, blend, between, clips[0]])
    low, high = heights_px
    share = share_of_valid_balls(videos, [low, low, low, 30], [high, high, 10, high], 6.0)
    assert share == 0.25  # only the first: the others are a blend, too low and too high


def test_medians_pass_over_what_is_missing():
    runs = [{"psnr_db": 1.0, "steps": 3}, {"psnr_db": None}, {"psnr_db": 4.0, "steps": 5}]
    found = medians(runs, ("psnr_db", "steps", "ssim"))
    assert found == {"psnr_db": 2.5, "steps": 4, "ssim": None}


def test_json_has_no_figures_that_json_does_not_know():
    found = plain({"a": (float("nan"), 1 / 3), "b": [{"c": float("-inf")}], "d": True})
    assert found == {"a": [None, 0.333333], "b": [{"c": None}], "d": True}


def test_pretty_json_keeps_curves_on_one_line():
    document = {"curve": [1.5, None, -2e-07], "empty": [], "names": ["a", "b"], "runs": [{"x": 1}]}
    text = pretty(document)
    assert json.loads(text) == document
    assert '  "curve": [1.5, null, -2e-07],\n' in text
    assert text.endswith("\n  ]\n}\n")  # an outer list keeps its indentation


def test_table_lines_up_and_marks_what_is_missing(capsys):
    print_table(
        "Scores", {"fast": {"psnr_db": 38.04, "steps": 1200}, "mean": {}}, ("psnr_db", "steps")
    )
    assert capsys.readouterr().out.splitlines() == [
        "",
        "Scores",
        "      psnr_db  steps",
        "fast     38.0  1,200",
        "mean        –      –",
        "",
    ]


def test_results_are_kept_with_the_machine_and_without_places(run_main):
    def measure(options, work):
        return {"answer": 42, "has_folder": isinstance(work, Path)}

    def main(arguments):
        return run_benchmark("nothing", "Why?", BenchmarkOptions, measure, arguments)

    document = run_main(main)
    assert document["benchmark"] == "nothing"
    assert (document["answer"], document["has_folder"], document["options"]) == (42, True, {})
    expected = {
        "cpu",
        "cores",
        "threads",
        "memory_gib",
        "platform",
        "python",
        "torch",
        "videospace",
    }
    assert expected <= document["machine"].keys()
    assert {"git_commit", "git_changes", "date"} <= document["machine"].keys()
    assert document["machine"]["cores"] >= 1


def test_nothing_is_written_where_nothing_is_to_be_saved(tmp_path, capsys):
    out = tmp_path / "results.json"
    arguments = ["--no-save", "--out", str(out)]
    run_benchmark("nothing", "Why?", BenchmarkOptions, lambda *_: {"answer": 1}, arguments)
    assert not out.exists()
    assert json.loads(capsys.readouterr().out)["answer"] == 1


def test_a_users_mistake_is_one_line_and_status_2(tmp_path, capsys):
    def measure(options, work):
        raise UserError("expected 2 clips, got 1")

    out = tmp_path / "results.json"
    with pytest.raises(SystemExit) as stopped:
        run_benchmark("nothing", "Why?", BenchmarkOptions, measure, ["--out", str(out)])
    assert stopped.value.code == 2
    assert capsys.readouterr().err == "expected 2 clips, got 1\n"
    assert not out.exists()


def test_an_interrupt_says_how_to_go_on(capsys):
    def measure(options, work):
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as stopped:
        run_benchmark("nothing", "Why?", BenchmarkOptions, measure, ["--no-save"])
    assert stopped.value.code == 130
    assert "with --work, the same command goes on" in capsys.readouterr().err


def test_data_are_found_through_the_environment_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("VIDEOSPACE_DATA", str(tmp_path))
    (tmp_path / "long").mkdir()
    assert data_path("long") == tmp_path / "long"
    with pytest.raises(
        UserError, match="expected grid_s1 in the folder that VIDEOSPACE_DATA names"
    ):
        data_path("grid_s1")
    monkeypatch.delenv("VIDEOSPACE_DATA")
    with pytest.raises(UserError, match="set VIDEOSPACE_DATA to their folder"):
        data_path("long")


def test_without_data_a_benchmark_says_so_and_ends():
    command = [sys.executable, "-m", "benchmarks.grid_faces"]
    ended = subprocess.run(command, cwd=ROOT, env={}, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.splitlines() == [
        "this benchmark measures on real recordings: set VIDEOSPACE_DATA to their folder"
    ]

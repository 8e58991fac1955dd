"""The command line that all benchmarks share."""

import json
from pathlib import Path

import pytest
from benchmarks.support import common
from benchmarks.support.common import BenchmarkOptions, data_path, run_benchmark

from videospace.runtime.errors import UserError


def answer_of_42(options, work):
    return {"answer": 42, "has_folder": isinstance(work, Path)}


def test_results_are_kept_with_the_machine_and_the_commit(run_main, monkeypatch):
    monkeypatch.setattr(common, "_git", lambda *_: None)  # as in a copy without its history
    monkeypatch.setenv("GIT_COMMIT", "c0ffee")

    def main(arguments):
        return run_benchmark("nothing", "Why?", BenchmarkOptions, answer_of_42, arguments)

    document = run_main(main)
    assert (document["benchmark"], document["answer"]) == ("nothing", 42)
    assert document["has_folder"]
    assert document["options"] == {}  # folders of this machine are left out
    assert document["machine"]["git_commit"] == "c0ffee"
    assert document["machine"]["cores"] >= 1
    assert {"cpu", "torch", "videospace", "date"} <= document["machine"].keys()


def test_nothing_is_written_without_saving(tmp_path, capsys):
    out = tmp_path / "results.json"
    arguments = ["--no-save", "--out", str(out)]
    run_benchmark("nothing", "Why?", BenchmarkOptions, answer_of_42, arguments)
    assert not out.exists()
    assert json.loads(capsys.readouterr().out)["answer"] == 42


def test_a_mistake_of_the_user_is_one_line_and_status_2(tmp_path, capsys):
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
    assert "--work" in capsys.readouterr().err


def test_data_are_found_through_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("VIDEOSPACE_DATA", str(tmp_path))
    (tmp_path / "long").mkdir()
    assert data_path("long") == tmp_path / "long"
    with pytest.raises(UserError, match="grid_s1"):
        data_path("grid_s1")
    monkeypatch.delenv("VIDEOSPACE_DATA")
    with pytest.raises(UserError, match="VIDEOSPACE_DATA"):
        data_path("long")

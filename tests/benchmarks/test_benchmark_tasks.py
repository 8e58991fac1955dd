"""The benchmark of tasks, in miniature, on each of its data sets."""

import math

import numpy as np
import pytest
from benchmarks.support import common

from benchmarks import tasks
from videospace.baselines.table import Row
from videospace.clips.store.clip_store import ClipStore
from videospace.metrics.intervals import mean_interval

QUICK = (
    *("--budget-seconds", "0.5", "--presets", "tiny"),
    *("--max-clips", "1", "--max-steps", "5", "--single-inr-steps", "5"),
    *("--encoder-seconds", "0.3"),
)
TASKS = {"invert", "inpaint", "predict", "interpolate", "sparse", "upscale"}
FIGURES = {"psnr_db", "psnr_moving_db", "psnr_unseen_db", "ssim", "context_l1", "seconds_per_clip"}
SHOW_ALL = {"invert", "upscale"}  # their contexts hide nothing


def options(dataset, **changes):
    return tasks.TasksOptions(dataset=dataset, **changes)


def rows_of(store: ClipStore, split: str) -> list[int]:
    return [int(store.records[row].id.split("-")[1]) for row in store.rows(split)]


def check_document(document):
    """Every task has ours and others beside it, as plain numbers."""
    assert document["tasks"].keys() == TASKS
    for task, methods in document["tasks"].items():
        assert "inversion" in methods
        assert len(methods) > 2, task
        assert ("encoder" in methods) >= (task == "invert")
        for method, figures in methods.items():
            assert figures.keys() >= FIGURES
            missing = {name for name, figure in figures.items() if figure is None}
            assert all(math.isfinite(figures[name]) for name in figures.keys() - missing)
            unseen = {name for name in figures if "unseen" in name}
            may_lack = {name for name in unseen if task in SHOW_ALL or "moving" in name}
            assert missing <= may_lack, (task, method)
    assert document["refinement"].keys() == {"refined weights", "Single-INR"}
    for figures in document["refinement"].values():
        assert figures["psnr_db"] > 0
        assert figures["seconds_per_clip"] > 0
        assert figures["num_clips"] == 1
    assert document["runs"][0]["intervals"].keys() == TASKS


def test_faces(run_main, made_data):
    document = run_main(tasks.main, "--dataset", "grid-faces", *QUICK, "--num-sources", "3")
    check_document(document)
    assert (document["num_training_clips"], document["num_heldout_clips"]) == (2, 1)


def test_balls(run_main):
    command = ("--dataset", "bouncing-ball", *QUICK, "--num-sources", "8", "--max-clips", "2")
    first = run_main(tasks.main, *command, "--refined-clips", "1")
    check_document(first)
    assert (first["num_training_clips"], first["num_heldout_clips"]) == (6, 2)
    low, high = first["runs"][0]["intervals"]["invert"]["inversion"]["psnr_db"]
    assert low < first["tasks"]["invert"]["inversion"]["psnr_db"] < high
    again = run_main(tasks.main, *command, "--refined-clips", "1")
    assert [run["reused"] for run in (first["runs"][0], again["runs"][0])] == [False, True]
    mine = [document["tasks"]["predict"]["inversion"]["psnr_db"] for document in (first, again)]
    assert mine[0] == mine[1]


def test_digits(run_main, made_data):
    document = run_main(tasks.main, "--dataset", "moving-mnist", *QUICK, "--num-sources", "3")
    check_document(document)
    assert (document["num_training_clips"], document["num_heldout_clips"]) == (3, 1)


def test_heights_that_are_held_out_are_never_seen(tmp_path):
    store = tasks.ball_store(options("bouncing-ball"), tmp_path)
    assert rows_of(store, "holdout") == [2, 7, 12, 17, 22, 27, 32, 37, 42, 47]
    assert len(store.rows("train")) == 40
    blue_rows = [  # of the first frame, darker where the ball is
        255 - store[row][0, :, :, 0].mean(axis=1) for row in range(len(store))
    ]
    heights = [float(np.average(np.arange(50), weights=rows)) for rows in blue_rows]
    seen = [heights[row] for row in store.rows("train")]
    for row in store.rows("holdout"):
        assert min(seen) < heights[row] < max(seen)
        assert min(abs(heights[row] - other) for other in seen) > 0.5
    again = tasks.ball_store(options("bouncing-ball"), tmp_path)
    assert again.ids == store.ids


def test_digits_that_are_held_out_are_those_of_the_test_file(tmp_path, made_data):
    small = options("moving-mnist", num_sources=4, max_clips=3)
    store = tasks.digit_store(small, tmp_path)
    assert [len(store.rows(split)) for split in ("train", "holdout")] == [4, 3]
    files = {split: store.records[store.rows(split)[0]].source for split in ("train", "holdout")}
    assert "train-images" in files["train"]
    assert "seed=0" in files["train"]
    assert "t10k-images" in files["holdout"]
    assert "seed=1" in files["holdout"]


def test_all_held_out_digits_are_drawn_where_none_are_left_out(tmp_path, made_data):
    store = tasks.digit_store(options("moving-mnist", num_sources=3), tmp_path)
    assert len(store.rows("holdout")) == 256


def test_figures_by_task_are_plain_numbers_with_intervals_apart():
    scores = {"psnr_db": mean_interval([20.0, 22.0]), "ssim": mean_interval([float("nan")] * 2)}
    row = Row(task="invert", method="ours", scores=scores, seconds_per_clip=0.5)
    found = tasks.by_task([row])
    assert found["tasks"] == {
        "invert": {"ours": {"psnr_db": 21.0, "ssim": None, "seconds_per_clip": 0.5}}
    }
    low, high = found["intervals"]["invert"]["ours"]["psnr_db"]
    assert (low + high) / 2 == pytest.approx(21.0)
    assert found["intervals"]["invert"]["ours"]["ssim"] == [None, None]


def test_each_data_set_has_a_file_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(common, "RESULTS", tmp_path)
    arguments = ["--dataset", "bouncing-ball"]
    common.run_benchmark("tasks", "Why?", tasks.TasksOptions, lambda *_: {"answer": 1}, arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["tasks_bouncing-ball.json"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--num-sources", "2"], "expected num_sources of at least 3, got 2"),
        (["--max-clips", "0"], "expected max_clips of at least 1, got 0"),
        (["--refined-clips", "0"], "expected refined_clips of at least 1, got 0"),
        (["--encoder-seconds", "-1"], "expected encoder_seconds of at least 0, got -1.0"),
        (["--seeds"], "expected at least one preset, seed"),
    ],
)
def test_what_cannot_be_measured(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        tasks.main(["--dataset", "bouncing-ball", *arguments, "--no-save"])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("dataset", ["grid-faces", "moving-mnist"])
def test_without_recordings(dataset, monkeypatch, capsys):
    monkeypatch.delenv("VIDEOSPACE_DATA", raising=False)
    with pytest.raises(SystemExit) as stopped:
        tasks.main(["--dataset", dataset, "--no-save"])
    assert stopped.value.code == 2
    assert "set VIDEOSPACE_DATA to their folder" in capsys.readouterr().err

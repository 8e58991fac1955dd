"""Training in two processes equals training in one, and errors end both."""

import json
import multiprocessing
import os
import socket
from pathlib import Path

import pytest
import torch
from process_tasks import CONFIGS, CUT_FROM_ONE, CUT_FROM_TWO, OPTIONS, a_store, run_task

from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.loop import train
from videospace.inrv.training.state import STATE_FILE
from videospace.runtime.checkpoint import load_tensors
from videospace.runtime.log import read_metrics

TOLERANCE = {"rtol": 1e-4, "atol": 1e-6}
"""Sums over clips are rounded in another order; the differences that come of it are about 1e-7."""


# The processes are forks of one that has imported PyTorch, which takes most of their time.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["torch", "videospace.inrv.training.loop"])


def outcome(task: str, folder: Path, count: int = 2) -> list[tuple[int | None, str, str]]:
    """Run a task in some processes, and return the exit status, output and errors of each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = [(folder / f"{task}-{rank}.out", folder / f"{task}-{rank}.err") for rank in range(count)]
    processes = [
        FORKS.Process(
            target=run_task, args=(task, folder, rank, count, port, said[rank]), daemon=True
        )
        for rank in range(count)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return [
        (process.exitcode, out.read_text(), errors.read_text())
        for process, (out, errors) in zip(processes, said, strict=True)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A store, and spaces that one process and two processes have trained on it."""
    folder = tmp_path_factory.mktemp("processes")
    store = a_store(folder)
    for name, config in CONFIGS.items():
        train(store, folder / f"one {name}", config, OPTIONS)
    for status, _, errors in outcome("all_configs", folder):
        assert status == 0, errors
    return folder


def assert_same_run(one: Path, two: Path) -> None:
    (state, notes), (other, other_notes) = (load_tensors(f / STATE_FILE) for f in (one, two))
    assert state.keys() == other.keys()
    for name, value in state.items():
        torch.testing.assert_close(
            other[name], value, msg=lambda m, n=name: f"{n}: {m}", **TOLERANCE
        )
    progress, other_progress = (json.loads(n["progress"]) for n in (notes, other_notes))
    for name in ("step", "points", "stage", "stage_step"):
        assert progress[name] == other_progress[name]
    assert progress["squared_error"] == pytest.approx(other_progress["squared_error"], rel=1e-4)
    assert notes["content"] == other_notes["content"]
    records = [read_metrics(path) for path in (one, two)]
    assert [r["step"] for r in records[0]] == [r["step"] for r in records[1]]
    for record, same in zip(*records, strict=True):
        assert record["psnr_db"] == pytest.approx(same["psnr_db"], abs=1e-3)


class TestTwoProcesses:
    @pytest.mark.parametrize("name", CONFIGS)
    def test_train_what_one_would(self, folder, name):
        assert_same_run(folder / f"one {name}", folder / f"two {name}")

    @pytest.mark.parametrize("name", CONFIGS)
    def test_leave_a_space_that_opens(self, folder, name):
        one, two = (VideoSpace.from_pretrained(folder / f"{n} {name}") for n in ("one", "two"))
        assert one.ids == two.ids
        torch.testing.assert_close(two.latents, one.latents, **TOLERANCE)

    def test_read_clips_from_the_disk(self, folder):
        states = [
            load_tensors(folder / f"two {n}" / STATE_FILE)[0] for n in ("points", "from disk")
        ]
        assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())

    def test_go_on_with_a_run_of_one_and_leave_it_to_one(self, folder):
        def stop(state):
            if state.progress.step == CUT_FROM_ONE:
                os.kill(os.getpid(), 2)

        report = train(folder / "store", folder / "cut", CONFIGS["points"], OPTIONS, stop)
        assert (report.finished, report.step) == (False, CUT_FROM_ONE)
        for status, output, errors in outcome("stop_by_second", folder):
            assert status == 0, errors
            assert output.split() == ["False", str(CUT_FROM_TWO), str(48 * CUT_FROM_TWO)]
        assert train(folder / "store", folder / "cut", CONFIGS["points"], OPTIONS).finished
        assert_same_run(folder / "one points", folder / "cut")


class TestTrouble:
    """A process that has nothing to say, as another has said it, ends with status 3 here."""

    def test_all_clips_that_are_not_finite_are_named_once(self, tmp_path):
        a_store(tmp_path)
        outcomes = outcome("not_finite", tmp_path)
        assert sorted(status for status, _, _ in outcomes) == [2, 3]
        [words] = [errors for status, _, errors in outcomes if status == 2]
        assert "the loss is not finite in step 0, for toy-2, toy-1: try a lower" in words
        assert len(words.splitlines()) == 1

    def test_a_process_that_is_killed_is_named(self, tmp_path):
        a_store(tmp_path)
        (status, _, errors), (killed, _, _) = outcome("die", tmp_path)
        assert (status, killed) == (2, -9)
        assert len(errors.splitlines()) == 1
        assert errors.startswith("process 1 of 2 ended")
        _, notes = load_tensors(tmp_path / "dead" / STATE_FILE)
        assert json.loads(notes["progress"])["step"] == 2

    def test_the_reason_of_one_process_is_said_once(self, tmp_path):
        a_store(tmp_path)
        (first, _, first_errors), (second, _, second_errors) = outcome("break_down", tmp_path)
        assert (first, second) == (3, 2)
        assert first_errors == ""
        assert second_errors.splitlines() == [
            "process 1 of 2: out of memory (no room): "
            "lower --batch.num-clips or --batch.points-per-clip"
        ]

    def test_more_processes_than_clips(self, tmp_path):
        outcomes = outcome("too_many", tmp_path)
        assert sorted(status for status, _, _ in outcomes) == [2, 3]
        [words] = [errors for status, _, errors in outcomes if status == 2]
        assert "expected a clip for each of the 2 processes, got 1 clips" in words

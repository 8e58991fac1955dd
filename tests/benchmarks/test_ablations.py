"""Ablations, in miniature."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from benchmarks.ablations import BASES, VARIANTS, with_changes
from benchmarks.support.common import ROOT

from benchmarks import ablations
from videospace.inrv.model.inrv_model import InrvModel
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.inrv.training.presets import fast

QUICK = (
    *("--datasets", "bouncing-ball", "--num-sources", "6", "--budget-seconds", "0.4"),
    *("--scored-clips", "2", "--inversion-steps", "2", "--variants", "low-rank", "--seeds", "0"),
)


def test_two_runs_side_by_side_and_the_same_command_again(run_main, tmp_path, capsys):
    document = run_main(ablations.main, *QUICK)
    table = document["datasets"]["bouncing-ball"]
    assert list(table) == ["base", "low-rank"]
    assert (document["num_runs"], document["num_missing_runs"]) == (2, 0)
    for row in table.values():
        assert row["runs"] == len(row["by_seed"]) == 1
        assert row["psnr_db_spread"] is None
        assert 3 < row["unseen_psnr_db"] < 60
        assert row["steps"] > 1
    gain = table["low-rank"]["psnr_db"] - table["base"]["psnr_db"]
    assert table["low-rank"]["psnr_db_gain"] == pytest.approx(gain, abs=1e-3)
    assert table["base"]["psnr_db_gain"] == 0

    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "work/ablations").iterdir()}
    assert run_main(ablations.main, *QUICK)["datasets"] == document["datasets"]
    assert files == {path: path.stat().st_mtime_ns for path in files}
    assert not list((tmp_path / "work").glob("tmp*"))


def test_a_sitting_that_is_too_short_begins_nothing(run_main):
    document = run_main(ablations.main, *QUICK, "--sitting-seconds", "1e-9")
    assert (document["num_runs"], document["num_missing_runs"]) == (0, 2)


def test_time_without_a_processor_does_not_count(tmp_path):
    options = ablations.AblationsOptions(datasets=("bouncing-ball",), num_sources=6, seeds=(0,))
    (job, *_) = ablations.all_jobs(options, tmp_path)

    def idle(_):
        time.sleep(0.1)

    with ablations.timed_by_processors():
        saving = TrainingOptions(time_budget_seconds=0.4, progress=False)
        report = train(job.store, tmp_path / "space", job.config, saving, idle)
    assert report.finished
    assert 0.4 <= report.seconds < 0.1 * report.step


def test_a_run_that_fails_is_kept_with_its_reason(tmp_path):
    options = ablations.AblationsOptions(
        datasets=("bouncing-ball",), num_sources=6, budget_seconds=5.0, scored_clips=2, seeds=(0,)
    )
    (job, *_) = ablations.all_jobs(options, tmp_path)
    optimizer = dataclasses.replace(job.config.optimizer, learning_rate=1e30)
    job = job._replace(config=dataclasses.replace(job.config, optimizer=optimizer))
    assert "the loss is not finite in step" in ablations.run(job)
    kept = json.loads(job.file.read_text())
    assert kept.keys() == {"variant", "seed", "failure"}
    table = ablations.summary([kept])
    assert table == {"base": {"runs": 0, **dict.fromkeys(ablations.COSTS), "by_seed": [kept]}}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("base", [BASES["grid-faces"], BASES["bouncing-ball"]])
def test_every_variant_is_a_model(variant, base):
    config = with_changes(base(), VARIANTS[variant])
    InrvModel(config.model)
    assert config == base() or VARIANTS[variant]


def test_a_change_is_one_field():
    changed = with_changes(fast(), {"model.inr.activation": "gelu"})
    assert changed.model.inr.activation == "gelu"
    inr = dataclasses.replace(changed.model.inr, activation="sine")
    assert dataclasses.replace(changed, model=dataclasses.replace(changed.model, inr=inr)) == fast()


def test_a_variant_that_is_the_base_by_another_name_is_left_out(tmp_path):
    options = ablations.AblationsOptions(datasets=("bouncing-ball",), seeds=(0, 1), num_sources=6)
    jobs = ablations.all_jobs(options, tmp_path)
    assert jobs[0].variant == "base"
    assert "important-0.5" not in {job.variant for job in jobs}  # as in the preset tiny
    assert len({job.file for job in jobs}) == len(jobs)
    assert [job.seed for job in jobs] == sorted(job.seed for job in jobs)


def test_means_spreads_and_gains_over_seeds():
    def run(variant, seed, psnr):
        scores = dict.fromkeys(ablations.FIGURES, psnr)
        costs = {"steps": 10, "num_parameters": 5, "cpu_share": 1.0}
        return {"variant": variant, "seed": seed, **scores, **costs}

    runs = [run("base", 0, 30.0), run("base", 1, 34.0), run("muon", 0, 31.0), run("muon", 1, 37.0)]
    table = ablations.summary([*runs, run("relu", 2, 20.0)])
    assert table["muon"]["psnr_db"] == 34.0
    assert table["muon"]["psnr_db_gain"] == 2.0
    assert table["muon"]["unseen_psnr_db_spread"] == pytest.approx(18**0.5)
    assert table["relu"]["psnr_db_gain"] is None  # the base has no such seed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--variants", "magic"], "expected variants among base, muon,"),
        (["--seeds"], "expected at least one data set and seed"),
        (["--processes", "0"], "expected processes, scored_clips and inversion_steps of at least"),
    ],
)
def test_what_cannot_be_measured(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        ablations.main([*arguments, "--no-save"])
    assert stopped.value.code == 2
    words = capsys.readouterr().err.replace("│", " ").split()
    assert message in " ".join(words)


def is_running(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_terminated_command_takes_its_runs_along(tmp_path):
    settings = ["--datasets", "bouncing-ball", "--num-sources", "6", "--budget-seconds", "1000"]
    command = [sys.executable, "-m", "benchmarks.ablations", *settings, "--work", str(tmp_path)]
    with subprocess.Popen(
        [*command, "--no-save"], cwd=ROOT, start_new_session=True, stderr=subprocess.PIPE, text=True
    ) as process:
        while not list(tmp_path.glob("tmp*/tmp*/*")):  # until a run has begun
            assert process.poll() is None
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; with --work" in said
    assert not list(tmp_path.glob("tmp*"))
    deadline = time.monotonic() + 20
    while is_running(process.pid):  # its workers end too
        assert time.monotonic() < deadline
        time.sleep(0.1)

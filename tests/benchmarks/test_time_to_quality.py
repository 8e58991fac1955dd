"""Time to quality, in miniature, and the figures that it is made of."""

import dataclasses
import math
import mmap
import os
import time

import pytest
import torch
from benchmarks.support import common, step_costs
from benchmarks.support.step_costs import (
    PARTS,
    clip_points,
    matrix_product_peaks,
    operations,
    peak_memory,
    seconds_by_part,
)
from benchmarks.time_to_quality import Watch
from PIL import Image

from benchmarks import time_to_quality
from videospace.clips.synthetic.bouncing_ball import BouncingBallConfig, write_bouncing_ball
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.evaluation import evaluate
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.inrv.training.presets import PRESETS, preset
from videospace.metrics.complexity import INR_V_LAYERS, multiply_adds

CPU = torch.device("cpu")
QUICK = (
    *("--dataset", "bouncing-ball", "--num-sources", "6", "--num-measurements", "4"),
    *("--budget-seconds", "0.6", "--scored-clips", "2", "--paper-clips", "1"),
)


@pytest.fixture(autouse=True)
def short_clocks(monkeypatch):
    monkeypatch.setattr(time_to_quality, "CLOCKED_SECONDS", 0.1)
    monkeypatch.setitem(step_costs.SIZES, "cpu", (64, 256))


@pytest.fixture
def small_paper(monkeypatch):
    """The published model takes 57 million weights, which no test has the time for."""
    published = PRESETS["paper"]()
    hypernetwork = dataclasses.replace(published.model.hypernetwork, hidden_width=4)
    inr = dataclasses.replace(published.model.inr, hidden_width=16)
    model = dataclasses.replace(published.model, hypernetwork=hypernetwork, inr=inr)
    monkeypatch.setitem(PRESETS, "paper", lambda: dataclasses.replace(published, model=model))


@pytest.fixture
def balls(tmp_path):
    config = BouncingBallConfig(num_clips=5, num_frames=3, size="16")
    return write_bouncing_ball(tmp_path / "work" / "clips" / "balls", config)


def test_two_presets(run_main, tmp_path, small_paper):
    command = (*QUICK, "--presets", "tiny", "paper", "--targets", "3", "90", "--seeds", "0", "1")
    document = run_main(time_to_quality.main, *command, "--paper-budget-seconds", "0.9")
    reached = document["seconds_to"]["tiny"]
    assert 0 < reached["3"] < 60
    assert reached["90"] is None
    assert document["longer_than_seconds"]["tiny"]["90"] >= 0.5
    assert document["longer_than_seconds"]["tiny"]["3"] is None
    assert document["seconds_to"]["paper"].keys() == {"3", "90"}
    assert "90" not in document["times_faster_than_paper"]["tiny"]
    tiny = document["presets"]["tiny"]
    assert document["share_of_matmul_peak"] == tiny["share_of_matmul_peak"]
    assert 0 < tiny["share_of_matmul_peak"] < 1.5
    assert tiny["peak_rss_mib"] > 50
    assert tiny["seconds_of_step"].keys() == {*PARTS, "other", "step"}
    budgets = {
        name: found["runs"][0]["budget_seconds"] for name, found in document["presets"].items()
    }
    assert budgets == {"tiny": 0.6, "paper": 0.9}
    assert [run["seed"] for run in tiny["runs"]] == [0, 1]
    for run in tiny["runs"]:
        seconds, psnr = run["curve"]["seconds"], run["curve"]["psnr_db"]
        assert seconds == sorted(seconds)
        assert 2 <= len(seconds) == len(psnr) <= 4
        assert run["psnr_db"] == psnr[-1]
        assert seconds[-1] == pytest.approx(run["setup_seconds"] + run["train_seconds"], abs=0.02)
        peak = document["matmul_peak_gflops"][run["precision"]]
        assert run["share_of_matmul_peak"] == pytest.approx(run["gflops"] / peak, rel=1e-3)
    with Image.open(tmp_path / "results.png") as picture:
        assert picture.size == (840, 540)
    assert not list((tmp_path / "work").glob("tmp*"))


def test_a_store_of_the_users(run_main, balls):
    command = ("--store", "balls", "--presets", "tiny", "--budget-seconds", "0.3")
    document = run_main(
        time_to_quality.main, *command, "--num-measurements", "2", "--targets", "20"
    )
    assert (document["clips"], document["num_training_clips"]) == ("balls", 5)
    assert document["clip_size"] == [3, 16, 16]
    assert document["times_faster_than_paper"] == {}


def test_the_last_moment_is_what_a_user_gets_and_saving_stops_the_clock(
    balls, tmp_path, monkeypatch
):
    save = time_to_quality.save_tensors

    def slow(*arguments):
        time.sleep(0.1)
        save(*arguments)

    monkeypatch.setattr(time_to_quality, "save_tensors", slow)
    config = dataclasses.replace(preset("tiny"), total_points=1e15)
    watch = Watch(tmp_path, 0.8, 4)
    started = time.perf_counter()
    report = train(
        balls, tmp_path / "space", config, TrainingOptions(time_budget_seconds=0.8), watch
    )
    elapsed = time.perf_counter() - started
    assert len(watch.snapshots) >= 3
    pauses = len(watch.snapshots) - 1  # the last one is after the end
    assert 0.1 * pauses <= watch.paused_seconds < report.seconds
    last = watch.snapshots[-1].seconds
    assert last == pytest.approx(watch.setup_seconds + report.seconds - watch.paused_seconds)
    assert last < elapsed - 0.1 * len(watch.snapshots)
    space = VideoSpace.from_pretrained(tmp_path / "space")
    expected = evaluate(space, balls).summary()["psnr_db"]
    scores = []
    for snapshot in watch.snapshots:
        time_to_quality.restore(space, snapshot.file, config)
        scores.append(evaluate(space, balls).summary()["psnr_db"])
    assert scores[-1] == pytest.approx(expected, abs=1e-4)
    assert scores[0] < scores[-1]


def test_medians_over_seeds_count_those_that_never_arrive():
    def run(seconds, psnr):
        figures = dict.fromkeys(time_to_quality.MEDIANS, 1.0)
        return {**figures, "precision": "float32", "curve": {"seconds": seconds, "psnr_db": psnr}}

    runs = [
        run([1.0, 2.0, 9.0], [10.0, 31.0, 32.0]),
        run([1.0, 3.0, 8.0], [10.0, 20.0, 35.0]),
        run([1.0, 4.0, 9.5], [10.0, 20.0, 29.0]),
    ]
    found = time_to_quality.of_seeds(runs, (30.0, 34.0))
    assert found["seconds_to"] == {"30": 8.0, "34": None}
    assert found["longer_than_seconds"] == {"30": None, "34": 8.0}


def test_a_preset_that_never_arrives_bounds_the_ratio():
    fast = {"seconds_to": {"25": 1.0, "30": 2.0, "36": None}, "longer_than_seconds": {"36": 60.0}}
    paper = {
        "seconds_to": {"25": 40.0, "30": None, "36": None},
        "longer_than_seconds": {"25": None, "30": 100.0, "36": 100.0},
    }
    assert time_to_quality.times_faster({"fast": fast, "paper": paper})["fast"] == {
        "25": {"times": 40.0, "at_least": False},
        "30": {"times": 50.0, "at_least": True},
    }


def test_arithmetic_of_the_published_model(balls):
    """A million points of full clips: the INR three times but for its first gradient."""
    config = preset("paper")
    assert clip_points(config, balls) == 3 * 16 * 16
    num_points = 2 * 3 * 16 * 16
    inr = 6 * multiply_adds(INR_V_LAYERS, num_points) - 2 * 256 * 63 * num_points
    makers = 10 * (128 * 256 + 2 * 256 * 256)  # a network for each of ten tensors
    outputs = 256 * sum(out * (in_ + 1) for out, in_ in INR_V_LAYERS)
    assert operations(config, balls, num_points) == pytest.approx(inr + 6 * 2 * (makers + outputs))


def test_points_of_a_clip_at_one_time(balls):
    assert clip_points(preset("fast"), balls) == 256
    batch = dataclasses.replace(preset("fast").batch, points_per_clip=None)
    assert clip_points(dataclasses.replace(preset("fast"), batch=batch), balls) == 16 * 16


def test_parts_of_a_step_add_up(balls):
    found = seconds_by_part(balls, preset("tiny"), CPU, 5)
    parts = [found[part] for part in (*PARTS, "other")]
    assert sum(parts) == pytest.approx(found["step"], rel=1e-6)
    assert all(found[part] > 0 for part in PARTS)
    assert torch.Tensor.backward.__module__ == "torch._tensor"  # the clocks are gone


def test_peaks_of_this_machine():
    peaks = matrix_product_peaks(CPU)
    assert peaks.keys() == {"float32", "bfloat16"}
    assert all(1e-2 < gflops < 1e6 for gflops in peaks.values())


def test_memory_that_is_let_go_again_counts():
    # No allocator keeps these pages when they are let go, before the watch ends.
    with peak_memory(every_seconds=0.005) as figures, mmap.mmap(-1, 2**27) as pages:
        pages.write(b"1" * 2**27)
        time.sleep(0.05)
    with peak_memory() as after:
        pass
    assert figures["peak_rss_mib"] > after["peak_rss_mib"] + 100


def test_each_store_has_a_file_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(common, "RESULTS", tmp_path)
    for arguments in ([], ["--store", "clips"]):
        common.run_benchmark(
            "time_to_quality",
            "Why?",
            time_to_quality.TimeToQualityOptions,
            lambda *_: {"answer": math.pi},
            arguments,
        )
    names = {"time_to_quality_grid-faces.json", "time_to_quality_clips.json"}
    assert {path.name for path in tmp_path.iterdir()} == names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--num-measurements", "1"],
            "expected at least one target, two measurements and one clip",
        ),
        (["--targets"], "expected at least one target, two measurements and one clip to score"),
        (["--seeds"], "expected at least one preset, seed"),
        (["--paper-budget-seconds", "0"], "expected paper_budget_seconds above 0, got 0"),
        (["--store", "nowhere"], "clips/nowhere has no store.json"),
        (["--store", "a/b"], "expected the name of a store in WORK/clips, got 'a/b'"),
    ],
)
def test_what_cannot_be_measured(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        time_to_quality.main([*arguments, "--no-save"])
    assert stopped.value.code == 2
    words = capsys.readouterr().err.replace("│", " ").split()
    assert message in " ".join(words)


@pytest.mark.realdata
def test_faces(run_main):
    assert os.environ["VIDEOSPACE_DATA"]
    command = ("--dataset", "grid-faces", "--num-sources", "3", "--presets", "tiny")
    document = run_main(time_to_quality.main, *command, *QUICK[4:], "--targets", "5")
    assert document["num_training_clips"] == 6
    assert document["seconds_to"]["tiny"]["5"] > 0

"""Every benchmark once, in miniature."""

import dataclasses
import os
from pathlib import Path
from typing import get_args

import pytest
from benchmarks.support import step_costs
from benchmarks.support.spaces import PresetName, curve
from PIL import Image

from benchmarks import (
    bouncing_ball,
    grid_faces,
    long_videos,
    moving_mnist,
    rendering,
)
from videospace.inrv.training.presets import PRESETS
from videospace.runtime.log import RunLog

QUICK = ("--budget-seconds", "0.5", "--presets", "tiny")


def test_the_presets_to_choose_from_are_all_there_are():
    assert set(get_args(PresetName)) == set(PRESETS)


def test_a_curve_is_thinned_and_ends_at_the_end(tmp_path):
    with RunLog(tmp_path, progress=False) as log:
        for step in range(1, 151):
            log.record(step=step, points=step, seconds=step / 10, psnr_db=20.0, num_clips=4.0)
    found = curve(tmp_path)
    assert {name: len(values) for name, values in found.items()} == {
        "seconds": 50,
        "psnr_db": 50,
        "num_clips": 50,
    }
    assert found["seconds"][-1] == 15.0


@pytest.fixture
def small_paper(monkeypatch):
    """The published model takes 57 million weights, which no test has the time for."""
    published = PRESETS["paper"]()
    hypernetwork = dataclasses.replace(published.model.hypernetwork, hidden_width=4)
    inr = dataclasses.replace(published.model.inr, hidden_width=16)
    model = dataclasses.replace(published.model, hypernetwork=hypernetwork, inr=inr)
    monkeypatch.setitem(PRESETS, "paper", lambda: dataclasses.replace(published, model=model))


def test_bouncing_ball(run_main, tmp_path, small_paper):
    size = ("--num-clips", "40", "--num-frames", "3", "--size", "20", "--num-checked", "20")
    pictures = tmp_path / "pictures"
    shown = ("--paper-clips", "3", "--pictures", str(pictures))
    command = (*QUICK, "paper", *size, "--seeds", "0", "1", *shown)
    document = run_main(bouncing_ball.main, *command)
    num_scored = {name: found["num_scored_clips"] for name, found in document["presets"].items()}
    assert num_scored == {"tiny": 40, "paper": 3}
    assert document["options"]["seeds"] == [0, 1]
    for found in document["presets"].values():
        names = ("valid_interpolations", "valid_interpolations_lerp", "valid_gaussian_samples")
        assert all(0 <= found[name] <= 1 for name in names)
        assert found["psnr_db"] > 0
        assert found["psnr_moving_db"] > 0
        assert found["ssim"] <= 1
        assert found["train_seconds"] >= 0.5
        assert found["steps"] >= 1
        assert [run["seed"] for run in found["runs"]] == [0, 1]
        middle = sum(run["psnr_db"] for run in found["runs"]) / 2
        assert found["psnr_db"] == pytest.approx(middle, abs=1e-3)
    baselines = document["baselines"]  # 128 components would hold 40 clips exactly
    assert baselines.keys() == {"mean_clip", "white_background", "principal_components_8"}
    linear = baselines["principal_components_8"]
    assert linear["psnr_db"] > 30
    assert linear["valid_interpolations_lerp"] < 0.9  # pictures blend, balls do not move
    assert (
        linear["num_latent_values"] == document["presets"]["tiny"]["runs"][0]["num_latent_values"]
    )
    assert len(list(pictures.glob("*.png"))) == 16
    with Image.open(pictures / "ball-tiny-seed1-reconstruction.png") as sheet:
        assert sheet.size == (3 * 22 - 2, 12 * 22 - 2)  # six clips, each above its reconstruction

    again = run_main(bouncing_ball.main, *QUICK, *size, "--seeds", "0")["presets"]["tiny"]
    assert again["runs"][0]["reused"]
    before = document["presets"]["tiny"]["runs"][0]
    assert (again["psnr_db"], again["steps"]) == (before["psnr_db"], before["steps"])
    assert again["wall_seconds"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--num-clips", "1"], "expected at least 2 clips to interpolate, got 1"),
        (["--budget-seconds", "0"], "a budget above 0 s"),
        (["--seeds"], "expected at least one preset, seed"),
    ],
)
def test_what_cannot_be_measured(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        bouncing_ball.main([*arguments, "--no-save"])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def check_faces(document):
    found = document["presets"]["tiny"]
    expected = {"train_psnr_db", "train_psnr_moving_db", "train_ssim", "seconds", "steps", "points"}
    assert expected <= found.keys()
    assert found["train_psnr_db"] > 0
    assert found["seconds"] >= 0.5
    assert found["heldout_psnr_db"] is None
    assert found["curve"].keys() == {"seconds", "psnr_db", "num_clips"}
    assert found["num_scored_clips"] == document["num_training_clips"]
    stills = {"mean_clip", "mean_frame", "own_mean_frame", "principal_components_128"}
    assert document["baselines"].keys() == stills
    assert document["baselines"]["own_mean_frame"]["train_psnr_db"] > 10


def test_grid_faces_on_made_recordings(run_main, made_data):
    document = run_main(grid_faces.main, *QUICK, "--sizes", "16", "8")
    check_faces(document)
    check_faces(document["other_sizes"]["8"])
    assert (document["num_training_clips"], document["num_heldout_clips"]) == (2, 1)


def test_long_videos_on_made_recordings(run_main, made_data):
    document = run_main(long_videos.main, *QUICK, "--size", "16")
    flies, mouse = (document["recordings"][name] for name in ("sleap_flies", "tracktor_mouse"))
    assert (flies["num_clips"], flies["every"], flies["fps"]) == (2, 1, 25.0)
    assert (mouse["num_clips"], mouse["every"], mouse["fps"]) == (2, 5, 5.0)
    for recording in (flies, mouse):
        assert recording["presets"]["tiny"]["psnr_db"] > 0
        assert recording["baselines"].keys() == {"mean_clip", "mean_frame", "own_mean_frame"}


def test_moving_mnist_on_made_digits(run_main, made_data):
    document = run_main(moving_mnist.main, *QUICK, "--num-clips", "3")
    assert document["presets"]["tiny"]["ssim"] < 1
    assert document["num_clips"] == 3
    assert {"black", "mean_clip"} <= document["baselines"].keys()
    assert document["published"]["psnr_db"] == 29.54


@pytest.mark.realdata
def test_real_recordings(run_main):
    assert Path(os.environ["VIDEOSPACE_DATA"]).is_dir()
    faces = run_main(grid_faces.main, *QUICK, "--sizes", "16", "--num-recordings", "2")
    check_faces(faces)
    assert (faces["num_training_clips"], faces["num_heldout_clips"]) == (3, 3)
    long = run_main(long_videos.main, *QUICK, "--size", "16", "--max-clips", "2")
    assert {name: found["num_clips"] for name, found in long["recordings"].items()} == {
        "sleap_flies": 2,
        "tracktor_mouse": 2,
    }
    mnist = run_main(moving_mnist.main, *QUICK, "--num-clips", "2")
    assert mnist["baselines"]["black"]["psnr_db"] > 8  # most of a frame is dark


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_rendering(run_main, monkeypatch, precision):
    monkeypatch.setitem(step_costs.SIZES, "cpu", (64,))
    options = ("--sizes", "16x24x3", "--repeats", "1", "--preset", "tiny")
    document = run_main(rendering.main, *options, "--precisions", precision)
    assert document["renders"].keys() == {precision}
    render = document["renders"][precision]["16x24x3"]
    assert render.keys() == {
        "peak_rss_mib",
        "seconds",
        "points_per_second",
        "share_of_matmul_peak",
        "formats",
    }
    assert render["formats"].keys() == {".mp4", ".npy"}
    slowest = max(found["seconds"] for found in render["formats"].values())
    assert render["seconds"] == slowest
    assert render["points_per_second"] == pytest.approx(16 * 24 * 3 / slowest, rel=1e-4)
    rate_gflops = render["points_per_second"] * document["operations_per_point"] / 1e9
    share = rate_gflops / document["matmul_peak_gflops"][precision]
    assert render["share_of_matmul_peak"] == pytest.approx(share, rel=1e-4)
    assert 50 < render["formats"][".npy"]["idle_rss_mib"] <= render["peak_rss_mib"]
    assert document["operations_per_point"] == 2 * (2 * 64 * 64 + 64 * 3)


@pytest.mark.parametrize("name", ["fast", "tiny"])
def test_the_space_to_render_has_the_latents_of_its_preset(name):
    space, latent = rendering.random_space(name), PRESETS[name]().model.latent
    assert space.latents.shape == (1, latent.num_keyframes * latent.width)
    assert next(space.render_frames(space.latents, height=4, num_frames=3)).shape == (1, 4, 4, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sizes", "64x64"], "expected height x width x frames, such as 256x256x25, got 64x64"),
        (["--sizes", "0x4x4"], "such as 256x256x25, got 0x4x4"),
        (["--formats", ".doc"], "formats among .mp4"),
        (["--preset", "slow"], "expected a preset among"),
    ],
)
def test_what_cannot_be_rendered(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        rendering.main([*arguments, "--no-save"])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err

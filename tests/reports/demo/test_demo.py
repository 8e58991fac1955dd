"""The demo as a whole, in miniature: what the folder holds, and what happens the second time."""

import json
import os
import signal
from pathlib import Path

import av
import numpy as np
import pytest
import tyro
from PIL import Image

from videospace.clips.store.clip_store import ClipStore
from videospace.clips.synthetic.bouncing_ball import BouncingBallConfig
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.evaluation import evaluate
from videospace.inrv.training.loop import train
from videospace.reports.demo import run
from videospace.reports.demo.explorer import NUM_STEPS
from videospace.reports.demo.run import DemoConfig, run_demo
from videospace.reports.demo.scores import LABELS
from videospace.runtime.errors import UserError


def decoded(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def test_the_folder_holds_everything_and_nothing_unfinished(demo):
    out, _, _ = demo
    names = {path.name for path in out.iterdir()}
    assert names == {
        "index.html", "scores.json", "loss.png", "demo.json", "media", "clips", "space",
    }  # fmt: skip
    hidden = {path.name for path in out.rglob("*") if path.name[0] == "."}
    assert all(name.endswith("lock") for name in hidden)
    assert len(ClipStore.open(out / "clips")) == 7
    assert VideoSpace.from_pretrained(out / "space").ids == ClipStore.open(out / "clips").ids
    with Image.open(out / "loss.png") as plot:
        assert plot.width > 300


def test_the_scores_are_those_of_the_space_and_all_explained(demo):
    out, scores, _ = demo
    assert scores.keys() == LABELS.keys()
    assert json.loads((out / "scores.json").read_text()) == scores
    assert all(isinstance(value, (int, float, str)) for value in scores.values())
    space = VideoSpace.from_pretrained(out / "space")
    means = evaluate(space, out / "clips", progress=False).summary()
    for name in ("psnr_db", "psnr_moving_db", "ssim"):
        assert scores[name] == pytest.approx(means[name], abs=1e-4)
        assert space.scores[name] == scores[name]
    assert scores["train_steps"] == 60
    assert scores["train_points"] == 60 * 7 * 128
    assert scores["train_seconds"] > 0
    assert (scores["seed"], scores["num_clips"], scores["num_interpolations"]) == (3, 7, 100)
    for name in ("valid_interpolations", "valid_interpolations_lerp", "valid_gaussian_samples"):
        assert 0 <= scores[name] <= 1


def test_it_prints_where_to_look_and_the_three_headlines(demo):
    out, scores, printed = demo
    assert f"Open {out / 'index.html'} in a browser." in printed
    assert f"Trained for {scores['train_seconds']:.0f} s" in printed
    assert f"{scores['psnr_db']:.1f} dB" in printed
    assert f"{100 * scores['valid_interpolations']:.0f}% of 100 interpolated clips" in printed


def test_films_have_the_promised_sizes(demo):
    media = demo[0] / "media"
    sizes = {path.name: decoded(path).shape[:3] for path in media.glob("*.mp4")}
    assert sizes.pop("interpolation.mp4") == (5, 32, 9 * 48 + 8 * 4)
    for method in ("slerp", "gaussian"):
        assert sizes.pop(f"samples-{method}.mp4") == (5, 3 * 32 + 2 * 4, 3 * 48 + 2 * 4)
    for height, width in ((16, 24), (32, 48), (128, 192)):
        assert sizes.pop(f"size-{height}x{width}.mp4") == (5, 128, 192)
    assert sizes.pop("aspect-64x192.mp4") == (5, 64, 192)
    assert sizes.pop("frame-rate.mp4") == (9, 64, 2 * 96 + 4)
    assert sizes == {f"reconstruction-ball-00{k}.mp4": (5, 64, 196) for k in (0, 1, 2, 4, 5, 6)}


def test_reconstructions_stand_beside_their_originals(demo):
    out, _, _ = demo
    store, space = ClipStore.open(out / "clips"), VideoSpace.from_pretrained(out / "space")
    for clip_id in ("ball-000", "ball-006"):
        video = decoded(out / "media" / f"reconstruction-{clip_id}.mp4").astype(float)
        middles = video[:, 1::4]  # of the squares that stand for pixels
        for first_column, expected in (
            (1, store[clip_id]),
            (101, space.render(space.latent(clip_id))),
        ):
            shown = middles[:, :, first_column : first_column + 96 : 4]
            assert np.abs(shown - expected).mean() < 6


def test_doubling_the_frame_rate_keeps_the_frames_between(demo):
    video = decoded(demo[0] / "media" / "frame-rate.mp4").astype(float)
    once, twice = video[:, :, :96], video[:, :, -96:]
    assert np.abs(once[::2] - twice[::2]).mean() < 3
    assert np.abs(once[1::2] - once[:-1:2]).mean() < 3  # every frame is shown twice
    with av.open(str(demo[0] / "media" / "frame-rate.mp4")) as container:
        assert container.streams.video[0].average_rate == 5  # 2 · 10 fps, four times slower


def test_the_explorer_walks_from_one_clip_to_the_other(demo):
    out, _, _ = demo
    with Image.open(out / "media" / "explorer.png") as file:
        picture = np.array(file)
    height, width = 67, 100
    assert picture.shape == (NUM_STEPS * height, 5 * width, 3)
    space = VideoSpace.from_pretrained(out / "space")
    for step, clip_id in ((0, "ball-000"), (NUM_STEPS - 1, "ball-006")):
        video = space.render(space.latent(clip_id), height=height, width=width)
        row = picture[step * height : (step + 1) * height].astype(int)
        for time in range(5):
            assert np.abs(row[:, time * width : (time + 1) * width] - video[time]).max() <= 1


def test_a_finished_demo_is_shown_afresh_without_training(demo, run_small):
    out, scores, _ = demo
    metrics = (out / "space" / "metrics.jsonl").read_bytes()
    weights = (out / "space" / "model.safetensors").read_bytes()
    (out / "index.html").unlink()
    again, _ = run_small(out, seed=3)
    assert again == scores
    assert (out / "index.html").is_file()
    assert (out / "space" / "metrics.jsonl").read_bytes() == metrics
    assert (out / "space" / "model.safetensors").read_bytes() == weights


def test_an_interrupted_demo_goes_on(demo, tmp_path, monkeypatch, run_small):
    def interrupted_train(*arguments):
        def interrupt(state):
            if state.progress.step == 25:
                os.kill(os.getpid(), signal.SIGINT)

        return train(*arguments, on_step=interrupt)

    with monkeypatch.context() as patch:
        patch.setattr(run, "train", interrupted_train)
        with pytest.raises(KeyboardInterrupt, match="same command again"):
            run_small(tmp_path / "demo", seed=3)
    assert not (tmp_path / "demo" / "index.html").exists()
    scores, _ = run_small(tmp_path / "demo", seed=3)
    assert (tmp_path / "demo" / "index.html").is_file()
    uninterrupted = demo[1]
    assert scores.pop("train_seconds") > 0
    assert scores == {name: uninterrupted[name] for name in scores}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"seed": 4}, "seed 3, not 4"),
        (
            {"seed": 3, "time_budget_seconds": 30.0},
            "time_budget_seconds 60.0, not 30.0",
        ),
    ],
)
def test_another_demo_in_the_folder_is_refused(demo, config, message, run_small):
    before = (demo[0] / "index.html").read_bytes()
    with pytest.raises(UserError, match=message):
        run_small(demo[0], **config)
    assert (demo[0] / "index.html").read_bytes() == before


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path, run_small):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(UserError, match=r"holds 'thesis\.txt'"):
        run_small(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_the_way_is_named(tmp_path, run_small):
    (tmp_path / "demo").write_text("a file")
    with pytest.raises(UserError, match="cannot write"):
        run_small(tmp_path / "demo")


@pytest.mark.parametrize("seconds", [0.5, -3.0, float("inf"), float("nan")])
def test_a_time_budget_must_be_a_time(seconds):
    with pytest.raises(UserError, match="at least 1 second"):
        DemoConfig(time_budget_seconds=seconds)


def test_one_clip_is_too_few(tmp_path):
    with pytest.raises(UserError, match="at least 2 clips"):
        run_demo(DemoConfig(out=tmp_path / "demo"), balls=BouncingBallConfig(num_clips=1))
    assert not (tmp_path / "demo").exists()


def test_the_command_line_has_the_promised_names():
    words = ["--out", "there", "--seed", "5", "--time-budget", "20"]
    config = tyro.cli(DemoConfig, args=words)
    assert config == DemoConfig(out=Path("there"), seed=5, time_budget_seconds=20.0)

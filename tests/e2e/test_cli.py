"""The command line from videos to renders, at toy size, as a user would call it."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from videospace.cli import COMMANDS, main
from videospace.clips.synthetic.moving_mnist import MovingMnistConfig, write_moving_mnist
from videospace.clips.writing import write_video
from videospace.inrv.training.config import TrainingConfig
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.inrv.training.state import STATE_FILE
from videospace.runtime.checkpoint import load_tensors
from videospace.runtime.reading.json_config import config_from_json

TOY = (
    "--preset tiny --model.inr.hidden-width 8 --model.hypernetwork.hidden-width 8 "
    "--batch.num-clips 4 --batch.points-per-clip 16 --total-points 2000 --device cpu"
)


def run(command: str, folder: Path) -> int:
    """Call the program with paths relative to a folder."""
    words = [word.replace("@", f"{folder}/") for word in shlex.split(command)]
    return main(words)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three videos, a store of their clips and a space."""
    folder = tmp_path_factory.mktemp("cli")
    generator = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        start = generator.integers(0, 255, (1, 24, 32, 3))
        frames = [np.clip(start + 4 * time, 0, 255).astype(np.uint8) for time in range(12)]
        write_video(folder / "films" / f"{name}.mp4", frames, fps=25, num_frames=12)
    assert run("prepare @films --out @clips --frames 4 --size 12x16 --workers 1", folder) == 0
    assert run(f"train @clips --out @space {TOY}", folder) == 0
    return folder


def test_prepare_reports_and_repeats(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = "prepare @films --out @clips --frames 4 --size 12x16 --workers 1"
    assert run(command, folder) == 0
    assert "0 clips" in (said := capsys.readouterr().out)
    assert "9 were there already" in said


def test_prepare_names_what_it_skips(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mixed = folder / "mixed"
    mixed.mkdir()
    (mixed / "good.mp4").write_bytes((folder / "films" / "a.mp4").read_bytes())
    (mixed / "empty.mp4").write_bytes(b"")
    assert run("prepare @mixed --out @some --frames 4 --size 8 --workers 1", folder) == 0
    assert "skipped: 1 source" in capsys.readouterr().out
    assert "empty.mp4" in (folder / "some" / "skipped.jsonl").read_text()


def test_prepare_makes_bouncing_balls(folder: Path) -> None:
    options = "--num-clips 3 --frames 4 --size 16"
    assert run(f"prepare bouncing-ball --out @balls {options}", folder) == 0
    assert len((folder / "balls" / "index.jsonl").read_text().splitlines()) == 3


def test_prepare_draws_digits_and_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("prepare moving-mnist --out @digits --num-clips 2 --frames 3", folder) == 0
    assert "--digits" in capsys.readouterr().out
    assert len((folder / "digits" / "index.jsonl").read_text().splitlines()) == 2


def test_training_again_resumes_and_scores(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"train @clips --out @space {TOY}", folder) == 0
    assert "finished after" in capsys.readouterr().out
    scores = json.loads((folder / "space" / "config.json").read_text())["scores"]
    assert scores["num_clips"] == 9
    assert "psnr_db" in (folder / "space" / "README.md").read_text()


def test_training_again_keeps_the_scores_of_a_finished_run(folder: Path) -> None:
    card = folder / "space" / "README.md"
    assert "psnr_db" in card.read_text()
    train(folder / "clips", folder / "space", finished_run(folder), TrainingOptions(device="cpu"))
    assert "psnr_db" in card.read_text()


def finished_run(folder: Path) -> TrainingConfig:
    """The settings of a run, as its state has them."""
    _, notes = load_tensors(folder / "space" / STATE_FILE)
    return config_from_json(TrainingConfig, json.loads(notes["config"]), "the state")


def test_training_with_other_settings_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"train @clips --out @space {TOY} --seed 3", folder) == 2
    assert "seed was 0, now 3" in capsys.readouterr().err


def test_a_flag_changes_one_setting_of_the_preset(folder: Path) -> None:
    assert run(f"train @clips --out @linear {TOY} --model.hypernetwork.kind low-rank", folder) == 0
    model = json.loads((folder / "linear" / "config.json").read_text())["model"]
    assert model["hypernetwork"]["kind"] == "low-rank"
    assert model["latent"]["width"] == 8  # as in the preset


@pytest.mark.parametrize(("tracks", "number"), [("auto", 0), ("3", 3)])
def test_tracks_are_counted_or_given(folder, capsys, tracks, number) -> None:
    assert run(f"train @clips --out @{tracks} {TOY} --tracks {tracks}", folder) == 0
    model = json.loads((folder / tracks / "config.json").read_text())["model"]
    assert model["latent"]["num_tracks"] == number
    assert ("0 tracks:" in capsys.readouterr().out) == (tracks == "auto")


@pytest.mark.parametrize(("tracks", "is_shared"), [("1", True), ("0", False)])
def test_clips_share_a_background_that_is_one(folder, tracks, is_shared) -> None:
    store = write_moving_mnist(folder / "still", MovingMnistConfig(num_clips=4, num_frames=6))
    settings = f"--preset moving --total-points 1000 --tracks {tracks}"
    assert run(f"train @still --out @{tracks}-still {settings}", folder) == 0
    model = json.loads((folder / f"{tracks}-still" / "config.json").read_text())["model"]
    assert (model["latent"]["width"] == 1) == is_shared
    assert len(store) == 4


def test_clips_of_several_backgrounds_have_content_of_their_own(folder, capsys) -> None:
    settings = "--preset moving --total-points 1000 --tracks 1"
    assert run(f"train @clips --out @own {settings}", folder) == 0
    assert "different backgrounds" in capsys.readouterr().out
    model = json.loads((folder / "own" / "config.json").read_text())["model"]
    assert model["latent"]["width"] == 128


@pytest.mark.parametrize(
    ("command", "shape"),
    [
        ("reconstruct @space --out @out.npy --count 2", (2, 4, 12, 16, 3)),
        ("reconstruct @space --out @out.npy --count 1 --fps 50", (1, 7, 12, 16, 3)),
        ("sample @space --out @out.npy --count 3 --height 24", (3, 4, 24, 32, 3)),
        ("sample @space --out @out.npy --count 2 --method gaussian --frames 9", (2, 9, 12, 16, 3)),
        ("sample @space --out @out.npy --count 1 --height 5 --width 3", (1, 4, 5, 3, 3)),
    ],
)
def test_renders_have_the_size_asked_for(
    folder: Path, command: str, shape: tuple[int, ...]
) -> None:
    assert run(command, folder) == 0
    assert np.load(folder / "out.npy").shape == shape


def test_interpolation_ends_at_its_clips(folder: Path) -> None:
    index = (folder / "clips" / "index.jsonl").read_text()
    ids = [json.loads(line)["id"] for line in index.splitlines()]
    assert run(f"interpolate @space {ids[0]} {ids[5]} --steps 3 --out @walk.npy", folder) == 0
    assert run(f"reconstruct @space --clips {ids[0]} {ids[5]} --out @ends.npy", folder) == 0
    walk, ends = np.load(folder / "walk.npy"), np.load(folder / "ends.npy")
    assert np.array_equal(walk[[0, 2]], ends)


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
def test_videos_play(folder: Path, suffix: str) -> None:
    assert run(f"sample @space --count 2 --out @out{suffix}", folder) == 0
    with av.open(str(folder / f"out{suffix}")) as video:
        assert len(list(video.decode(video=0))) == 4


def test_a_name_without_suffix_is_a_folder_of_videos(folder: Path) -> None:
    assert run("sample @space --count 2 --out @many", folder) == 0
    assert sorted(path.name for path in (folder / "many").iterdir()) == [
        "sample-000.mp4",
        "sample-001.mp4",
    ]


def test_sampling_says_how_new_the_samples_are(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("sample @space --count 2 --out @out.png", folder) == 0
    assert capsys.readouterr().out.count("sample-00") == 2


def test_info_of_a_space_and_of_a_store(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("info @space --json", folder) == 0
    assert json.loads(capsys.readouterr().out)["clips"] == 9
    assert run("info @clips", folder) == 0
    assert "for training  9" in capsys.readouterr().out
    assert run("info @space --ids", folder) == 0
    assert len(capsys.readouterr().out.split()) == 9


def test_evaluate_writes_every_clip(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("evaluate @space @clips --json @scores.json", folder) == 0
    assert "PSNR in dB, all pixels" in capsys.readouterr().out
    scores = json.loads((folder / "scores.json").read_text())
    assert len(scores["clips"]) == scores["num_clips"] == 9


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("train @nothing --out @x", "has no store.json"),
        (
            "train @clips --out @x --preset quick",
            "expected a preset among fast, moving",
        ),
        ("sample @clips --out @x.png", "has no config.json"),
        ("sample @space --out @x.avi", "ends in .mp4"),
        ("sample @space --out @x.png --height 0", "at least 1 frame of 1x1 px"),
        ("sample @space --out @x.png --count 0", "at least 1 sample"),
        ("sample @space --out @x.png --fps 0", "--fps above 0"),
        ("sample @space --out @x.png --device abacus", "got 'abacus'"),
        ("interpolate @space a-0000 nobody --out @x.png", "did you mean a-00"),
        ("interpolate @space A B --steps 1 --out @x.png", "no clip 'A'"),
        ("reconstruct @space --clips nobody --out @x.png", "no clip 'nobody'"),
        ("evaluate @space @space", "has no store.json"),
        ("info @films", "has neither config.json nor store.json"),
        ("prepare @nothing --out @x", "nothing"),
        ("prepare @films --out @x --crop 1,2", "expected a crop"),
        ("dance", "no command 'dance'"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    folder: Path, command: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command, folder) == 2
    said = capsys.readouterr().err.strip()
    assert message in said
    assert "\n" not in said
    assert "Traceback" not in said


def test_a_wrong_flag_is_named_with_the_likely_one() -> None:
    words = ["train", "clips", "--out", "space", "--model.inr.hidden-widt", "8"]
    finished = subprocess.run(
        [sys.executable, "-m", "videospace", *words], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 2
    assert "--model.inr.hidden-width" in finished.stdout + finished.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    assert stopped.value.code == 0
    assert f"usage: videospace {name}" in capsys.readouterr().out


def test_help_does_not_wait_for_pytorch() -> None:
    code = (
        "import sys; from videospace.cli import main; main([]); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)

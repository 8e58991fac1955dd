"""Runs every benchmark once at toy size, so that none of them stops working unnoticed."""

import dataclasses
import json
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from benchmarks.support import grid_pairs, step_costs
from benchmarks.support.grid_words import read_grid_words
from benchmarks.support.spaces import PresetName
from PIL import Image

from benchmarks import (
    ablations,
    bouncing_ball,
    grid_faces,
    lipreading_footage,
    lipreading_table,
    long_videos,
    make_pretrained,
    moving_mnist,
    moving_things,
    out_of_the_box,
    rendering,
    scale,
    sentence_context,
    tasks,
    time_to_quality,
    unseen_people,
)
from videospace.clips.synthetic.bouncing_ball import BouncingBallConfig, write_bouncing_ball
from videospace.clips.synthetic.moving_mnist import MovingMnistConfig, write_moving_mnist
from videospace.inrv.model.inrv_model import InrvModel
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.presets import PRESETS, fast, tiny
from videospace.lipreading.mouth.detectors import FixedBox
from videospace.runtime.errors import UserError

SHORT = ("--budget-seconds", "0.2", "--presets", "tiny")
WORDS = ("words/01", "words/02", "phrases/01")
LIPREADING = (
    *("--speakers", "A", "--seeds", "0", "--device", "cpu"),
    *("--pretrain.steps", "2", "--pretrain.calibration-speakers", "0"),
)


@pytest.fixture
def small_products(monkeypatch):
    monkeypatch.setitem(step_costs.SIZES, "cpu", (64,))


@pytest.fixture(scope="module")
def mouth_corpus(tmp_path_factory) -> Path:
    """Two speakers, three classes and five takes of a mouth that opens and closes."""
    corpus = tmp_path_factory.mktemp("corpus")
    noise = np.random.default_rng(0)
    for speaker in ("A", "B"):
        for number, word in enumerate(WORDS):
            for take in range(5):
                folder = corpus / speaker / word / str(take)
                folder.mkdir(parents=True)
                for frame in range(12):
                    image = noise.normal(140, 4, (88, 88)).clip(0, 255).astype(np.uint8)
                    height = 6 + round(14 * abs(np.sin((number + 1) * frame / 4)))
                    image[44 - height : 44 + height, 22:66] = 30
                    Image.fromarray(image).save(folder / f"{frame:02d}.png")
    return corpus


def test_presets_are_those_of_the_package():
    assert set(get_args(PresetName)) == set(PRESETS)


def test_bouncing_ball(run_main, tmp_path):
    size = ("--num-clips", "5", "--num-frames", "3", "--size", "16", "--num-checked", "3")
    command = (*SHORT, *size, "--seeds", "0", "--pictures", str(tmp_path / "pictures"))
    document = run_main(bouncing_ball.main, *command)
    found = document["presets"]["tiny"]
    assert found["psnr_db"] > 0
    assert 0 <= found["valid_interpolations"] <= 1
    assert {"mean_clip", "white_background"} <= document["baselines"].keys()
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 4
    again = run_main(bouncing_ball.main, *SHORT, *size, "--seeds", "0")["presets"]["tiny"]
    assert again["runs"][0]["reused"]
    assert again["psnr_db"] == found["psnr_db"]


def test_grid_faces(run_main, made_data):
    document = run_main(grid_faces.main, *SHORT, "--sizes", "8")
    assert document["presets"]["tiny"]["train_psnr_db"] > 0
    assert (document["num_training_clips"], document["num_heldout_clips"]) == (2, 1)


def test_long_videos(run_main, made_data):
    document = run_main(long_videos.main, *SHORT, "--size", "8", "--recordings", "tracktor_mouse")
    mouse = document["recordings"]["tracktor_mouse"]
    assert (mouse["num_clips"], mouse["every"], mouse["fps"]) == (2, 5, 5.0)
    assert mouse["presets"]["tiny"]["psnr_db"] > 0


def test_moving_mnist(run_main, made_data):
    document = run_main(moving_mnist.main, *SHORT, "--num-clips", "2")
    assert document["num_clips"] == 2
    assert document["presets"]["tiny"]["psnr_db"] > 0


def test_moving_things(run_main, made_data):
    budget = ("--datasets", "mouse", "--budget-seconds", "0.4", "--num-checked", "2")
    mouse = run_main(moving_things.main, *budget)["mouse"]
    assert mouse["train_psnr_db"] > 0
    assert 0 <= mouse["valid_interpolations"] <= 1
    assert mouse["variants"].keys() == {"tracks", "still"}
    assert (mouse["num_clips"], mouse["heldout_psnr_db"]) == (2, None)


def test_moving_digits_are_checked(tmp_path):
    store = write_moving_mnist(tmp_path / "clips", MovingMnistConfig(num_clips=12, seed=1))
    clips = store.frames(range(12))
    found = moving_things.Interpolations(
        videos=clips, first=[*range(12)], other=[*range(12)], ratios=np.full(12, 0.5)
    )
    assert moving_things.valid_digits(store, found) > 0.8
    fades = dataclasses.replace(found, videos=clips // 2 + np.roll(clips, 1, axis=0) // 2)
    assert moving_things.valid_digits(store, fades) < 0.3


def test_tasks(run_main):
    document = run_main(
        tasks.main,
        *("--dataset", "bouncing-ball", *SHORT, "--num-sources", "4", "--max-clips", "1"),
        *("--max-steps", "2", "--single-inr-steps", "2", "--encoder-seconds", "0.1"),
    )
    assert document["tasks"].keys() == {
        *("invert", "inpaint", "predict", "interpolate", "sparse", "upscale")
    }
    for methods in document["tasks"].values():
        assert "inversion" in methods
        assert len(methods) > 2
    assert document["refinement"].keys() == {"refined weights", "Single-INR"}


def test_unseen_people(run_main, made_data):
    quick = (*SHORT, "--max-steps", "2", "--no-identity", "--tasks", "invert", "predict")
    document = run_main(unseen_people.main, *quick, "--keyframe-width", "4")
    counts = {"training": 3, "seen_people": 1, "unseen_people": 1}
    assert document["num_clips"] == counts
    assert document["cost"]["num_values_of_latent"] == 4
    for kind in ("seen_people", "unseen_people"):
        table = document[kind]
        assert {"ours", "ours_refined_weights", "components 128"} <= table["invert"].keys()
        assert table["predict"]["ours"]["psnr_unseen_db"] > 0


def test_the_parts_of_a_latent_are_chosen():
    options = unseen_people.UnseenPeopleOptions(constant_width=6, keyframe_width=4)
    latent = unseen_people.config_of("fast", options).model.latent
    assert (latent.constant_width, latent.width, latent.num_keyframes) == (6, 4, 13)


def test_unseen_people_are_chosen(made_data, tmp_path):
    def counts(**chosen):
        options = unseen_people.UnseenPeopleOptions(**chosen)
        stores = unseen_people.open_stores(options, tmp_path)
        return [len(store.records) for store in stores.values()]

    assert counts() == [3, 1, 1]
    assert counts(validation=("b",)) == [2, 1, 1]
    assert counts(clips=made_data / "grid_s1") == [3, 1, 3]
    with pytest.raises(UserError, match="training people"):
        counts(validation=("c",))
    with pytest.raises(UserError, match="either"):
        counts(validation=("b",), clips=tmp_path)


def test_time_to_quality(run_main, tmp_path, small_products, monkeypatch):
    monkeypatch.setattr(time_to_quality, "CLOCKED_SECONDS", 0.01)
    balls = BouncingBallConfig(num_clips=3, num_frames=3, size="16")
    write_bouncing_ball(tmp_path / "work" / "clips" / "balls", balls)
    document = run_main(
        time_to_quality.main,
        *("--store", "balls", *SHORT, "--num-measurements", "2", "--targets", "3", "90"),
    )
    assert document["seconds_to"]["tiny"]["3"] > 0
    assert document["seconds_to"]["tiny"]["90"] is None
    assert (tmp_path / "results.png").exists()


def test_sentence_context(run_main):
    document = run_main(sentence_context.main, "--num-seeds", "1")
    habits, random = (document[name]["weights"] for name in ("habits", "random_order"))
    assert habits["0.25"]["top1"]["mean"] > habits["0.0"]["top1"]["mean"]
    assert random["0.25"]["top1"]["mean"] <= random["0.0"]["top1"]["high"]
    assert document["habits"]["suggested_in_four"] > document["random_order"]["suggested_in_four"]


def test_rendering(run_main, small_products):
    options = ("--sizes", "16x24x3", "--repeats", "1", "--preset", "tiny", "--formats", ".npy")
    document = run_main(rendering.main, *options, "--precisions", "float32")
    assert document["renders"]["float32"]["16x24x3"]["peak_rss_mib"] > 50


def test_scale(run_main, monkeypatch):
    small = dataclasses.replace(
        fast().model,
        inr=dataclasses.replace(fast().model.inr, hidden_width=8),
        hypernetwork=dataclasses.replace(fast().model.hypernetwork, hidden_width=8),
    )
    preset = dataclasses.replace(fast(), model=small)
    monkeypatch.setattr(scale, "fast", lambda: preset)
    document = run_main(
        scale.main,
        *("--num-clips", "3", "--points-per-clip", "2", "--latent-widths", "4"),
        *("--steps", str(scale.WARM_UP_STEPS + 2), "--rounds", "1", "--no-processes"),
    )
    assert document["seconds_of_step"].keys() == {"3 clips", "2 points", "4 numbers"}
    assert document["projections"]


def test_ablations(run_main, monkeypatch):
    monkeypatch.setattr(ablations.os, "cpu_count", lambda: 1)  # so many threads has a run
    command = (
        *("--datasets", "bouncing-ball", "--num-sources", "4", "--budget-seconds", "0.2"),
        *("--scored-clips", "1", "--inversion-steps", "1", "--variants", "low-rank"),
        *("--seeds", "0", "--processes", "1"),
    )
    document = run_main(ablations.main, *command)
    table = document["datasets"]["bouncing-ball"]
    assert list(table) == ["base", "low-rank"]
    assert (document["num_runs"], document["num_missing_runs"]) == (2, 0)
    assert table["low-rank"]["runs"] == 1
    again = run_main(ablations.main, *command)
    assert again["datasets"] == document["datasets"]


def test_every_variant_of_the_ablations_is_a_model():
    for variant, changes in ablations.VARIANTS.items():
        config = ablations.with_changes(tiny(), changes)
        assert (config == tiny()) <= (variant in ("base", "important-0.5")), variant
        InrvModel(config.model)


def test_lipreading_table(mouth_corpus, run_main):
    document = run_main(
        lipreading_table.main,
        *("--protocol", "miracl-1", "--corpus", str(mouth_corpus), *LIPREADING),
        *("--methods", "dtw", "prototypes"),
    )
    assert document["methods"]["dtw"]["num_answers"] == 3 * 3
    assert document["methods"]["prototypes"]["num_answers"] == 3 * 3


def test_lipreading_footage(mouth_corpus, run_main):
    document = run_main(
        lipreading_footage.main,
        *("--corpus", str(mouth_corpus), *LIPREADING, "--epochs", "1", "--footage-takes", "2"),
    )
    assert len(document["methods"]) == len(lipreading_footage.WAYS)
    (footage,) = document["footage"]
    assert (footage["num_takes"], footage["num_pieces"]) == (6, 6)


@pytest.fixture
def grid_words(made_data, monkeypatch) -> Path:
    """A GRID speaker who says two digits and a color, with mouths in the corner of the picture."""
    monkeypatch.setattr(grid_pairs, "DlibDetector", lambda: FixedBox("0,0,120,120"))
    rows = ["recording\tstart_frame\tend_frame\tword"]
    for recording, digit in (("bbaf2n", "two"), ("bbaf3s", "three"), ("bbaf4p", "two")):
        words = ("bin", "blue", "at", "f", digit, "now")
        ends = (2, 5, 8, 10.5, 14, 19, 24)
        rows += [
            f"{recording}\t{start}\t{end}\t{word}"
            for start, end, word in zip(ends[:-1], ends[1:], words, strict=True)
        ]
    folder = made_data / "grid_s1"
    (folder / "words.tsv").write_text("\n".join(rows) + "\n")
    return folder


def test_out_of_the_box(mouth_corpus, run_main, grid_words):
    document = run_main(out_of_the_box.main, "--corpus", str(mouth_corpus), "--speakers", "A")
    assert document["miracl"]["num_answers"] == 3 * 3
    assert document["grid_words"]["num_answers"] == 3  # blue twice more, and two once more
    for name in ("miracl", "grid_words"):
        found = document[name]
        low, high = found["top1_interval"]
        assert 0 <= low <= found["top1"] <= high <= 100
        assert found["top5"] == 100
        assert 0 <= found["confident_share"] <= 100


def test_the_first_occurrence_of_a_word_is_the_shot(grid_words, tmp_path):
    found = read_grid_words(grid_words, work=tmp_path / "work")
    assert [(clip.word, clip.take) for clip in found.shots] == [
        *(("blue", "bbaf2n"), ("two", "bbaf2n"), ("three", "bbaf3s"))
    ]
    assert [(clip.word, clip.take) for clip in found.tests] == [
        *(("blue", "bbaf3s"), ("blue", "bbaf4p"), ("two", "bbaf4p"))
    ]
    assert len(found.shots[0].clip.frames) == 10 - 3  # frames 5 to 8 with two at either end


def test_make_pretrained(tmp_path, monkeypatch):
    balls = BouncingBallConfig(num_clips=3, num_frames=3, size="16")
    recipe = make_pretrained.Recipe(
        write_clips=lambda folder, seed: write_bouncing_ball(folder, balls),
        training=dataclasses.replace(tiny(), total_points=1e4),
        about="Balls.",
    )
    monkeypatch.setitem(make_pretrained.RECIPES, "bouncing-ball", lambda: recipe)
    make_pretrained.main(["bouncing-ball", "--out", str(tmp_path / "space")])
    space = VideoSpace.from_pretrained(tmp_path / "space")
    assert space.about == "Balls."
    assert space.scores["psnr_db"] > 0


@pytest.mark.thorough
def test_studio_under_load(run_main):
    pytest.importorskip("fastapi", reason="needs the extra 'studio'")
    from benchmarks import studio_load

    document = run_main(
        studio_load.main,
        *("--words", "2", "--answers", "1", "--clients", "2", "--seconds", "1"),
        *("--malformed", "0"),
    )
    assert document["load"]["failures"] == []
    assert document["load"]["errors"] == []
    recordings = document["load"]["recordings"]
    assert {recordings[name] for name in ("lost", "came_back", "damaged")} == {0}


@pytest.mark.thorough
@pytest.mark.browser
def test_time_to_the_answer(run_main):
    pytest.importorskip("selenium", reason="needs a browser")
    from benchmarks import answer_time

    document = run_main(
        answer_time.main, "--num-answers", "1", "--num-words", "2", "--busy-processes", "0"
    )
    assert document["num_answers"] == 1


@pytest.mark.thorough
def test_studio_that_is_killed(run_main):
    pytest.importorskip("fastapi", reason="needs the extra 'studio'")
    from benchmarks import studio_crash

    document = run_main(studio_crash.main, "--kills", "1", "--most-acts", "3")
    assert document["wrong"] == []
    assert document["passed"]


@pytest.mark.parametrize(
    ("main", "arguments", "word"),
    [
        (bouncing_ball.main, ["--num-clips", "1"], "2 clips"),
        (bouncing_ball.main, ["--seeds"], "seed"),
        (rendering.main, ["--sizes", "0x4x4"], "0x4x4"),
        (rendering.main, ["--formats", ".doc"], ".doc"),
        (tasks.main, ["--dataset", "bouncing-ball", "--num-sources", "2"], "num_sources"),
        (time_to_quality.main, ["--num-measurements", "1"], "measurements"),
        (time_to_quality.main, ["--store", "a/b"], "a/b"),
        (ablations.main, ["--variants", "magic"], "magic"),
        (lipreading_footage.main, ["--methods", "fusion"], "fusion"),
    ],
)
def test_options_that_cannot_be_measured(main, arguments, word, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, "--no-save"])
    assert stopped.value.code == 2
    assert word in capsys.readouterr().err.replace("│", " ")


@pytest.mark.parametrize("dataset", ["grid-faces", "moving-mnist"])
def test_recordings_that_are_missing(dataset, monkeypatch, capsys):
    monkeypatch.delenv("VIDEOSPACE_DATA", raising=False)
    with pytest.raises(SystemExit) as stopped:
        tasks.main(["--dataset", dataset, "--no-save"])
    assert stopped.value.code == 2
    assert "VIDEOSPACE_DATA" in capsys.readouterr().err


def test_held_out_balls_are_at_heights_of_their_own(tmp_path):
    store = tasks.ball_store(tasks.TasksOptions(dataset="bouncing-ball"), tmp_path)
    assert [len(store.rows(split)) for split in ("train", "holdout")] == [40, 10]
    darkness = [255 - store[row][0, :, :, 0].mean(axis=1) for row in range(len(store))]
    heights = [float(np.average(np.arange(50), weights=rows)) for rows in darkness]
    training = [heights[row] for row in store.rows("train")]
    for row in store.rows("holdout"):
        assert min(training) < heights[row] < max(training)
        assert min(abs(heights[row] - height) for height in training) > 0.5


def test_held_out_digits_are_those_of_the_test_file(tmp_path, made_data):
    options = tasks.TasksOptions(dataset="moving-mnist", num_sources=4, max_clips=3)
    store = tasks.digit_store(options, tmp_path)
    sources = {split: store.records[store.rows(split)[0]].source for split in ("train", "holdout")}
    assert [len(store.rows(split)) for split in sources] == [4, 3]
    assert "train-images" in sources["train"]
    assert "t10k-images" in sources["holdout"]


def test_held_out_faces_are_the_last_recordings(tmp_path, made_data):
    store = tasks.face_store(tasks.TasksOptions(dataset="grid-faces", num_sources=3), tmp_path)
    assert [len(store.rows(split)) for split in ("train", "holdout")] == [2, 1]
    (row,) = store.rows("holdout")
    assert "bbaf4p" in json.dumps(store.records[row].source)

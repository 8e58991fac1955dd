import dataclasses
import importlib
import json
import math
import os
import re
import signal
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch

from videospace.baselines import table_columns
from videospace.baselines.methods import BASELINES
from videospace.baselines.motionless import mean_frame
from videospace.baselines.task_table import OURS, OURS_BACK_PROJECTED, Row, table_text, task_table
from videospace.cli import main
from videospace.clips.store.clip_store import ClipStore
from videospace.clips.store.records import ClipRecord
from videospace.inrv.inversion.inversion import InversionConfig
from videospace.inrv.inversion.tasks import PUBLISHED_TASKS
from videospace.inrv.model.hypernetwork import HypernetworkConfig
from videospace.inrv.model.inr import InrConfig
from videospace.inrv.model.inrv_model import InrvModel, ModelConfig
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.space.video_space import ClipShape, VideoSpace
from videospace.metrics.fidelity import psnr_db
from videospace.metrics.identity import identity
from videospace.metrics.intervals import MeanInterval, mean_interval
from videospace.metrics.perceptual import Lpips
from videospace.runtime.errors import UserError

task_table_module = importlib.import_module("videospace.baselines.task_table")

QUICK = InversionConfig(max_steps=10, points_per_clip=32, precision="float32")


def make_space(side: int) -> VideoSpace:
    torch.manual_seed(0)
    config = ModelConfig(
        latent=LatentConfig(width=4),
        inr=InrConfig(hidden_width=8, num_hidden_layers=2),
        hypernetwork=HypernetworkConfig(hidden_width=8, initial_difference=0.1),
    )
    shape = ClipShape(num_frames=4, height=side, width=side, fps=25.0)
    ids = [f"clip-{number}" for number in range(6)]
    return VideoSpace(InrvModel(config), torch.randn(6, 4), ids, shape)


def make_store(space: VideoSpace, folder: Path) -> ClipStore:
    """The six clips of the space, and three at other points of it."""
    side = space.clip.height
    store = ClipStore.create(folder, num_frames=4, height=side, width=side)
    latents = torch.cat([space.latents, space.sample(3, method="gaussian")])
    records = [
        ClipRecord(id=f"clip-{number}", source="space", first_frame=0, fps=25.0, split="train")
        for number in range(9)
    ]
    store.append(list(zip(records, space.render(latents), strict=True)))
    return store


@pytest.fixture
def space() -> VideoSpace:
    return make_space(8)


@pytest.fixture
def store(space: VideoSpace, tmp_path: Path) -> ClipStore:
    return make_store(space, tmp_path / "store")


@pytest.fixture
def lpips_file(tmp_path: Path) -> Path:
    """Random weights under the published names."""
    shapes = {
        0: (64, 3, 11),
        3: (192, 64, 5),
        6: (384, 192, 3),
        8: (256, 384, 3),
        10: (256, 256, 3),
    }
    tensors = {}
    for index, (layer, (channels, inputs, side)) in enumerate(shapes.items()):
        kernel = torch.randn(channels, inputs, side, side) / (side * inputs**0.5)
        tensors[f"features.{layer}.weight"] = kernel
        tensors[f"features.{layer}.bias"] = torch.zeros(channels)
        tensors[f"lin{index}.model.1.weight"] = torch.rand(1, channels, 1, 1)
    torch.save(tensors, tmp_path / "lpips.pt")
    return tmp_path / "lpips.pt"


def colors(frames: np.ndarray) -> np.ndarray:
    """The mean color of a frame stands for the face in it."""
    return frames.mean(axis=(1, 2))


def test_every_task_and_method_has_a_row(space, store):
    rows = task_table(space, store, config=QUICK, progress=False)
    for task in PUBLISHED_TASKS:
        methods = [row.method for row in rows if row.task == task]
        assert methods[0] == OURS
        assert (methods[1] == OURS_BACK_PROJECTED) == (task != "invert")
        assert {"components 128", "nearest clip"} < set(methods)
    by_name = {(row.task, row.method): row for row in rows}
    assert by_name["upscale", "bicubic"].scores["psnr_db"].num_values == 3
    assert by_name["invert", OURS].scores["psnr_unobserved_db"].mean is None
    assert by_name["predict", "last frame"].scores["context_l1"].mean == 0
    assert by_name["predict", OURS_BACK_PROJECTED].scores["context_l1"].mean == 0
    assert all(math.isfinite(row.scores["psnr_db"].mean) for row in rows)
    assert by_name["sparse", OURS].scores["ssim_unobserved"].mean < 1
    assert "lpips" not in by_name["invert", OURS].scores
    text = table_text(rows)
    assert text.count("bicubic") == text.count("task ")


def test_a_longer_search_is_better(space, store):
    short, long = (
        task_table(
            space,
            store,
            tasks=("invert",),
            with_baselines=False,
            config=dataclasses.replace(QUICK, max_steps=steps, points_per_clip=64),
            progress=False,
        )
        for steps in (2, 200)
    )
    assert len(short) == len(long) == 1
    assert long[0].scores["psnr_db"].mean > short[0].scores["psnr_db"].mean + 1


def test_baselines_learn_from_another_store(space, store, tmp_path):
    elsewhere = ClipStore.create(tmp_path / "elsewhere", num_frames=4, height=8, width=8)
    record = ClipRecord(id="new", source="new", first_frame=0, fps=25.0, split="holdout")
    elsewhere.append([(record, np.full((4, 8, 8, 3), 90, np.uint8))])
    options = {"tasks": ("invert",), "config": QUICK, "progress": False}
    alone = task_table(space, elsewhere, **options)
    taught = task_table(space, elsewhere, training_store=store, **options)
    methods = [row.method for row in taught]
    assert methods == [*(row.method for row in alone), *methods[len(alone) :]]
    assert "components 128" in methods[len(alone) :]


def test_rows_as_json(space, store):
    rows = task_table(
        space, store, tasks=("sparse",), max_clips=1, with_baselines=False, config=QUICK
    )
    content = rows[0].as_json()
    assert content["task"] == "sparse"
    assert content["psnr_db"]["num_values"] == 1
    assert content["psnr_db"]["half_width"] is None


def test_a_store_without_new_clips(space, tmp_path):
    store = ClipStore.create(tmp_path / "known", num_frames=4, height=8, width=8)
    record = ClipRecord(id="clip-0", source="space", first_frame=0, fps=25.0, split="train")
    store.append([(record, np.zeros((4, 8, 8, 3), np.uint8))])
    with pytest.raises(UserError, match="--holdout"):
        task_table(space, store, config=QUICK)


def test_settings_that_cannot_be_measured(space, store):
    with pytest.raises(UserError, match="1 sample"):
        task_table(space, store, config=dataclasses.replace(QUICK, samples=2))
    with pytest.raises(UserError, match="max_clips"):
        task_table(space, store, config=QUICK, max_clips=0)


def test_rows_are_handed_out_with_their_videos(space, store, monkeypatch):
    calls, seen, alive = [], [], []

    def counted(*arguments):
        calls.append(arguments)
        return complete_clips(*arguments)

    complete_clips = task_table_module.complete_clips
    monkeypatch.setattr(task_table_module, "complete_clips", counted)

    def look(row, completed):
        assert completed.ids == ["clip-6", "clip-7", "clip-8"]
        assert np.array_equal(completed.truth, store.frames([6, 7, 8]))
        video, truth = map(torch.from_numpy, (completed.videos, completed.truth))
        assert row.scores["psnr_db"] == mean_interval(psnr_db(video, truth).clamp(max=100))
        for context, clip in zip(completed.contexts, completed.truth, strict=True):
            assert np.array_equal(context.observed, PUBLISHED_TASKS[row.task](clip).observed)
        seen.append(row)
        alive.append(weakref.ref(completed.videos))
        assert sum(videos() is not None for videos in alive) == 1

    rows = task_table(space, store, tasks=("predict", "upscale"), config=QUICK, on_row=look)
    assert rows == seen
    assert len(rows) == 12
    assert len(calls) == 2


def test_what_on_row_raises_ends_the_measurement(space, store):
    seen = []

    def stop(row, completed):
        seen.append(row.method)
        if len(seen) == 2:
            raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        task_table(space, store, config=QUICK, on_row=stop)
    assert seen == [OURS, "mean frame"]


def test_lpips_and_identity_where_they_are_asked_for(tmp_path, lpips_file):
    space = make_space(32)
    store = make_store(space, tmp_path / "store")
    lpips, looked_at, expected = Lpips(lpips_file), [], []

    def embedder(frames):
        looked_at.append(len(frames))
        return colors(frames)

    def judge(row, completed):
        pair = torch.from_numpy(completed.videos), torch.from_numpy(completed.truth)
        expected.append({"lpips": lpips(*pair).mean().item(), **identity(*pair, colors).means()})

    rows = task_table(
        space,
        store,
        tasks=("upscale",),
        config=QUICK,
        lpips=lpips,
        faces=embedder,
        on_row=judge,
        max_clips=2,
    )
    for row, scores in zip(rows, expected, strict=True):
        assert row.scores["num_without_face"].mean == 0
        for name in ("lpips", "tl_id", "tg_id", "gt_id"):
            assert row.scores[name].mean == pytest.approx(scores[name], rel=1e-5)
            assert row.scores[name].num_values == 2
    assert 0 < rows[0].scores["lpips"].mean != rows[1].scores["lpips"].mean
    assert len(looked_at) == 2 + 2 * len(rows)  # the truth once, and not for every row
    assert {"LPIPS", "TL-ID", "GT-ID", "no"} < set(table_text(rows).split())


def test_frames_too_small_for_lpips_are_refused_before_the_work(space, store, lpips_file):
    with pytest.raises(UserError, match="LPIPS"):
        task_table(space, store, lpips=Lpips(lpips_file), on_row=lambda *_: pytest.fail("worked"))


def row_of(method: str = OURS, mean: float | None = 24.5, **scores: float | None) -> Row:
    """A row with every score at one mean, but for some."""
    names = [column.name for column in table_columns.COLUMNS if column.name != "seconds_per_clip"]
    scores = {
        name: MeanInterval(mean=value, half_width=None, num_values=3, num_left_out=0)
        for name, value in {**dict.fromkeys(names, mean), **scores}.items()
    }
    return Row(task="interpolate", method=method, scores=scores, seconds_per_clip=0.5)


class TestText:
    def test_no_line_is_wider_than_160_characters(self):
        wide = {
            name: MeanInterval(
                mean=24.5 if "_db" in name else 0.5, half_width=12.5, num_values=3, num_left_out=0
            )
            for name in row_of().scores
        }
        rows = [
            Row(task="interpolate", method=name, scores=wide, seconds_per_clip=999.0)
            for name in (OURS, "components 256", "Navier-Stokes")
        ]
        blocks = table_text(rows).split("\n\n")
        assert len(blocks) == 2
        for block in blocks:
            groups, heads, *lines = block.splitlines()
            assert max(map(len, (groups, heads, *lines))) <= 160
            assert [line[:29].split(None, 1)[1].strip() for line in lines] == [
                row.method for row in rows
            ]
            starts = [match.start() for match in re.finditer(r"\d+\.\d+( ± \S+)?", lines[0])]
            for start in starts:
                assert all(line[start - 1 : start + 1].strip().isdigit() for line in lines)
                assert heads[start - 1] == " " != heads[start]
        assert [len(re.findall(r"\bhidden moving\b", block)) for block in blocks] == [2, 0]

    def test_columns_that_no_row_has_are_left_out(self):
        text = table_text([Row(task="invert", method=OURS, scores={}, seconds_per_clip=1.25)])
        groups, heads, line = text.splitlines()
        assert groups.split() == ["seconds"]
        assert heads.split() == ["task", "method", "a", "clip"]
        assert line.split() == ["invert", OURS, "1.25"]


class TestBest:
    @pytest.mark.parametrize(
        ("name", "means", "best"),
        [
            ("psnr_db", [30.0, 31.0, 29.0], [1]),
            ("ssim", [0.9, 0.8994, 0.9004], [0, 2]),  # as they are shown
            ("context_l1", [2.0, 0.5, 1.0], [1]),
            ("lpips", [0.2, 0.1, 0.3], [1]),
            ("tl_id", [1.2, 0.95, 0.8], [1]),
            ("gt_id", [0.9, 0.95, 0.8], [1]),
            ("num_without_face", [2.0, 0.0, None], [1]),
            ("psnr_unobserved_db", [None, 20.0, 21.0], [2]),
            ("psnr_unobserved_db", [None, None, None], []),
            ("context_l1", [1.0, 1.0, None], []),
        ],
    )
    def test_by_the_sense_of_the_figure(self, name, means, best):
        column = next(column for column in table_columns.COLUMNS if column.name == name)
        rows = [row_of(f"method {index}", **{name: mean}) for index, mean in enumerate(means)]
        found = [
            index for index, row in enumerate(rows) if table_columns.is_best(row, column, rows)
        ]
        assert found == best


class TestCommand:
    """``videospace evaluate SPACE STORE --tasks ...``."""

    OPTIONS = ("--tasks", "predict", "sparse", "--max-steps", "10", "--points-per-clip", "32")

    @pytest.fixture
    def evaluate(self, tmp_path):
        space = make_space(32)
        space.save_pretrained(tmp_path / "space")
        make_store(space, tmp_path / "store")
        folders = (str(tmp_path / "space"), str(tmp_path / "store"))
        return lambda *options: main(["evaluate", *folders, *map(str, options)])

    @staticmethod
    def rows_of(path: Path) -> list[tuple[str, str]]:
        rows = json.loads(path.read_text())["rows"]
        return [(row["task"], row["method"]) for row in rows]

    def test_everything_it_can_write(self, evaluate, tmp_path, lpips_file, capsys, monkeypatch):
        monkeypatch.setattr("videospace.cli.evaluate.FACES", {"dlib": lambda: colors})
        files = ("--json", tmp_path / "t.json", "--page", tmp_path / "t.html", "--page-clips", 2)
        more = ("--lpips", lpips_file, "--faces", "dlib")
        assert evaluate(*self.OPTIONS, *files, *more) == 0
        said = capsys.readouterr().out
        assert f"wrote {tmp_path / 't.html'}" in said
        assert max(map(len, said.splitlines())) <= 160
        assert len(self.rows_of(tmp_path / "t.json")) == 6 + 7
        content = json.loads((tmp_path / "t.json").read_text())["rows"][0]
        assert content["lpips"]["num_values"] == content["gt_id"]["num_values"] == 3
        assert (tmp_path / "t.html").read_text().count("<video") == 4

    @pytest.mark.parametrize(("times", "num_rows"), [(1, 3), (2, 2)])
    def test_an_interrupt_loses_no_row(
        self, evaluate, tmp_path, capsys, monkeypatch, times, num_rows
    ):
        """A first one waits for the end of the row, a second one does not."""

        signals = iter([signal.SIGINT] * times)

        def interrupted(context, size):
            for number in signals:
                os.kill(os.getpid(), number)
            return mean_frame(context, size)

        monkeypatch.setitem(BASELINES["predict"], "mean frame", interrupted)
        files = ("--json", tmp_path / "t.json", "--page", tmp_path / "t.html")
        assert evaluate(*self.OPTIONS, *files) == 130
        methods = [OURS, OURS_BACK_PROJECTED, "mean frame"][:num_rows]
        rows = [("predict", method) for method in methods]
        assert self.rows_of(tmp_path / "t.json") == rows
        said = capsys.readouterr()
        assert said.out.count("predict") == num_rows * said.out.count("task ")
        assert said.err.strip().endswith("interrupted")
        page = (tmp_path / "t.html").read_text()
        assert page.count("<video") == 3
        assert ("mean frame" in page) == (num_rows == 3)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (("--page", "x.html"), "--page belongs to the table of tasks: add --tasks all"),
            (("--lpips", "x.pt"), "--lpips belongs to the table of tasks"),
            (("--faces", "dlib"), "--faces belongs to the table of tasks"),
            (("--tasks", "all", "--page", "x.pdf"), "name ends in .html, got 'x.pdf'"),
            (
                ("--tasks", "all", "--page", "x.html", "--page-clips", "0"),
                "at least 1 clip on the page, got 0",
            ),
            (("--tasks", "all", "--json", "no/t.json"), "there is no folder 'no'"),
            (("--tasks", "all", "--page", "no/t.html"), "there is no folder 'no'"),
            (("--tasks", "all", "--lpips", "none.pt"), "none.pt"),
        ],
    )
    def test_mistakes_are_named_before_the_work(
        self, evaluate, tmp_path, capsys, monkeypatch, options, message
    ):
        monkeypatch.chdir(tmp_path)
        before = sorted(tmp_path.iterdir())
        assert evaluate(*options) == 2
        said = capsys.readouterr().err
        assert message in said
        assert len(said.strip().splitlines()) == 1
        assert sorted(tmp_path.iterdir()) == before

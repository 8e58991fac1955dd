import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from videospace.baselines.table import OURS, table_text, task_table
from videospace.clips.clip_record import ClipRecord
from videospace.clips.clip_store import ClipStore
from videospace.inrv.hypernetwork import HypernetworkConfig
from videospace.inrv.inr import InrConfig
from videospace.inrv.inversion import InversionConfig
from videospace.inrv.latents import LatentConfig
from videospace.inrv.model import InrvModel, ModelConfig
from videospace.inrv.space import ClipShape, VideoSpace
from videospace.inrv.tasks import PUBLISHED_TASKS
from videospace.runtime.errors import UserError

QUICK = InversionConfig(max_steps=10, points_per_clip=32, precision="float32")


@pytest.fixture
def space() -> VideoSpace:
    torch.manual_seed(0)
    config = ModelConfig(
        latent=LatentConfig(width=4),
        inr=InrConfig(hidden_width=8, num_hidden_layers=2),
        hypernetwork=HypernetworkConfig(hidden_width=8, initial_difference=0.1),
    )
    shape = ClipShape(num_frames=4, height=8, width=8, fps=25.0)
    ids = [f"clip-{number}" for number in range(6)]
    return VideoSpace(InrvModel(config), torch.randn(6, 4), ids, shape)


@pytest.fixture
def store(space: VideoSpace, tmp_path: Path) -> ClipStore:
    """The six clips of the space, and three at other points of it."""
    store = ClipStore.create(tmp_path / "store", num_frames=4, height=8, width=8)
    latents = torch.cat([space.latents, space.sample(3, method="gaussian")])
    records = [
        ClipRecord(id=f"clip-{number}", source="space", first_frame=0, fps=25.0, split="train")
        for number in range(9)
    ]
    store.append(list(zip(records, space.render(latents), strict=True)))
    return store


def test_every_task_and_method_has_a_row(space, store):
    rows = task_table(space, store, config=QUICK, progress=False)
    for task in PUBLISHED_TASKS:
        methods = [row.method for row in rows if row.task == task]
        assert methods[0] == OURS
        assert {"components 128", "nearest clip"} < set(methods)
    by_name = {(row.task, row.method): row for row in rows}
    assert by_name["upscale", "bicubic"].scores["psnr_db"].num_values == 3
    assert by_name["invert", OURS].scores["psnr_unseen_db"].mean is None
    assert by_name["predict", "last frame"].scores["context_l1"].mean == 0
    assert all(math.isfinite(row.scores["psnr_db"].mean) for row in rows)
    text = table_text(rows)
    assert len(text.splitlines()) == len(rows) + 1
    assert "bicubic" in text


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
    with pytest.raises(
        UserError, match=r"trained on every clip .*prepare the clips with --holdout"
    ):
        task_table(space, store, config=QUICK)


def test_settings_that_cannot_be_measured(space, store):
    with pytest.raises(UserError, match="expected 1 sample to be measured, came 2"):
        task_table(space, store, config=dataclasses.replace(QUICK, samples=2))
    with pytest.raises(UserError, match="max_clips of at least 1, came 0"):
        task_table(space, store, config=QUICK, max_clips=0)

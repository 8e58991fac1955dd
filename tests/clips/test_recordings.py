"""Decoding and preparing real recordings."""

import os
from pathlib import Path

import pytest

from videospace.clips.prepare import prepare
from videospace.clips.prepare_config import PrepareConfig
from videospace.clips.store.clip_store import ClipStore


@pytest.mark.realdata
def test_fixed_split_of_the_faces(tmp_path):
    recordings = Path(os.environ["VIDEOSPACE_DATA"]) / "grid_s1"
    config = PrepareConfig(size="64", crop="70,70,200,200", max_sources=10, holdout=1)
    report = prepare([recordings], tmp_path, config)
    store = ClipStore.open(tmp_path)
    assert report.num_added == 30
    assert (len(store.rows("train")), len(store.rows("holdout"))) == (27, 3)
    assert {record.first_frame for record in store.records} == {0, 25, 50}
    assert store.fps == 25.0

"""Clips before one background, and before several."""

import numpy as np
import pytest
from tests.inrv.tracking.test_find_tracks import line, moving_blocks

from videospace.clips.store.clip_store import ClipStore
from videospace.clips.store.records import ClipRecord
from videospace.inrv.training.track_choice import count_tracks, have_one_background
from videospace.runtime.errors import UserError


def store_of(folder, backgrounds):
    store = ClipStore.create(folder, num_frames=12, height=48, width=48)
    clips = []
    for number, background in enumerate(backgrounds):
        path = line((8 + 3 * number, 8), (40 - 3 * number, 40))[None]
        video = moving_blocks(path, background=background).numpy()
        name = f"clip-{number}"
        record = ClipRecord(id=name, source=name, first_frame=0, fps=25.0, split="train")
        clips.append((record, video))
    store.append(clips)
    return store


def test_one_background(tmp_path):
    store = store_of(tmp_path / "one", [40, 41, 40, 39, 40])
    assert have_one_background(store)
    assert count_tracks(store).num_tracks == 1


@pytest.mark.parametrize("backgrounds", [[40, 90, 140], [40, 40, 120, 120], [10, 10, 10, 150]])
def test_several_backgrounds(tmp_path, backgrounds):
    assert not have_one_background(store_of(tmp_path / "several", backgrounds))


def test_no_training_clips(tmp_path):
    store = ClipStore.create(tmp_path / "none", num_frames=2, height=8, width=8)
    record = ClipRecord(id="a", source="a", first_frame=0, fps=25.0, split="holdout")
    store.append([(record, np.zeros((2, 8, 8, 3), np.uint8))])
    with pytest.raises(UserError, match="clips to train on"):
        have_one_background(store)

"""How many tracks the clips of a store call for."""

import torch

from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.tracking.num_tracks import TrackCount, choose_num_tracks
from videospace.inrv.training.evaluation import evenly_spread
from videospace.runtime.errors import UserError

NUM_CLIPS = 32
"""The number of tracks is chosen by so many clips."""


def count_tracks(store: ClipStore, *, seed: int = 0) -> TrackCount:
    """Choose the number of tracks for the training clips of a store.

    Args:
        store: The clips, a few of which are looked at.
        seed: Of the search.

    Raises:
        UserError: The store has no training clips.
    """
    rows = store.rows("train")
    if not rows:
        raise UserError(f"expected clips to train on, but '{store.folder}' has none")
    clips = torch.from_numpy(store.frames(evenly_spread(rows, NUM_CLIPS)))
    return choose_num_tracks(clips, seed=seed)

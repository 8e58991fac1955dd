"""How many tracks the clips of a store call for, and whether they have one background."""

import torch
from jaxtyping import UInt8
from torch import Tensor

from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.tracking.find_tracks import OTHER_BACKGROUND
from videospace.inrv.tracking.num_tracks import TrackCount, choose_num_tracks
from videospace.inrv.training.evaluation import evenly_spread
from videospace.runtime.errors import UserError

NUM_CLIPS = 32
"""Both are decided by so many clips."""
MOST_OTHER = 0.1
"""Backgrounds are one if this fraction of their pixels, or less, differs from the usual one."""


def count_tracks(store: ClipStore, *, seed: int = 0) -> TrackCount:
    """Choose the number of tracks for the training clips of a store.

    Args:
        store: The clips, a few of which are looked at.
        seed: Of the search.

    Raises:
        UserError: The store has no training clips.
    """
    return choose_num_tracks(_some_clips(store), seed=seed)


def have_one_background(store: ClipStore) -> bool:
    """Whether the training clips of a store were all filmed before the same background.

    A clip's background is its median over time.

    Args:
        store: The clips, a few of which are looked at.

    Raises:
        UserError: The store has no training clips.
    """
    backgrounds = _some_clips(store).median(dim=1).values.float()
    usual = backgrounds.median(dim=0).values
    differences = (backgrounds - usual).abs().mean(dim=-1) / 255
    return (differences > OTHER_BACKGROUND).float().mean().item() <= MOST_OTHER


def _some_clips(store: ClipStore) -> UInt8[Tensor, "clip time height width 3"]:
    rows = store.rows("train")
    if not rows:
        raise UserError(f"expected clips to train on, but '{store.folder}' has none")
    return torch.from_numpy(store.frames(evenly_spread(rows, NUM_CLIPS)))

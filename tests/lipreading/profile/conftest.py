"""Profiles of a person who does not exist."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import ProfileSettings


def random_clip(seed: int, num_frames: int = 6) -> MouthClip:
    """Noise, which no two seeds share."""
    frames = np.random.default_rng(seed).integers(0, 256, (num_frames, 88, 88), np.uint8)
    return MouthClip(frames=frames, fps=25.0)


@pytest.fixture
def make_clip() -> Callable[..., MouthClip]:
    """`random_clip` as a fixture."""
    return random_clip


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    """Ann's profile: water with two clips, bread with one, and yes with none."""
    profile = Profile.create(tmp_path / "ann", ProfileSettings(person="Ann"))
    for word in ("water", "bread", "yes"):
        profile.add_word(word)
    for seed, word in enumerate(("water", "bread", "water")):
        profile.add_clip(word, random_clip(seed), source=f"take {seed}")
    return profile

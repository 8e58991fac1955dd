"""Toy models, trainings, stores and spaces as fixtures."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tests.support.toy_spaces import (
    KEYFRAMES,
    SEMANTIC,
    TOY_MODEL,
    changed_model,
    random_space,
    toy_config,
    write_toy_store,
)

from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.model.inrv_model import ModelConfig
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.config import TrainingConfig


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.fixture
def toy_model() -> ModelConfig:
    return TOY_MODEL


@pytest.fixture
def make_model() -> Callable[..., ModelConfig]:
    """`TOY_MODEL` with some parts replaced."""
    return changed_model


@pytest.fixture
def keyframes_model() -> ModelConfig:
    """`TOY_MODEL` whose latents say six numbers at each of three keyframes."""
    return changed_model(latent=KEYFRAMES)


@pytest.fixture
def make_config() -> Callable[..., TrainingConfig]:
    """`toy_config` as a fixture."""
    return toy_config


@pytest.fixture
def make_store() -> Callable[..., ClipStore]:
    """`write_toy_store` as a fixture."""
    return write_toy_store


@pytest.fixture
def make_space() -> Callable[..., VideoSpace]:
    """`random_space` as a fixture."""
    return random_space


@pytest.fixture
def store(tmp_path: Path) -> ClipStore:
    """Five toy clips of 4 frames of 6x8 px."""
    return write_toy_store(tmp_path / "store")


@pytest.fixture
def semantic_config() -> TrainingConfig:
    """A toy training with Video-CLIP over the component encoder, and much dropout."""
    return toy_config(model=changed_model(latent=SEMANTIC))

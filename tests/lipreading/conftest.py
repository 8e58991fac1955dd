"""Fixtures of the lipreading tests."""

import pytest
import torch
from tests.support.drawn_mouths import drawn_corpus

from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.model.encoders.compact import CompactConfig, CompactEncoder
from videospace.lipreading.model.mouth_model import MouthModel


@pytest.fixture(scope="session")
def mouth_corpus() -> list[LabeledClip]:
    """Three speakers, four words, three takes."""
    return drawn_corpus()


@pytest.fixture
def shots(mouth_corpus) -> list[LabeledClip]:
    """The first takes of the first speaker."""
    return [c for c in mouth_corpus if c.speaker == "speaker 0" and c.take == "00"]


@pytest.fixture
def queries(mouth_corpus) -> list[LabeledClip]:
    """The other takes of the first speaker."""
    return [c for c in mouth_corpus if c.speaker == "speaker 0" and c.take != "00"]


@pytest.fixture
def tiny_model() -> MouthModel:
    """Untrained; knows two of the words by name."""
    torch.manual_seed(0)
    encoder = CompactEncoder(CompactConfig(channels=2, hidden=8))
    return MouthModel(encoder, ["word 0", "word 1"], units=["open", "shut"]).eval()

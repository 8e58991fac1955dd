"""From the clips of a profile to a recognizer."""

import numpy as np
import pytest
import torch
from tests.support.drawn_mouths import drawn_clip

from videospace.lipreading.adaptation.learning import LearningSettings
from videospace.lipreading.model.encoders.compact import CompactConfig, CompactEncoder
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.profile.learning import adopt_model, open_recognizer, train
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import ProfileSettings
from videospace.runtime.errors import UserError

QUICK = LearningSettings(epochs=12, learning_rate=5e-3, device="cpu", progress=False)


@pytest.fixture
def drawn_profile(tmp_path) -> Profile:
    """Three words with a clip each, and an untrained model."""
    profile = Profile.create(tmp_path / "ann", ProfileSettings(person="Ann"))
    for word in range(3):
        profile.add_word(f"word {word}")
        profile.add_clip(f"word {word}", drawn_clip(word), source="drawn")
    torch.manual_seed(0)
    encoder = CompactEncoder(CompactConfig(channels=2, hidden=8))
    adopt_model(profile, MouthModel(encoder, ["word 0", "other"]))
    return profile


@pytest.mark.parametrize("strategy", ["cl-r", "fusion+adapted"])
def test_what_came_after_the_training_counts_when_opened_again(drawn_profile, strategy):
    train(drawn_profile, strategy, QUICK)
    before = open_recognizer(drawn_profile, QUICK).recognizer
    new, correction = drawn_clip(5), drawn_clip(7)
    drawn_profile.add_word("new")
    drawn_profile.add_clip("new", new, source="drawn")
    drawn_profile.add_clip("word 2", correction, source="drawn")
    opened = open_recognizer(drawn_profile, QUICK).recognizer
    assert opened.recognize(new).words[0] == "new"
    if strategy == "cl-r":  # the other one knows by now how the new word is spoken
        before.add("new", new)
        before.add("word 2", correction)
        clips = [new, correction, drawn_clip(0, take=1)]
        found, expected = opened.probabilities(clips), before.probabilities(clips)
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_a_strategy_without_its_model_is_stood_in_for(tmp_path):
    profile = Profile.create(tmp_path / "ann", ProfileSettings(person="Ann", strategy="prototypes"))
    for word in range(2):
        profile.add_word(f"word {word}")
        profile.add_clip(f"word {word}", drawn_clip(word), source="drawn")
    assert open_recognizer(profile).strategy == "templates"


def test_a_clip_that_is_no_word_is_not_kept(drawn_profile):
    minute = MouthClip(frames=np.zeros((60, 88, 88), np.uint8), fps=1.0)
    with pytest.raises(UserError, match="12 s"):
        drawn_profile.add_clip("word 0", minute, source="camera")
    assert open_recognizer(drawn_profile, QUICK).recognizer.recognize(drawn_clip(0)).words

"""Units of words, and recognizing them frame by frame."""

import numpy as np
import pytest
import torch

from videospace.lipreading.model.encoders.registry import new_encoder
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.phonetics.units import spell, unit_loss
from videospace.lipreading.recognition.scorers import SharedEmbedder, UnitScorer

PAIRS = {f"{letter}{digit}": f"{letter} {digit}" for letter in "ABC" for digit in "123"}


def test_phrases_that_share_their_words_are_made_of_them():
    assert spell(PAIRS)["B2"] == ("b", "2")


@pytest.mark.parametrize("odd", ["hello", "a four"])
def test_anything_else_is_made_of_mouth_shapes(odd):
    spelled = spell({**PAIRS, "odd": odd})
    assert spelled["odd"]
    assert spelled["B2"] != ("b", "2")


def test_an_empty_vocabulary():
    assert spell({}) == {}


def test_words_are_scored_by_the_likelihood_of_their_units():
    torch.manual_seed(0)
    words = ["aba", "b", "unknown", "none"]
    model = MouthModel(new_encoder("compact"), words, units=["a", "b"]).eval()
    units = {"aba": ("a", "b", "a"), "b": ("b",), "unknown": ("c",)}
    frames = np.random.default_rng(0).integers(0, 256, (2, 9, 88, 88), dtype=np.uint8)
    clips = [MouthClip(frames=each, fps=25.0) for each in frames]
    scores = UnitScorer(words, SharedEmbedder(model), units).scores(clips)
    assert np.isnan(scores[:, 2:]).all()
    for row, log_units in enumerate(model.embed(clips).unit_log_probabilities):
        for column, target in ((0, [1, 2, 1]), (1, [2])):
            loss = torch.nn.functional.ctc_loss(
                log_units[:, None],
                torch.tensor([target]),
                torch.tensor([9]),
                torch.tensor([len(target)]),
                reduction="none",
            )
            assert scores[row, column] == pytest.approx(-loss.item() / 9, rel=1e-4)


def test_unit_loss_prefers_the_right_order():
    logits = torch.full((2, 6, 3), -5.0)
    logits[:, :3, 1], logits[:, 3:, 2] = 5.0, 5.0
    lengths = torch.tensor([6, 6])
    right = unit_loss(logits, lengths, [[1, 2], []])
    assert right < 1 < unit_loss(logits, lengths, [[2, 1], []])
    assert unit_loss(logits, lengths, [[], []]) == 0

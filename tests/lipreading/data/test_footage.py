"""Unlabeled footage: cut at the pauses, named where that is sure, and learned from."""

import dataclasses

import numpy as np
import pytest
import torch
from tests.support.drawn_mouths import drawn_clip

from videospace.lipreading.adaptation.adaptation import AdaptationConfig, adapted
from videospace.lipreading.adaptation.learning import LearningSettings, adapt, recognizer
from videospace.lipreading.adaptation.pseudo_labels import pseudo_labeled
from videospace.lipreading.data.augmentation import STRONG, augmented_batch
from videospace.lipreading.data.batches import model_frames
from videospace.lipreading.data.footage import segments
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.runtime.errors import UserError

SHORT = LearningSettings(epochs=2, device="cpu", progress=False, learning_rate=1e-3)


def film_of(words: list[int], *, pause: int = 20) -> MouthClip:
    """Words of the first speaker one after the other, with a still mouth between them."""
    parts = []
    for place, word in enumerate(words):
        frames = drawn_clip(word, 0, take=20 + place).frames
        parts += [np.repeat(frames[:1], pause, 0), frames, np.repeat(frames[-1:], pause, 0)]
    return MouthClip(frames=np.concatenate(parts), fps=25.0)


def test_footage_is_cut_at_the_pauses():
    found = segments(film_of([0, 3, 1, 2]))
    assert len(found) == 4
    for word, clip in zip([0, 3, 1, 2], found, strict=True):
        assert clip.seconds == pytest.approx(drawn_clip(word).seconds + 0.4, abs=0.25)


def test_what_is_no_word_is_left_out():
    sentence = film_of([0] * 9, pause=0)
    both = np.concatenate([film_of([0]).frames, sentence.frames, film_of([1]).frames])
    assert sentence.seconds > 5
    assert len(segments(MouthClip(frames=both, fps=25.0))) == 2
    with pytest.raises(UserError, match="movements"):
        segments(MouthClip(frames=np.full((50, 88, 88), 90, np.uint8), fps=25.0))


def test_sure_clips_get_the_right_words(shots):
    said = [0, 3, 1, 2, 3, 0]
    always = recognizer("dtw-normalized", shots, settings=LearningSettings(confident_at=0.0))
    found = pseudo_labeled(segments(film_of(said)), always, speaker="Ann")
    assert [clip.word for clip in found] == [f"word {word}" for word in said]
    assert {(clip.speaker, clip.domain) for clip in found} == {("Ann", "synthetic")}
    assert len({clip.take for clip in found}) == len(said)
    never = recognizer("dtw-normalized", shots, settings=LearningSettings(confident_at=1.0))
    assert pseudo_labeled(segments(film_of(said)), never, speaker="Ann") == []


def test_named_footage_is_learned_from_whatever_the_strategy(shots, tiny_model):
    named = [
        dataclasses.replace(shot, clip=clip, domain="synthetic")
        for shot, clip in zip(shots, segments(film_of([0, 1, 2, 3])), strict=True)
    ]
    for strategy in ("cl-r", "ve-r"):
        plain, more = (
            adapt(strategy, shots, tiny_model, SHORT, pseudo_labeled=extra) for extra in ((), named)
        )
        assert not torch.equal(plain.word_weights, more.word_weights)


def test_the_model_gets_used_to_the_mouth_in_the_footage(shots, tiny_model):
    """Variations of one clip come to lie nearer to each other than to those of other clips."""
    footage = segments(film_of([0, 1, 2, 3, 4, 5]))
    frames = [model_frames(clip, tiny_model.input_config) for clip in footage]

    def told_apart(weight: float) -> float:
        config = AdaptationConfig(learning_rate=1e-2, epochs=30, footage_weight=weight)
        model = adapted(tiny_model, shots, (), config, footage=footage, progress=False)
        varied = [
            augmented_batch(frames, model.input_config, STRONG, torch.Generator().manual_seed(n))
            for n in (100, 101)
        ]
        with torch.no_grad():
            one, other = (
                torch.nn.functional.normalize(model(batch)[0], dim=-1) for batch in varied
            )
        cosines = one @ other.T
        return (cosines.diagonal().mean() - cosines.mean()).item()

    assert told_apart(1.0) > told_apart(0.0) + 0.1


def test_without_footage_nothing_changes(shots, tiny_model):
    one, other = (
        adapted(
            tiny_model,
            shots,
            (),
            AdaptationConfig(epochs=2, footage_weight=weight),
            progress=False,
        )
        for weight in (0.0, 1.0)
    )
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name

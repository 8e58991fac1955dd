"""A recording that attracts wrong answers is found, and chance is not."""

import itertools

import numpy as np
import pytest

from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import AnswerRecord, UsageRecord
from videospace.lipreading.profile.usage.weak_recordings import attracting_words, weak_recordings

WORDS = ("water", "bread", "tea", "pain", "home", "light")


def use(said: str, answered: str, clip: str = "0" * 16) -> UsageRecord:
    answer = AnswerRecord(words=(answered, said), probabilities=(0.6, 0.3), strategy="fusion")
    return UsageRecord(
        clip=clip, word=said, made="2026-03-02T09:00:00+00:00", was_known=True, answer=answer
    )


def test_a_word_that_attracts_is_named():
    usage = [use(word, "bread") for word in ("water", "tea", "pain", "home", "light") * 2]
    usage += [use("bread", "water"), use("tea", "pain")]
    usage += [use(word, word) for word in WORDS]
    assert attracting_words(usage, len(WORDS)) == [("bread", 10, 11)]


def test_wrong_answers_that_are_spread_name_nobody():
    usage = [use(said, answered) for said, answered in itertools.permutations(WORDS, 2)]
    assert attracting_words(usage, len(WORDS)) == []
    assert attracting_words([use("a", "b")] * 20, 2) == []  # the only other word
    assert attracting_words([use("water", "bread")] * 2, len(WORDS)) == []  # too few to tell


def test_chance_alone_rarely_names_a_word():
    chance = np.random.default_rng(0)
    named = 0
    for _ in range(200):
        pairs = (chance.choice(len(WORDS), 2, replace=False) for _ in range(30))
        named += bool(attracting_words([use(WORDS[a], WORDS[b]) for a, b in pairs], len(WORDS)))
    assert named <= 6  # one of a hundred, with its spread


def moving(start: int, seed: int) -> MouthClip:
    """A mouth that opens from a frame on."""
    frames = np.random.default_rng(seed).normal(150, 2, (30, 88, 88))
    for step in range(8):
        frames[start + step, 44 - 3 * step : 44 + 3 * step, 20:68] = 20
    return MouthClip(frames=frames.clip(0, 255).astype(np.uint8), fps=25.0)


@pytest.mark.parametrize("weak", [0, 1])
def test_of_several_recordings_the_one_that_is_near_is_named(profile: Profile, weak):
    for word in ("tea", "pain"):
        profile.add_word(word)
        profile.add_clip(word, moving(5, seed=ord(word[0])), source="test")
    profile.add_word("green")
    own = [
        profile.add_clip("green", moving(start, seed=start), source="test").id for start in (2, 20)
    ]
    said = [
        profile.add_clip("tea", moving((2, 20)[weak], seed=100 + take), source="test").id
        for take in range(6)
    ]
    usage = [use("tea", "green", clip) for clip in said]
    (found,) = weak_recordings(profile, usage)
    assert (found.word, found.clip, found.num_attracted) == ("green", own[weak], 6)

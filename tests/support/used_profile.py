"""The profile of a person who has used the studio for two weeks."""

import datetime
from pathlib import Path
from unittest.mock import patch

import numpy as np

from videospace.lipreading.model.encoders.compact import CompactConfig, CompactEncoder
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.profile import profile as profile_module
from videospace.lipreading.profile.learning import adopt_model
from videospace.lipreading.profile.models import keep_model, model_in_progress
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import AnswerRecord, ProfileSettings

WORDS = ("water", "bread", "tea", "good night", "pain")
START = datetime.datetime(2026, 3, 2, 9, tzinfo=datetime.UTC)
NUM_DAYS, NUM_EACH_DAY = 11, 9


def mouth(seed: int) -> MouthClip:
    """Six frames of stripes, which no two seeds share."""
    rows = np.random.default_rng(seed).integers(40, 200, (6, 88, 1), np.uint8)
    return MouthClip(frames=np.repeat(rows, 88, axis=2), fps=25.0)


def talked_profile(folder: Path, *, falls: bool) -> Profile:
    """Nine words on each of eleven days; where it falls, half of the last five days' are wrong.

    Two models answered, one after the other.
    """
    profile = Profile.create(folder, ProfileSettings(person="Ann", finder="middle"))
    models = [base_model(profile)]
    chance = np.random.default_rng(0)
    for number, word in enumerate(WORDS):
        profile.add_word(word)
        profile.add_clip(word, mouth(number), source="test")
    for day in range(NUM_DAYS):
        if day == NUM_DAYS // 2:
            models.append(trained_model(profile))
        for each in range(NUM_EACH_DAY):
            wrong = 0.55 if falls and day > NUM_DAYS - 6 else 0.06
            made = START + datetime.timedelta(days=day + day // 5, minutes=3 * each)
            _say(profile, chance, made=made, is_wrong=chance.random() < wrong, model=models[-1])
    return profile


def _say(profile, chance, *, made, is_wrong, model) -> None:
    number = int(chance.choice(5, p=[0.3, 0.25, 0.2, 0.15, 0.1]))
    said, other = WORDS[number], WORDS[(number + 1) % 5]
    words = (other, said) if is_wrong else (said, other)
    answer = AnswerRecord(
        words=words,
        probabilities=(0.7, 0.2),
        confident=not is_wrong,
        strategy="fusion",
        model=model,
    )
    seed = int(chance.integers(100, 2**31))
    with patch.object(profile_module, "now", lambda: made.isoformat()):
        profile.add_clip(said, mouth(seed), source="studio", answer=answer)


def base_model(profile: Profile) -> str:
    """Id of a model that learned from other people."""
    encoder = CompactEncoder(CompactConfig(channels=2, hidden=8))
    return adopt_model(profile, MouthModel(encoder, ["a", "b"], units=["open", "shut"])).id


def trained_model(profile: Profile) -> str:
    """Id of a model that learned from the first recordings."""
    encoder = CompactEncoder(CompactConfig(channels=2, hidden=8))
    with model_in_progress(profile) as folder:
        MouthModel(encoder, list(WORDS), units=["open", "shut"]).save_pretrained(folder)
        clips = [clip.id for clip in profile.clips()][: len(WORDS)]
        return keep_model(
            profile, folder, kind="recognizer", strategy="fusion+adapted", clips=clips
        ).id

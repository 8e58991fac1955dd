"""Which model answers, its accuracy in use, and going back to an earlier one."""

import dataclasses

import pytest

from videospace.lipreading.profile.deletion import delete_clip
from videospace.lipreading.profile.model_selection import current_selection, use_model
from videospace.lipreading.profile.models import (
    NUM_KEPT,
    current_model,
    keep_model,
    model_in_progress,
    models,
)
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import AnswerRecord
from videospace.lipreading.profile.usage.history import model_history
from videospace.runtime.errors import UserError


def learn(profile: Profile, strategy: str = "fusion+adapted", clips=()) -> str:
    """A model that holds one file; the profile takes over its strategy, as after a training."""
    kind = "encoder" if strategy == "pretrained" else "recognizer"
    with model_in_progress(profile) as folder:
        (folder / "config.json").write_text("{}")
        record = keep_model(profile, folder, kind=kind, strategy=strategy, clips=clips)
    if kind == "recognizer":
        profile.change_settings(dataclasses.replace(profile.settings, strategy=strategy))
    return record.id


def now_answering(profile: Profile) -> tuple[str, str | None]:
    strategy, model = current_selection(profile)
    return strategy, model and model.id


def test_back_to_an_older_model_and_forward_again(profile):
    first, second = learn(profile), learn(profile, "cl-r")
    assert now_answering(profile) == ("cl-r", second)
    use_model(profile, first)
    assert now_answering(Profile(profile.folder)) == ("fusion+adapted", first)
    assert [model.id for model in models(profile)] == [first, second]
    use_model(profile, second)
    assert now_answering(profile) == ("cl-r", second)


def test_back_to_before_the_first_training(profile):
    base = learn(profile, "pretrained")
    trained = learn(profile)
    use_model(profile, base)
    assert now_answering(profile) == ("fusion", base)
    use_model(profile, trained)
    assert now_answering(profile) == ("fusion+adapted", trained)


@pytest.mark.parametrize(("before", "after"), [("prototypes", "prototypes"), ("dtw", "fusion")])
def test_another_pretrained_model_keeps_a_strategy_that_uses_it(profile, before, after):
    base, other = learn(profile, "pretrained"), learn(profile, "pretrained")
    profile.change_settings(dataclasses.replace(profile.settings, strategy=before))
    use_model(profile, base)
    assert now_answering(profile) == (after, base)
    use_model(profile, other)
    assert now_answering(profile) == (after, other)


def test_a_new_model_answers_after_a_step_back(profile):
    first, _ = learn(profile), learn(profile)
    use_model(profile, first)
    newest = learn(profile)
    assert now_answering(profile) == ("fusion+adapted", newest)


def test_the_model_that_was_gone_back_to_is_not_the_one_that_makes_room(profile):
    made = [learn(profile) for _ in range(NUM_KEPT)]
    use_model(profile, made[0])
    made.append(learn(profile))
    assert [model.id for model in models(profile)] == [made[0], *made[2:]]


def test_a_model_that_is_deleted_leaves_its_place_to_the_one_before(profile):
    water, bread, _ = (record.id for record in profile.clips())
    first, second = learn(profile, clips=[bread]), learn(profile, clips=[water])
    third = learn(profile, clips=[bread])
    use_model(profile, second)
    delete_clip(profile, water)
    assert now_answering(profile)[1] == third
    use_model(profile, first)
    assert now_answering(profile)[1] == first


def test_a_model_that_is_not_there(profile):
    learn(profile)
    before = profile.settings
    with pytest.raises(UserError, match="0123"):
        use_model(profile, "0123")
    assert profile.settings == before


def test_each_model_has_the_accuracy_of_its_own_answers(profile, make_clip):
    first, second = learn(profile), learn(profile)
    for seed, (model, word) in enumerate([(first, "water"), (first, "bread"), (second, "bread")]):
        answer = AnswerRecord(words=("bread",), probabilities=(1.0,), model=model)
        profile.add_clip(word, make_clip(50 + seed), source="x", answer=answer)
    newest, oldest = model_history(profile, profile.usage())
    assert (newest.model.id, newest.is_in_use, newest.accuracy.top1.mean) == (second, True, 1.0)
    assert (oldest.is_in_use, oldest.accuracy.num_answers) == (False, 2)
    assert oldest.accuracy.top1.mean == 0.5
    use_model(profile, first)
    assert [each.is_in_use for each in model_history(profile, profile.usage())] == [
        False,
        True,
    ]
    assert current_model(profile, "encoder") is None

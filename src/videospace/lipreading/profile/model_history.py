"""The models of a profile: which one answers, and how well each of them did in use."""

import dataclasses
from collections.abc import Sequence

from videospace.lipreading.profile.history import Accuracy, accuracy
from videospace.lipreading.profile.model_selection import answering
from videospace.lipreading.profile.models import models
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.records import ChoiceRecord, ModelRecord


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelHistory:
    """A model of a profile and its part in use."""

    model: ModelRecord
    """What it is."""
    is_answering: bool
    """Whether it answers now."""
    accuracy: Accuracy
    """Of what it answered in use. Two models answered at other times and to other words, so that
    only a clear difference says something."""


def model_history(profile: Profile, choices: Sequence[ChoiceRecord]) -> list[ModelHistory]:
    """The models that a profile keeps, the newest first.

    Args:
        profile: The profile.
        choices: From which to count how well each did.
    """
    _, current = answering(profile)
    return [
        ModelHistory(
            model=record,
            is_answering=current is not None and record.id == current.id,
            accuracy=accuracy([each for each in choices if each.answer.model == record.id]),
        )
        for record in reversed(models(profile))
    ]

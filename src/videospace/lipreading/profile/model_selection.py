"""Select the strategy and model that a profile uses."""

import dataclasses
from typing import cast

from videospace.lipreading.adaptation.strategies import STRATEGIES, StrategyName, strategy_named
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.profile.models import current_model
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.folder import model_path
from videospace.lipreading.profile.storage.records import ModelRecord
from videospace.lipreading.profile.storage.store import ProfileDatabase
from videospace.runtime.errors import UserError

UNTRAINED: StrategyName = "fusion"
"""The strategy of a profile whose pretrained model has not been trained any further."""
WITHOUT_MODEL: StrategyName = "templates"
"""The strategy of a profile that has no pretrained model."""


def checked_strategy(name: str) -> StrategyName:
    """Check the name of a strategy.

    Raises:
        UserError: There is no strategy of that name.
    """
    if name not in STRATEGIES:
        raise UserError(f"no strategy '{name}': choose from {', '.join(sorted(STRATEGIES))}")
    return cast(StrategyName, name)


def current_selection(profile: Profile) -> tuple[StrategyName, ModelRecord | None]:
    """The strategy that answers now and, where it needs one, its model."""
    strategy = possible_strategy(profile, checked_strategy(profile.settings.strategy))
    return strategy, model_for(profile, strategy)


def use_model(profile: Profile, identity: str) -> None:
    """Select the model that answers from now on, an older or a newer one.

    The profile changes to the strategy of the model. For an encoder of other people's mouths that
    is a strategy that needs no training, as before the person's words were trained.

    Args:
        profile: The profile; it keeps all models.
        identity: Id of the model.

    Raises:
        UserError: There is no such model, or the disk is full.
    """
    with ProfileDatabase.writing(profile.folder) as database:
        found = next((model for model in database.models() if model.id == identity), None)
        if found is None:
            raise UserError(
                f"no model '{identity}' in the profile: 'videospace lipread models' lists them"
            )
        settings = database.settings()
        strategy = found.strategy
        if found.kind == "encoder":
            current = strategy_named(settings.strategy)
            keeps = current.needs_model and not current.needs_training
            strategy = settings.strategy if keeps else UNTRAINED
        database.put_model_to_use(identity)
        database.write_settings(dataclasses.replace(settings, strategy=strategy))


def base_model(profile: Profile) -> MouthModel | None:
    """The encoder of other people's mouths; None where the profile has none."""
    record = current_model(profile, "encoder")
    return None if record is None else load_model(profile, record)


def load_model(profile: Profile, record: ModelRecord) -> MouthModel:
    """Load a model of the profile.

    Raises:
        UserError: Its files are missing or damaged.
    """
    folder = model_path(profile.folder, record.id)
    try:
        return MouthModel.from_pretrained(folder)
    except UserError as error:
        reason = str(error).replace(str(folder), record.id)
        raise UserError(
            f"the model {record.id}, of {record.added}, cannot be opened ({reason}): use another "
            "model of the profile, or restore this one from a copy"
        ) from error


def possible_strategy(profile: Profile, strategy: StrategyName) -> StrategyName:
    """The strategy itself or, until it has been trained, the best one that needs no training."""
    if strategy_named(strategy).needs_training:
        trained = current_model(profile, "recognizer")
        if trained is not None and trained.strategy == strategy:
            return strategy
        strategy = UNTRAINED
    if strategy_named(strategy).needs_model and current_model(profile, "encoder") is None:
        return WITHOUT_MODEL
    return strategy


def model_for(profile: Profile, strategy: StrategyName) -> ModelRecord | None:
    """The model that a strategy answers with; None where it needs none.

    Raises:
        UserError: The strategy has not been trained, or there is no pretrained model.
    """
    if not strategy_named(strategy).needs_model:
        return None
    if not strategy_named(strategy).needs_training:
        return base_for(profile, strategy)
    found = current_model(profile, "recognizer")
    if found is None or found.strategy != strategy:
        raise UserError(
            f"the strategy '{strategy}' has not been trained on this profile: "
            "run 'videospace lipread train' first"
        )
    return found


def base_for(profile: Profile, strategy: StrategyName) -> ModelRecord:
    """The pretrained model that a strategy starts from.

    Raises:
        UserError: There is none.
    """
    found = current_model(profile, "encoder")
    if found is None:
        raise UserError(
            f"the strategy '{strategy}' needs a pretrained model, and the profile has none: give "
            "one with --model (see 'videospace lipread pretrain'), or choose the strategy "
            f"'{WITHOUT_MODEL}'"
        )
    return found

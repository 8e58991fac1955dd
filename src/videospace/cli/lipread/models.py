"""``videospace lipread models``."""

import dataclasses

from videospace.cli.arguments import parse
from videospace.cli.lipread.recordings import ProfileFolder
from videospace.lipreading.profile.model_selection import current_selection, use_model
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.usage.history import ModelHistory, model_history
from videospace.runtime.text import counted


@dataclasses.dataclass(frozen=True)
class Models:
    """List the models of a profile, the newest first, or go back to one of them."""

    profile: ProfileFolder
    """Folder of the profile."""
    use: str | None = None
    """Id of the model that answers from now on."""


def main(arguments: list[str]) -> None:
    """Select a model where one is given, and list all models."""
    command = parse(Models, arguments, "videospace lipread models")
    profile = Profile(command.profile)
    if command.use is not None:
        use_model(profile, command.use)
    for each in model_history(profile, profile.usage()):
        print(_line(each))
    print(f"'{current_selection(profile)[0]}' answers")


def _line(each: ModelHistory) -> str:
    model, top1 = each.model, each.accuracy.top1
    learned = f" from {counted(len(model.clips), 'recording')}" if model.clips else ""
    right = "" if top1 is None else f", {top1.text()} of {each.accuracy.num_answers} answers right"
    mark = "*" if each.is_in_use else " "
    return f"{mark} {model.id}  {model.added}  {model.kind}, {model.strategy}{learned}{right}"

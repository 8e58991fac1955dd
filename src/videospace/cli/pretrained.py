"""``--pretrained NAME``, in every command that only reads a space."""

from collections.abc import Sequence
from pathlib import Path

from videospace.inrv.space.files import CONFIG_FILE
from videospace.inrv.space.pretrained import pretrained_names, pretrained_space
from videospace.runtime.errors import UserError

FLAG = "--pretrained"


def with_pretrained(arguments: Sequence[str]) -> list[str]:
    """Put the folder of the space that ``--pretrained`` names where SPACE is expected: in front.

    It cannot be a field of the commands, since no parser knows which of the positional arguments
    is missing then.

    Args:
        arguments: Of a command whose first positional argument is SPACE.

    Raises:
        UserError: There is no such space, no name, or a space beside it.
    """
    words = [part for word in arguments for part in _divided(word)]
    if FLAG not in words:
        return list(arguments)
    place = words.index(FLAG)
    name, rest = words[place + 1 : place + 2], words[:place] + words[place + 2 :]
    if not name or name[0].startswith("-"):
        raise UserError(f"expected a name after {FLAG}: {', '.join(pretrained_names())}")
    if FLAG in rest:
        raise UserError(f"expected one {FLAG}, got two")
    if rest and (rest[0] in pretrained_names() or (Path(rest[0]) / CONFIG_FILE).is_file()):
        raise UserError(f"expected SPACE or {FLAG} NAME, got both: '{rest[0]}' and '{name[0]}'")
    return [str(pretrained_space(name[0])), *rest]


def _divided(word: str) -> list[str]:
    """``--pretrained=NAME`` as two words."""
    flag, sign, name = word.partition("=")
    return [flag, name] if sign and flag == FLAG else [word]

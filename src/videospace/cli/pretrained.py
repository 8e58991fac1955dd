"""The flag ``--pretrained NAME`` of every command that only reads a space."""

from collections.abc import Sequence
from pathlib import Path

from videospace.inrv.space.files import CONFIG_FILE
from videospace.inrv.space.pretrained import pretrained_names, pretrained_space
from videospace.runtime.errors import UserError

FLAG = "--pretrained"


def with_pretrained(arguments: Sequence[str]) -> list[str]:
    """Replace ``--pretrained NAME`` by the folder of that space, as the first argument.

    The flag cannot be a field of the commands: a parser could not tell that the first positional
    argument, SPACE, is missing rather than the last one.

    Args:
        arguments: The arguments of a command whose first positional argument is SPACE.

    Raises:
        UserError: The name is missing or unknown, or SPACE is given too.
    """
    words = [part for word in arguments for part in _split_flag(word)]
    if FLAG not in words:
        return list(arguments)
    position = words.index(FLAG)
    name, rest = words[position + 1 : position + 2], words[:position] + words[position + 2 :]
    if not name or name[0].startswith("-"):
        raise UserError(f"expected a name after {FLAG}: {', '.join(pretrained_names())}")
    if FLAG in rest:
        raise UserError(f"expected one {FLAG}, got two")
    if rest and (rest[0] in pretrained_names() or (Path(rest[0]) / CONFIG_FILE).is_file()):
        raise UserError(f"expected SPACE or {FLAG} NAME, got both: '{rest[0]}' and '{name[0]}'")
    return [str(pretrained_space(name[0])), *rest]


def _split_flag(word: str) -> list[str]:
    """Split ``--pretrained=NAME`` into two words."""
    flag, sign, name = word.partition("=")
    return [flag, name] if sign and flag == FLAG else [word]

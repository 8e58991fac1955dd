"""Pretrained spaces, which come with the package."""

from pathlib import Path

from videospace.inrv.space.files import CONFIG_FILE
from videospace.runtime.errors import UserError

PRETRAINED_FOLDER = Path(__file__).parents[2] / "pretrained"


def pretrained_names() -> list[str]:
    """The names of the pretrained spaces.

    Example:
        >>> pretrained_names()
        ['bouncing-ball', 'moving-mnist']
    """
    return sorted(path.parent.name for path in PRETRAINED_FOLDER.glob(f"*/{CONFIG_FILE}"))


def pretrained_space(name: str) -> Path:
    """The folder of a pretrained space.

    Raises:
        UserError: There is none of that name; the message lists the names.

    Example:
        >>> pretrained_space("moving-mnist").name
        'moving-mnist'
    """
    if name not in pretrained_names():
        raise UserError(
            f"expected a pretrained space, one of {', '.join(pretrained_names())}, got '{name}'"
        )
    return PRETRAINED_FOLDER / name


def find_space(space: Path | str) -> Path:
    """The folder of a space.

    Args:
        space: A folder; or, where there is no such folder, the name of a pretrained space.

    Raises:
        UserError: There is neither.
    """
    if Path(space).exists():
        return Path(space)
    if str(space) not in pretrained_names():
        raise UserError(
            f"expected a space, but there is no folder '{space}', and no pretrained space has "
            f"that name: there are {', '.join(pretrained_names())}"
        )
    return pretrained_space(str(space))

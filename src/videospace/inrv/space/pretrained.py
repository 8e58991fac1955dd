"""Spaces that come with the package, by name."""

from pathlib import Path

from videospace.inrv.space.files import CONFIG_FILE
from videospace.runtime.errors import UserError

PRETRAINED_FOLDER = Path(__file__).parents[2] / "pretrained"


def pretrained_names() -> list[str]:
    """The names there are."""
    return sorted(path.parent.name for path in PRETRAINED_FOLDER.glob(f"*/{CONFIG_FILE}"))


def pretrained_space(name: str) -> Path:
    """The folder of a pretrained space.

    Raises:
        UserError: There is none of that name; those that there are are listed.

    Example:
        >>> pretrained_space("moving-mnist").name
        'moving-mnist'
    """
    if name not in pretrained_names():
        raise UserError(
            f"no space '{name}' comes with videospace: there are {', '.join(pretrained_names())}"
        )
    return PRETRAINED_FOLDER / name


def find_space(space: Path | str) -> Path:
    """The folder that is meant: one of the user's, or else the pretrained space of that name.

    Raises:
        UserError: There is neither.
    """
    if Path(space).exists():
        return Path(space)
    try:
        return pretrained_space(str(space))
    except UserError as error:
        raise UserError(
            f"expected a space, but there is no folder '{space}', and {error}"
        ) from None

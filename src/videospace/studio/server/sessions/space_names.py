"""Names of clips for people: source and number, from ids such as ``waves-0012-551c5d9e40``."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

_ID = re.compile(r"(?P<source>.+)-(?P<number>\d{2,})(?:-(?P<key>[0-9a-f]{10}))?")
"""``videospace prepare`` and the synthetic sources name clips like this: source, first frame or
number of the clip, and a key of the settings."""


class ClipName(NamedTuple):
    """What the page calls a clip."""

    name: str
    """The source and the number; the id where the id has another form."""
    source: str | None
    """The source that the clip was cut from; None where the id names none."""


def clip_names(ids: Sequence[str]) -> list[ClipName]:
    """Names of clips, each different from the others.

    Where two clips would have the same name, as those of two files called alike, both keep their
    ids.

    Args:
        ids: The clips' ids.

    Example:
        >>> clip_names(["waves-0012-551c5d9e40", "ball-003", "tuesday"])[0]
        ClipName(name='waves 12', source='waves')
    """
    names = [_name(identity) for identity in ids]
    counts = Counter(name.name for name in names)
    return [
        name if counts[name.name] == 1 else ClipName(identity, name.source)
        for identity, name in zip(ids, names, strict=True)
    ]


def _name(identity: str) -> ClipName:
    match = _ID.fullmatch(identity)
    if match is None:
        return ClipName(identity, None)
    source = match["source"].replace("_", " ").strip() or match["source"]
    return ClipName(f"{source} {int(match['number'])}", source)

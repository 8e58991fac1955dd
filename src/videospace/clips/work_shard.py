"""Which share of a preparation a process takes, and which shares are still missing."""

import dataclasses
import json
import re
from collections.abc import Sequence
from pathlib import Path

from videospace.runtime.errors import UserError

PARTS = ".parts"
"""Folder, in that of a store, of the parts that are still to be joined."""


@dataclasses.dataclass(frozen=True)
class Shard:
    """One of several shares of the sources, counted from 1.

    Example:
        >>> Shard.parse("2/3").share(["a", "b", "c", "d", "e"])
        ['b', 'e']
    """

    number: int
    """From 1 to ``count``."""
    count: int
    """How many there are."""

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read ``"2/4"``, the second of four.

        Raises:
            UserError: It is something else.
        """
        found = re.fullmatch(r"(\d+)/(\d+)", text, re.ASCII)
        shard = cls(int(found[1]), int(found[2])) if found else cls(0, 0)
        if not 1 <= shard.number <= shard.count:
            raise UserError(f"expected a shard such as 2/4, counted from 1/4 to 4/4, got '{text}'")
        return shard

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def folder(self, store: Path) -> Path:
        """Where its part of a store lies."""
        return store / PARTS / f"{self.number}-of-{self.count}"

    def share(self, names: Sequence[str]) -> list[str]:
        """The names that fall to it: every ``count``-th."""
        return list(names[self.number - 1 :: self.count])


def shards_of(store: Path) -> list[Shard]:
    """All shards of a store that is being prepared in parts, those without a part too.

    Raises:
        UserError: There are parts of several numbers of shards.
    """
    names = [re.fullmatch(r"\d+-of-(\d+)", path.name) for path in (store / PARTS).glob("*")]
    counts = sorted({int(name[1]) for name in names if name})
    if len(counts) > 1:
        raise UserError(
            f"'{store / PARTS}' holds parts of {counts[0]} and of {counts[1]} shards: "
            "delete those that do not belong there"
        )
    return [Shard(number, counts[0]) for number in range(1, counts[0] + 1)] if counts else []


def unfinished_shards(store: Path) -> list[Shard]:
    """The shards whose part is missing or was cut short."""
    return [shard for shard in shards_of(store) if not _is_finished(shard.folder(store))]


def require_finished(store: Path) -> None:
    """Refuse to go on without all parts.

    Raises:
        UserError: It names the shards to run.
    """
    if missing := unfinished_shards(store):
        named = ", ".join(map(str, missing[:8])) + (" and more" if len(missing) > 8 else "")
        raise UserError(
            f"'{store}' is prepared in {missing[0].count} shards, of which "
            f"{len(missing)} did not finish: run {named} again, then the command without --shard"
        )


def _is_finished(folder: Path) -> bool:
    try:
        return json.loads((folder / ".part.json").read_text(encoding="utf-8"))["finished"] is True
    except (OSError, ValueError, LookupError, TypeError):
        return False

"""Which sources one of several processes decodes, and which processes have finished."""

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

from videospace.runtime.errors import UserError
from videospace.runtime.reading.json_reader import read_json_file

SHARDS_FOLDER = ".parts"
"""Folder, inside that of a store, with a store for each shard until they are merged."""
SHARD_FILE = ".part.json"
"""File, in the store of a shard, with its settings and whether it is finished."""


@dataclasses.dataclass(frozen=True)
class Shard:
    """One of several disjoint sets of sources, numbered from 1.

    Example:
        >>> Shard.parse("2/3").select(["a", "b", "c", "d", "e"])
        ['b', 'e']
    """

    number: int
    """From 1 to ``count``."""
    count: int
    """Number of shards."""

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read a shard such as ``"2/4"``, the second of four.

        Raises:
            UserError: The text is not of this form.
        """
        found = re.fullmatch(r"(\d+)/(\d+)", text, re.ASCII)
        shard = cls(int(found[1]), int(found[2])) if found else cls(0, 0)
        if not 1 <= shard.number <= shard.count:
            raise UserError(f"expected a shard such as 2/4, counted from 1/4 to 4/4, got '{text}'")
        return shard

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def folder(self, store: Path) -> Path:
        """The folder of this shard's own store."""
        return store / SHARDS_FOLDER / f"{self.number}-of-{self.count}"

    def select(self, names: Sequence[str]) -> list[str]:
        """The names that belong to this shard: every ``count``-th."""
        return list(names[self.number - 1 :: self.count])


def shards_of(store: Path) -> list[Shard]:
    """All shards of a store that several processes prepare, including those not yet begun.

    Raises:
        UserError: The store has shards of two different counts.
    """
    names = [re.fullmatch(r"\d+-of-(\d+)", path.name) for path in (store / SHARDS_FOLDER).glob("*")]
    counts = sorted({int(name[1]) for name in names if name})
    if len(counts) > 1:
        raise UserError(
            f"'{store / SHARDS_FOLDER}' holds shards of {counts[0]} and of {counts[1]}: "
            "delete those that do not belong there"
        )
    return [Shard(number, counts[0]) for number in range(1, counts[0] + 1)] if counts else []


def unfinished_shards(store: Path) -> list[Shard]:
    """The shards that are missing or were interrupted."""
    return [shard for shard in shards_of(store) if not _is_finished(shard.folder(store))]


def require_finished(store: Path) -> None:
    """Refuse to go on before all shards are finished.

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
        return read_json_file(folder / SHARD_FILE).get("finished") is True
    except UserError:
        return False

"""Preparation in parts: several processes decode a share of the sources each, then one joins them.

Shard 2 of 4 of a store is a store of its own, ``.parts/2-of-4`` in the folder of the whole one, and
no process writes where another one does. ``.part.json`` in it says how it was cut and whether it is
finished. Joining is preparing once more, with the clips read from the parts instead of decoded; so
whatever the number of shards, the store is the one that a single process would have made.
"""

import dataclasses
import os
import shutil
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from videospace.clips.cutting import DecodedClip, SourceEnd
from videospace.clips.prepare_config import PrepareConfig
from videospace.clips.store.clip_store import ClipStore
from videospace.clips.store.json_lines import read_json_lines
from videospace.clips.work_shard import PARTS, Shard, require_finished, shards_of
from videospace.runtime.checkpoint import load_json, save_json
from videospace.runtime.errors import UserError

LEFT_BEHIND = ".parts-joined"


def require_count(store: Path, shard: Shard) -> None:
    """Refuse a shard that does not go with the parts that are there.

    Raises:
        UserError: They are those of another number of shards.
    """
    others = [other for other in shards_of(store) if other.count != shard.count]
    if others:
        raise UserError(
            f"'{store / PARTS}' holds parts of {others[0].count} shards, got shard {shard}: "
            "keep to one number of shards, or delete that folder"
        )


def begin_part(folder: Path, shard: Shard, config: PrepareConfig) -> None:
    """Note how a part is cut and that it is not finished; the clips that it has stay.

    Raises:
        UserError: An earlier run has cut it otherwise.
    """
    if (folder / ".part.json").exists():
        _require_settings(folder, shard, config)
    save_json(folder / ".part.json", {"finished": False, "settings": _settings(config)})


def finish_part(folder: Path, config: PrepareConfig) -> None:
    """Note that a part holds all that its shard was to decode."""
    save_json(folder / ".part.json", {"finished": True, "settings": _settings(config)})


def delete_parts(store: Path) -> None:
    """Remove the parts of a store, all at once to whoever looks."""
    behind = store / LEFT_BEHIND
    shutil.rmtree(behind, ignore_errors=True)
    if (store / PARTS).exists():
        os.replace(store / PARTS, behind)
        shutil.rmtree(behind, ignore_errors=True)


class PartReader:
    """Gives the clips of sources as the parts of a store hold them.

    Raises:
        UserError: A part is missing, not finished, or cut with other settings.
    """

    def __init__(self, store: Path, config: PrepareConfig) -> None:
        require_finished(store)
        self._folder = store / PARTS
        self._config = config
        self._finished: set[str] = set()
        self._reasons: dict[str, str] = {}
        self._rows: dict[str, list[tuple[ClipStore, int]]] = {}
        for shard in shards_of(store):
            self._add(shard.folder(store), shard)

    def decode(
        self, sources: Sequence[str], _: PrepareConfig
    ) -> Generator[tuple[str, Iterator[DecodedClip | SourceEnd]]]:
        """Stands in for `decode_sources`."""
        for source in sources:
            yield source, self._clips(source)

    def _add(self, folder: Path, shard: Shard) -> None:
        _require_settings(folder, shard, self._config)
        part = ClipStore.open(folder)
        for row, record in enumerate(part.records):
            self._rows.setdefault(record.source, []).append((part, row))
        self._finished |= {line["source"] for line in read_json_lines(folder / "sources.jsonl")[0]}
        skipped = read_json_lines(folder / "skipped.jsonl")[0]
        self._reasons |= {line["source"]: line["reason"] for line in skipped}

    def _clips(self, source: str) -> Iterator[DecodedClip | SourceEnd]:
        found = self._rows.get(source, [])
        for part, row in found:
            record = part.records[row]
            yield DecodedClip(
                first_frame=record.first_frame,
                fps=record.fps,
                pixels=part[row],
                num_expected=len(found),
            )
        if source not in self._finished and source not in self._reasons:
            raise UserError(
                f"no part in '{self._folder}' has '{source}' whole: repeat the shards with the "
                "sources as they are now, or delete that folder"
            )
        yield SourceEnd(reason=self._reasons.get(source) if not found else None)


def _require_settings(folder: Path, shard: Shard, config: PrepareConfig) -> None:
    before, now = load_json(folder / ".part.json").get("settings"), _settings(config)
    if before != now:
        before = before if isinstance(before, dict) else {}
        names = [name for name in now if before.get(name) != now[name]]
        raise UserError(
            f"shard {shard} in '{folder}' was cut with other settings ({', '.join(names)}): "
            "repeat them, or delete that folder"
        )


def _settings(config: PrepareConfig) -> dict[str, Any]:
    """All that decides which clips there are."""
    settings = dataclasses.asdict(config)
    del settings["workers"]
    return settings

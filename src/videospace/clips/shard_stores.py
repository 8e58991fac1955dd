"""The store of each shard, while several processes prepare one store, and how they are merged.

Shard 2 of 4 of a store is a store of its own in the folder ``.parts/2-of-4`` of the whole one, so
no two processes write to the same files. Merging prepares the whole store once more, but reads the
clips from the shards instead of decoding them. The result therefore does not depend on the number
of shards: it is the store that a single process would have made.
"""

import dataclasses
import math
import os
import shutil
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from videospace.clips.cutting import DecodedClip, SourceEnd
from videospace.clips.prepare_config import PrepareConfig
from videospace.clips.store.clip_store import SKIPPED_FILE, SOURCES_FILE, ClipStore
from videospace.clips.store.json_lines import read_json_lines
from videospace.clips.work_shard import (
    SHARD_FILE,
    SHARDS_FOLDER,
    Shard,
    require_finished,
    shards_of,
)
from videospace.runtime.checkpoint import save_json
from videospace.runtime.errors import UserError
from videospace.runtime.reading.json_reader import read_json_file
from videospace.runtime.reading.renamed import in_new_names

MERGED_FOLDER = ".parts-joined"
"""Name of the shards' folder while it is deleted."""


def require_same_count(store: Path, shard: Shard) -> None:
    """Refuse a shard of another count than the shards that the store has.

    Raises:
        UserError: The counts differ.
    """
    others = [other for other in shards_of(store) if other.count != shard.count]
    if others:
        raise UserError(
            f"'{store / SHARDS_FOLDER}' holds shards of {others[0].count}, got shard {shard}: "
            "keep to one number of shards, or delete that folder"
        )


def begin_shard(folder: Path, shard: Shard, config: PrepareConfig) -> None:
    """Record the settings of a shard and that it is not finished; clips that it has are kept.

    Raises:
        UserError: An earlier run used other settings.
    """
    if (folder / SHARD_FILE).exists():
        _require_same_settings(folder, shard, config)
    save_json(folder / SHARD_FILE, {"finished": False, "settings": _settings(config)})


def finish_shard(folder: Path, config: PrepareConfig) -> None:
    """Record that all sources of a shard are decoded."""
    save_json(folder / SHARD_FILE, {"finished": True, "settings": _settings(config)})


def delete_shards(store: Path) -> None:
    """Delete all shards of a store; no other process ever finds only some of them."""
    merged = store / MERGED_FOLDER
    shutil.rmtree(merged, ignore_errors=True)
    if (store / SHARDS_FOLDER).exists():
        os.replace(store / SHARDS_FOLDER, merged)
        shutil.rmtree(merged, ignore_errors=True)


class ShardReader:
    """Reads the clips of sources from the shards of a store.

    Args:
        store: Folder of the whole store.
        config: How it is prepared.

    Raises:
        UserError: A shard is missing or not finished, or has other settings.
    """

    def __init__(self, store: Path, config: PrepareConfig) -> None:
        require_finished(store)
        self._folder = store / SHARDS_FOLDER
        self._config = config
        self._fps_of_finished: dict[str, float | None] = {}
        self._reasons: dict[str, str] = {}
        self._rows: dict[str, list[tuple[ClipStore, int]]] = {}
        for shard in shards_of(store):
            self._add(shard.folder(store), shard)

    def decode(
        self, sources: Sequence[str], _: PrepareConfig
    ) -> Generator[tuple[str, Iterator[DecodedClip | SourceEnd]]]:
        """The clips of each source; it is called in place of `decode_sources`."""
        for source in sources:
            yield source, self._clips(source)

    def _add(self, folder: Path, shard: Shard) -> None:
        _require_same_settings(folder, shard, self._config)
        store = ClipStore.open(folder)
        for row, record in enumerate(store.records):
            self._rows.setdefault(record.source, []).append((store, row))
        lines = read_json_lines(folder / SOURCES_FILE)[0]
        self._fps_of_finished |= {line["source"]: line.get("fps") for line in lines}
        skipped = read_json_lines(folder / SKIPPED_FILE)[0]
        self._reasons |= {line["source"]: line["reason"] for line in skipped}

    def _clips(self, source: str) -> Iterator[DecodedClip | SourceEnd]:
        found = self._rows.get(source, [])
        for store, row in found:
            record = store.records[row]
            yield DecodedClip(
                first_frame=record.first_frame,
                fps=record.fps,
                pixels=store[row],
                num_expected=len(found),
            )
        if source not in self._fps_of_finished and source not in self._reasons:
            raise UserError(
                f"no shard in '{self._folder}' has all clips of '{source}': run the shards again "
                "with the sources as they are now, or delete that folder"
            )
        said = self._reasons.get(source)
        if not found:
            yield SourceEnd(reason=said)
            return
        own_fps = self._fps_of_finished.get(source)
        store, row = found[0]
        used_fps = store.records[row].fps * self._config.every
        is_resampled = own_fps is not None and not math.isclose(own_fps, used_fps)
        yield SourceEnd(note=said or "", own_fps=own_fps, is_resampled=is_resampled)


def _require_same_settings(folder: Path, shard: Shard, config: PrepareConfig) -> None:
    before, now = read_json_file(folder / SHARD_FILE).get("settings"), _settings(config)
    before = in_new_names(PrepareConfig, before if isinstance(before, dict) else {})
    names = [name for name in now if before.get(name) != now[name]]
    if names:
        raise UserError(
            f"shard {shard} in '{folder}' was cut with other settings ({', '.join(names)}): "
            "repeat them, or delete that folder"
        )


def _settings(config: PrepareConfig) -> dict[str, Any]:
    """The settings that decide which clips there are."""
    settings = dataclasses.asdict(config)
    del settings["workers"]
    return settings

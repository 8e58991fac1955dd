"""Writing clips to a store, source by source, so that a later run skips finished sources."""

import hashlib
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from videospace.clips.cutting import DecodedClip
from videospace.clips.prepare_config import PrepareConfig
from videospace.clips.store.clip_store import SOURCES_FILE, ClipRecord, ClipStore
from videospace.clips.store.json_lines import append_json_lines, read_json_lines
from videospace.runtime.errors import UnreadableVideo

NUM_DIGESTED, BYTES_DIGESTED = 8, 2**16
"""A video is known again by so many pieces of so many bytes, spread over its file."""
BATCH_BYTES = 2**25
"""How many bytes of pixels are written at once."""


class StoreWriter:
    """Collects decoded clips and writes them in batches; call `flush` at the end.

    ``sources.jsonl`` beside the index lists the finished sources. The file only saves work: without
    it, sources are decoded again and their clips are recognized by their ids.

    Args:
        store: The store to write to.
        config: How the sources are cut.
    """

    def __init__(self, store: ClipStore, config: PrepareConfig) -> None:
        self.num_added = 0
        self.num_present = 0
        self._store = store
        self._config = config
        self._path = store.folder / SOURCES_FILE
        lines, self._num_bytes = read_json_lines(self._path)
        self._lines_by_cut = {line.get("cut"): line for line in lines}
        self._prints_by_source = {line.get("source"): line.get("print") for line in lines}
        self._num_records = Counter(_key_of(record.id) for record in store.records)
        self._clips: list[tuple[ClipRecord, UInt8[np.ndarray, "time height width 3"]]] = []
        self._finished: list[dict[str, Any]] = []

    def skip_if_finished(self, source: str) -> int:
        """The number of clips of a source that an earlier run has finished, else 0.

        Raises:
            UnreadableVideo: The source was replaced by another one of its name.
        """
        known = self._prints_by_source.get(source)
        if known and os.path.exists(source) and not _is_unchanged(source, known):
            raise UnreadableVideo(
                source,
                "was replaced since its clips were cut: give the new video another name, or "
                "prepare a new store",
            )
        num_clips = self._lines_by_cut.get(self._config.cut_key(source), {}).get("num_clips", 0)
        if num_clips > self._num_records[self._config.clip_key(source)]:
            return 0  # the index has lost some of them
        self.num_present += num_clips
        return num_clips

    def add(self, source: str, clip: DecodedClip, split: str) -> None:
        """Add a clip; a clip that the store has already is only counted."""
        name = Path(source).name if os.path.isdir(source) else Path(source).stem
        stem = re.sub(r"[^\w.]+", "_", name)[:40]
        clip_id = f"{stem}-{clip.first_frame:04d}-{self._config.clip_key(source)}"
        if clip_id in self._store:
            self.num_present += 1
            return
        record = ClipRecord(
            id=clip_id, source=source, first_frame=clip.first_frame, fps=clip.fps, split=split
        )
        self._clips.append((record, clip.pixels))
        if len(self._clips) * clip.pixels.nbytes >= BATCH_BYTES:
            self.flush()

    def finish(self, source: str, num_clips: int) -> None:
        """Record that all clips of a source are added."""
        self._finished.append(
            {
                "source": source,
                "cut": self._config.cut_key(source),
                "num_clips": num_clips,
                "path": os.path.realpath(source),
                "print": _print_of(source),
            }
        )

    def flush(self) -> None:
        """Write the collected clips, and then the sources that are finished with them.

        Raises:
            UserError: The folder cannot be written to.
        """
        if self._clips:
            self._store.append(self._clips)
        self.num_added += len(self._clips)
        lines = self._finished
        self._num_bytes = append_json_lines(self._path, lines, num_bytes=self._num_bytes)
        self._clips, self._finished = [], []


def known_names(sources: list[str], store: Path) -> list[str]:
    """The names under which a store knows sources: a path may be absolute one time, then relative.

    Args:
        sources: As they are named now.
        store: Folder of the store.

    Returns:
        The names, each once.
    """
    lines, _ = read_json_lines(store / SOURCES_FILE)
    known = {line["path"]: line["source"] for line in lines if {"path", "source"} <= line.keys()}
    return list(dict.fromkeys(known.get(os.path.realpath(name), name) for name in sources))


def _print_of(source: str) -> dict[str, Any]:
    """What tells whether a video was replaced: size and time, and a digest where these differ."""
    files = sorted(os.scandir(source), key=_name) if os.path.isdir(source) else [Path(source)]
    stats = [file.stat() for file in files]
    digest = hashlib.sha256()
    for file, stat in zip(files, stats, strict=True):
        digest.update(f"{file.name}\0{stat.st_size}\0".encode(errors="surrogateescape"))
    if not os.path.isdir(source):
        with open(source, "rb") as file:
            for part in range(NUM_DIGESTED):
                file.seek(part * max(0, stats[0].st_size - BYTES_DIGESTED) // (NUM_DIGESTED - 1))
                digest.update(file.read(BYTES_DIGESTED))
    return {
        "bytes": sum(stat.st_size for stat in stats),
        "time": max((stat.st_mtime_ns for stat in stats), default=0),
        "digest": digest.hexdigest()[:16],
    }


def _name(entry: os.DirEntry) -> str:
    return entry.name


def _is_unchanged(source: str, known: dict[str, Any]) -> bool:
    if not os.path.isdir(source):
        stat = os.stat(source)
        if (stat.st_size, stat.st_mtime_ns) == (known.get("bytes"), known.get("time")):
            return True
    return _print_of(source)["digest"] == known.get("digest")


def _key_of(clip_id: str) -> str:
    return clip_id.rpartition("-")[2]

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
from videospace.clips.decoding.frame_folder import image_paths
from videospace.clips.prepare_config import PrepareConfig
from videospace.clips.store.clip_store import SOURCES_FILE, ClipRecord, ClipStore
from videospace.clips.store.json_lines import append_json_lines, read_json_lines
from videospace.runtime.errors import UnreadableVideo

BLOCK_BYTES = 2**20
"""How many bytes of a video are digested at once."""
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
        self._fingerprint_by_source = {
            line.get("source"): line.get("fingerprint") for line in lines
        }
        self._num_records = Counter(_key_of(record.id) for record in store.records)
        self._clips: list[tuple[ClipRecord, UInt8[np.ndarray, "time height width 3"]]] = []
        self._finished: list[dict[str, Any]] = []

    def skip_if_finished(self, source: str) -> int:
        """The number of clips of a source that an earlier run has finished, else 0.

        Raises:
            UnreadableVideo: The source was replaced by another one of its name.
        """
        known = self._fingerprint_by_source.get(source)
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

    def finish(self, source: str, num_clips: int, fps: float | None = None) -> None:
        """Record that all clips of a source are added."""
        self._finished.append(
            {
                "source": source,
                "cut": self._config.cut_key(source),
                "num_clips": num_clips,
                "path": os.path.realpath(source),
                "fps": fps,
                "fingerprint": _fingerprint_of(source),
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


def rates_of_sources(store: Path) -> list[float]:
    """The frame rates of the videos whose clips a store has; folders of images have none."""
    lines, _ = read_json_lines(store / SOURCES_FILE)
    return [line["fps"] for line in lines if line.get("fps")]


def _fingerprint_of(source: str) -> dict[str, Any]:
    """What tells whether a video was replaced: sizes and times, and where these differ a digest."""
    digest = hashlib.blake2b(digest_size=8)
    for path in _files_of(source):
        digest.update(path.name.encode(errors="surrogateescape"))
        with open(path, "rb") as file:
            while block := file.read(BLOCK_BYTES):
                digest.update(block)
    return {**_stamp_of(source), "digest": digest.hexdigest()}


def _stamp_of(source: str) -> dict[str, int]:
    stats = [path.stat() for path in _files_of(source)]
    times = [stat.st_mtime_ns for stat in stats]
    return {"bytes": sum(stat.st_size for stat in stats), "time": sum(times) % 2**53}


def _files_of(source: str) -> list[Path]:
    return image_paths(source) if os.path.isdir(source) else [Path(source)]


def _is_unchanged(source: str, known: dict[str, Any]) -> bool:
    stamp = _stamp_of(source)
    if stamp == {name: known.get(name) for name in stamp}:
        return True
    return _fingerprint_of(source)["digest"] == known.get("digest")


def _key_of(clip_id: str) -> str:
    return clip_id.rpartition("-")[2]

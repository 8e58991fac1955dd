"""Writing clips to a store, source by source, so that a later run skips finished sources."""

import os
import re
from collections import Counter
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from videospace.clips.cutting import DecodedClip
from videospace.clips.prepare_config import PrepareConfig
from videospace.clips.store.clip_store import ClipRecord, ClipStore
from videospace.clips.store.json_lines import append_json_lines, read_json_lines

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
        self._path = store.folder / "sources.jsonl"
        lines, self._num_bytes = read_json_lines(self._path)
        self._num_clips_by_cut = {line.get("cut"): line.get("num_clips", 0) for line in lines}
        self._num_records = Counter(_key_of(record.id) for record in store.records)
        self._clips: list[tuple[ClipRecord, UInt8[np.ndarray, "time height width 3"]]] = []
        self._finished: list[dict[str, str | int]] = []

    def skip_if_finished(self, source: str) -> int:
        """The number of clips of a source that an earlier run has finished, else 0."""
        num_clips = self._num_clips_by_cut.get(self._config.cut_key(source), 0)
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
        cut = self._config.cut_key(source)
        self._finished.append({"source": source, "cut": cut, "num_clips": num_clips})

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


def _key_of(clip_id: str) -> str:
    return clip_id.rpartition("-")[2]

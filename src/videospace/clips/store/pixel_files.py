"""The pixels of a clip store: raw uint8 files, clip after clip, read through a memory map."""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from videospace.runtime.errors import UserError


class Shards:
    """Clips of one shape in ``00000.raw``, ``00001.raw`` and so on, addressed by row.

    How many clips count is told by the caller at every call: bytes behind the last of them are
    the remains of an interrupted write, and the next `write` puts itself in their place.
    """

    def __init__(self, folder: Path, clip_shape: tuple[int, int, int, int], clips_per_shard: int):
        self.folder = folder
        self.clip_shape = clip_shape
        self.clips_per_shard = clips_per_shard
        self._maps: dict[int, np.memmap] = {}

    def view(self, row: int, num_rows: int) -> UInt8[np.ndarray, "time height width 3"]:
        """A read-only view of one of ``num_rows`` clips."""
        shard, place = divmod(row, self.clips_per_shard)
        if shard not in self._maps or place >= len(self._maps[shard]):
            num_clips = min(num_rows - shard * self.clips_per_shard, self.clips_per_shard)
            shape = (num_clips, *self.clip_shape)
            self._maps[shard] = np.memmap(self._path(shard), np.uint8, "r", shape=shape)
        return self._maps[shard][place]

    def write(self, row: int, clips: Sequence[UInt8[np.ndarray, "time height width 3"]]) -> None:
        """Put clips into the rows from ``row`` on and wait until the disk has them."""
        self.folder.mkdir(exist_ok=True)
        written = 0
        while written < len(clips):
            shard, place = divmod(row + written, self.clips_per_shard)
            fitting = clips[written : written + self.clips_per_shard - place]
            with open(self._path(shard), "ab") as file:
                file.truncate(place * math.prod(self.clip_shape))
                for clip in fitting:
                    file.write(np.ascontiguousarray(clip).data)
                file.flush()
                os.fsync(file.fileno())
            written += len(fitting)

    def check(self, num_rows: int) -> None:
        """Make sure that the files hold ``num_rows`` clips.

        Raises:
            UserError: When one is missing or too short.
        """
        for shard, first in enumerate(range(0, num_rows, self.clips_per_shard)):
            listed = min(num_rows - first, self.clips_per_shard)
            path = self._path(shard)
            num_bytes = path.stat().st_size if path.exists() else 0
            present = num_bytes // math.prod(self.clip_shape)
            if present < listed:
                raise UserError(
                    f"expected {listed} clips in {path}, which holds {present}: "
                    "restore the file, or prepare the store anew"
                )

    def _path(self, shard: int) -> Path:
        return self.folder / f"{shard:05d}.raw"

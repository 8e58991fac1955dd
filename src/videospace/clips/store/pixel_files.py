"""The pixels of a clip store: raw uint8 files, clip after clip, read through a memory map."""

import contextlib
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from videospace.runtime.errors import UserError
from videospace.runtime.files import cut_on_error


class PixelFiles:
    """Clips of one shape in the files ``00000.raw``, ``00001.raw`` and so on, addressed by row.

    The caller says at every call how many rows count. Bytes behind the last of them are left from
    an interrupted write, and the next `appended` overwrites them.

    Args:
        folder: The folder of the files.
        clip_shape: Time, height, width and 3.
        clips_per_file: Clips of every file but the last.
    """

    def __init__(self, folder: Path, clip_shape: tuple[int, int, int, int], clips_per_file: int):
        self.folder = folder
        self.clip_shape = clip_shape
        self.clips_per_file = clips_per_file
        self._maps: dict[int, np.memmap] = {}

    def view(self, row: int, num_rows: int) -> UInt8[np.ndarray, "time height width 3"]:
        """A read-only view of one of ``num_rows`` clips."""
        file, slot = divmod(row, self.clips_per_file)
        if file not in self._maps or slot >= len(self._maps[file]):
            num_clips = min(num_rows - file * self.clips_per_file, self.clips_per_file)
            shape = (num_clips, *self.clip_shape)
            self._maps[file] = np.memmap(self._path(file), np.uint8, "r", shape=shape)
        return self._maps[file][slot]

    @contextlib.contextmanager
    def appended(
        self, row: int, clips: Sequence[UInt8[np.ndarray, "time height width 3"]]
    ) -> Iterator[None]:
        """Write clips to consecutive rows; they are on the disk when the block begins.

        If the writing or the block fails, they are removed again.

        Args:
            row: The row of the first one.
            clips: The clips.
        """
        files = range(row // self.clips_per_file, (row + len(clips)) // self.clips_per_file + 1)
        bytes_per_file = self.clips_per_file * math.prod(self.clip_shape)
        with contextlib.ExitStack() as stack:
            for file in files:
                kept = max(0, row * math.prod(self.clip_shape) - file * bytes_per_file)
                stack.enter_context(cut_on_error(self._path(file), kept))
            self._write(row, clips)
            yield

    def _write(self, row: int, clips: Sequence[UInt8[np.ndarray, "time height width 3"]]) -> None:
        self.folder.mkdir(exist_ok=True)
        num_written = 0
        while num_written < len(clips):
            file, slot = divmod(row + num_written, self.clips_per_file)
            fitting = clips[num_written : num_written + self.clips_per_file - slot]
            with open(self._path(file), "ab") as stream:
                stream.truncate(slot * math.prod(self.clip_shape))
                for clip in fitting:
                    stream.write(np.ascontiguousarray(clip).data)
                stream.flush()
                os.fsync(stream.fileno())
            num_written += len(fitting)

    def check(self, num_rows: int) -> None:
        """Check that the files hold at least ``num_rows`` clips.

        Raises:
            UserError: A file is missing or too short.
        """
        for file, first in enumerate(range(0, num_rows, self.clips_per_file)):
            num_listed = min(num_rows - first, self.clips_per_file)
            path = self._path(file)
            num_bytes = path.stat().st_size if path.is_file() else 0
            num_present = num_bytes // math.prod(self.clip_shape)
            if num_present < num_listed:
                raise UserError(
                    f"expected {num_listed} clips in {path}, got {num_present}: "
                    "restore the file, or prepare the store again"
                )

    def _path(self, file: int) -> Path:
        return self.folder / f"{file:05d}.raw"

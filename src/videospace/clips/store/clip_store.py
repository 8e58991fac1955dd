"""A folder of clips of one shape: memory-mapped, append-only and crash-safe."""

import dataclasses
import hashlib
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, final

import numpy as np
from jaxtyping import Int, UInt8
from msgspec import Meta

from videospace.clips.store.json_lines import (
    append_json_lines,
    has_more_lines,
    read_json_lines,
)
from videospace.clips.store.pixel_files import PixelFiles
from videospace.clips.store.records import SPLITS, ClipRecord, parse_records
from videospace.clips.work_shard import require_finished, shards_of
from videospace.runtime.checkpoint import save_json
from videospace.runtime.errors import UserError, did_you_mean
from videospace.runtime.files import cannot_write, folder_lock
from videospace.runtime.reading.bounds import NumFrames, SidePx, check_bounds, check_clip_size
from videospace.runtime.reading.json_config import config_from_json
from videospace.runtime.reading.json_reader import read_json_file

FORMAT_VERSION = 1
SOURCES_FILE = "sources.jsonl"
"""The sources whose clips are all in the store."""
SKIPPED_FILE = "skipped.jsonl"
"""What could not be used, or is damaged."""
DESCRIPTION_FILE = "store.json"
"""The file that says what shape the clips of a store have."""
PIXEL_FILE_BYTES = 2**30


@dataclasses.dataclass(frozen=True, kw_only=True)
class StoreDescription:
    """The content of ``store.json``."""

    num_frames: NumFrames
    height: SidePx
    width: SidePx
    clips_per_shard: Annotated[int, Meta(ge=1, le=PIXEL_FILE_BYTES)]
    """Clips of every pixel file but the last."""

    def __post_init__(self) -> None:
        check_clip_size(self.num_frames, self.height, self.width)
        check_bounds(self)


@final
class ClipStore:
    """Clips of one shape in a folder; get one with `ClipStore.open` or `ClipStore.create`.

    ``store.json`` holds the shape, ``index.jsonl`` a record for each clip, and the files
    ``shards/00000.raw`` and so on the pixels, in the order of the index. Pixels are written before
    their lines in the index, so that an interrupted write leaves no half clip. One process at a
    time may append.

    Args:
        folder: An existing store.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> store = ClipStore.create(folder, num_frames=2, height=4, width=4)
        >>> record = ClipRecord(id="a", source="a.mp4", first_frame=0, fps=25.0, split="train")
        >>> store.append([(record, np.zeros((2, 4, 4, 3), np.uint8))])
        >>> ClipStore.open(folder)["a"].shape
        (2, 4, 4, 3)
    """

    def __init__(self, folder: Path) -> None:
        description = _read_description(folder / DESCRIPTION_FILE)
        self.folder = folder
        self.num_frames, self.height = description.num_frames, description.height
        self.width = description.width
        self._shape = (self.num_frames, self.height, self.width, 3)
        self._index = folder / "index.jsonl"
        lines, self._index_bytes = read_json_lines(self._index)
        self.records = parse_records(lines, self._index)
        self._rows = {record.id: row for row, record in enumerate(self.records)}
        if len(self._rows) < len(self.records):
            raise UserError(f"expected every clip id once in {self._index}, got one twice")
        self._pixels = PixelFiles(folder / "shards", self._shape, description.clips_per_shard)
        self._pixels.check(len(self.records))

    @classmethod
    def open(cls, folder: Path | str) -> "ClipStore":
        """Open an existing store.

        Args:
            folder: The folder of the store.

        Raises:
            UserError: The folder is no store, has another format version, or lacks pixels that its
                index lists.
        """
        return cls(Path(folder))

    @classmethod
    def create(cls, folder: Path | str, *, num_frames: int, height: int, width: int) -> "ClipStore":
        """Make an empty store, or open an existing one of this shape.

        Args:
            folder: The folder of the store; made, with its parents, if it does not exist.
            num_frames: Frames of every clip.
            height: Height of the frames in px.
            width: Width of the frames in px.

        Raises:
            UserError: The folder holds a store of another shape or other files, or cannot be
                written to.
        """
        folder, shape = Path(folder), (num_frames, height, width)
        check_clip_size(*shape)
        if not (folder / DESCRIPTION_FILE).exists():
            _make_store(folder, shape)
        store = cls(folder)
        if store._shape[:3] != shape:
            raise UserError(
                f"expected clips of {_text(shape)}, but {folder} holds clips of "
                f"{_text(store._shape)}: choose another folder"
            )
        return store

    @property
    def ids(self) -> list[str]:
        """The clip ids, in the order of the rows."""
        return [record.id for record in self.records]

    @property
    def fps(self) -> float:
        """Median frames per second of the clips; 25 when there are none."""
        return float(statistics.median([record.fps for record in self.records] or [25.0]))

    def __len__(self) -> int:
        return len(self.records)

    def __contains__(self, clip_id: str) -> bool:
        return clip_id in self._rows

    def row(self, clip_id: str) -> int:
        """The row of a clip.

        Args:
            clip_id: The id of the clip.

        Raises:
            UserError: The store has no such clip; the message suggests similar ids.
        """
        if clip_id in self._rows:
            return self._rows[clip_id]
        hint = did_you_mean(clip_id, self._rows)
        raise UserError(f"no clip '{clip_id}' among the {len(self)} of {self.folder}{hint}")

    def rows(self, split: str | None) -> list[int]:
        """The rows of a split (``"train"`` or ``"holdout"``), or all rows for None."""
        if split not in (None, *SPLITS):
            raise UserError(f"expected the split 'train' or 'holdout', got '{split}'")
        return [row for row, record in enumerate(self.records) if split in (None, record.split)]

    def frames(
        self, rows: Sequence[int] | Int[np.ndarray, " clip"]
    ) -> UInt8[np.ndarray, "clip time height width 3"]:
        """Copies of the clips of some rows, in the order of ``rows``."""
        clips = np.empty((len(rows), *self._shape), np.uint8)
        for target, row in zip(clips, rows, strict=True):
            target[...] = self[int(row)]
        return clips

    def __getitem__(self, clip: int | str) -> UInt8[np.ndarray, "time height width 3"]:
        """A read-only view of one clip, by row or id."""
        row = self.row(clip) if isinstance(clip, str) else clip
        if not 0 <= row < len(self):
            raise IndexError(f"expected a row from 0 to {len(self) - 1}, got {row}")
        return self._pixels.view(row, len(self))

    def append(
        self, clips: Sequence[tuple[ClipRecord, UInt8[np.ndarray, "time height width 3"]]]
    ) -> None:
        """Append clips; they are on the disk when this returns.

        Args:
            clips: The record and the pixels of each clip.

        Raises:
            UserError: An id exists already, a clip has another shape, another process has appended
                in the meantime, or the folder cannot be written to.
        """
        rows = dict(self._rows)
        for row, (record, pixels) in enumerate(clips, start=len(self)):
            if rows.setdefault(record.id, row) != row:
                raise UserError(f"the clip id '{record.id}' exists already in {self.folder}")
            if pixels.shape != self._shape:
                raise UserError(
                    f"expected a clip of {_text(self._shape)}, "
                    f"got {_text(pixels.shape)} for '{record.id}'"
                )
        lines = [dataclasses.asdict(record) for record, _ in clips]
        with folder_lock(self.folder, ".append.lock"):
            try:
                if has_more_lines(self._index, self._index_bytes):
                    raise UserError(
                        f"another process is writing to {self.folder}: wait for it to end"
                    )
                with self._pixels.appended(len(self), [pixels for _, pixels in clips]):
                    self._index_bytes = append_json_lines(
                        self._index, lines, num_bytes=self._index_bytes
                    )
            except OSError as error:
                raise cannot_write(self.folder, error) from error
        self._rows = rows
        self.records.extend(record for record, _ in clips)

    def content_fingerprint(self) -> str:
        """Twelve hexadecimal digits that change with the ids, their order and the shape."""
        content = json.dumps([self._shape, self.ids])
        return hashlib.sha256(content.encode()).hexdigest()[:12]


def _make_store(folder: Path, shape: tuple[int, int, int]) -> None:
    num_frames, height, width = shape
    description = StoreDescription(
        num_frames=num_frames,
        height=height,
        width=width,
        clips_per_shard=max(1, PIXEL_FILE_BYTES // (num_frames * height * width * 3)),
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        left_over = (SKIPPED_FILE, SOURCES_FILE)  # by a preparation that found no clip
        names = [path.name for path in folder.iterdir() if path.name not in left_over]
        if any(not name.startswith(".") for name in names):
            raise UserError(f"expected a new or empty folder, but {folder} holds other files")
    except OSError as error:
        raise cannot_write(folder, error) from error
    content = {"format_version": FORMAT_VERSION, **dataclasses.asdict(description)}
    save_json(folder / DESCRIPTION_FILE, content)


def _read_description(path: Path) -> StoreDescription:
    if not path.is_file():
        require_finished(path.parent)
        hint = ": run the command without --shard to merge" if shards_of(path.parent) else ""
        raise UserError(f"expected a clip store, but {path.parent} has no store.json{hint}")
    content = read_json_file(path)
    version = content.pop("format_version", None)
    if type(version) is not int or version != FORMAT_VERSION:
        raise UserError(
            f"expected format version {FORMAT_VERSION} in {path}, got version {version!r:.80}: "
            "use a newer videospace, or prepare the clips again"
        )
    return config_from_json(StoreDescription, content, f"'{path}'")


def _text(shape: Sequence[int]) -> str:
    if len(shape) < 3:
        return f"shape {tuple(shape)}"
    return f"{shape[0]} frames of {shape[1]}x{shape[2]} px"

"""The record of one clip in a store."""

import dataclasses
import math
from pathlib import Path
from typing import Any

from videospace.runtime.errors import UserError

SPLITS = ("train", "holdout")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClipRecord:
    """One line of ``index.jsonl``: the origin of a clip."""

    id: str
    """Stable and readable: the same source and settings give the same id."""
    source: str
    """The source as the user named it; all clips of one file have the same."""
    first_frame: int
    """Number of the clip's first frame among the decoded frames of the source."""
    fps: float
    """Frames per second of the clip."""
    split: str
    """``"train"`` or ``"holdout"``."""

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise UserError(f"expected the split 'train' or 'holdout', got '{self.split}'")
        if not (math.isfinite(self.fps) and self.fps > 0):
            raise UserError(f"expected fps above 0 for clip '{self.id}', got {self.fps}")


def parse_records(lines: list[dict[str, Any]], index: Path) -> list[ClipRecord]:
    """Make records from the lines of an index.

    Raises:
        UserError: A line lacks a field, has an unknown one, or a value is invalid.
    """
    try:
        return [ClipRecord(**line) for line in lines]
    except (TypeError, UserError) as error:
        raise UserError(f"{index} has a line that is no clip record: {error}") from error

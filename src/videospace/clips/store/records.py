"""What a store knows about one clip."""

import dataclasses
import math
from pathlib import Path
from typing import Any

from videospace.runtime.errors import UserError

SPLITS = ("train", "holdout")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClipRecord:
    """One line of ``index.jsonl``: where a clip comes from."""

    id: str
    """Stable and readable: the same source and settings give the same id."""
    source: str
    """The source as the user named it; clips of one file share it."""
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
            raise UserError(f"expected fps above zero for clip '{self.id}', got {self.fps}")


def parse_records(lines: list[dict[str, Any]], index: Path) -> list[ClipRecord]:
    """Records from the lines of an index.

    Raises:
        UserError: When a line lacks a field, has one too many, or a value makes no sense.
    """
    try:
        return [ClipRecord(**line) for line in lines]
    except (TypeError, UserError) as error:
        raise UserError(f"{index} has a line that is no clip record: {error}") from error

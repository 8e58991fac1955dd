"""The record of one clip in a store."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from videospace.runtime.errors import UserError
from videospace.runtime.reading.bounds import Count, Fps, check_bounds
from videospace.runtime.reading.json_config import config_from_json

SPLITS = ("train", "holdout")


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClipRecord:
    """One line of ``index.jsonl``: the origin of a clip."""

    id: Annotated[str, Meta(min_length=1, max_length=4096)]
    """Stable and readable: the same source and settings give the same id."""
    source: str
    """The source as the user named it; all clips of one file have the same."""
    first_frame: Count
    """Number of the clip's first frame among the decoded frames of the source."""
    fps: Fps
    """Frames per second of the clip."""
    split: str
    """``"train"`` or ``"holdout"``."""

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise UserError(f"expected the split 'train' or 'holdout', got '{self.split}'")
        check_bounds(self)


def parse_records(lines: list[dict[str, Any]], index: Path) -> list[ClipRecord]:
    """Make records from the lines of an index.

    Raises:
        UserError: A line lacks a field, has an unknown one, or a value is invalid.
    """
    return [
        config_from_json(ClipRecord, line, f"line {number} of {index}")
        for number, line in enumerate(lines, start=1)
    ]

"""The settings of ``videospace prepare``."""

import dataclasses
import hashlib
import json
from typing import Annotated

import tyro

from videospace.clips.decoding.geometry import parse_crop, parse_size
from videospace.runtime.errors import UserError
from videospace.runtime.reading.renamed import renamed


@renamed(values={"crop": {"centre": "center"}})
@dataclasses.dataclass(frozen=True, kw_only=True)
class PrepareConfig:
    """How videos are cut into clips.

    Raises:
        UserError: A value is out of range, or ``size`` or ``crop`` cannot be read.

    Example:
        >>> PrepareConfig(size="48x64", every=5).every
        5
    """

    num_frames: Annotated[int, tyro.conf.arg(name="frames")] = 25
    """Frames of every clip."""
    size: str = "64"
    """Size of the clips in px: ``"64"``, or ``"48x64"`` for height x width."""
    crop: str = "center"
    """``"center"``, the largest centered region with the aspect ratio of the clips, or
    ``"top,left,height,width"`` in px of the source."""
    every: int = 1
    """Use every n-th frame, for slow motion; the fps of the clips is lower by this factor."""
    fps: float | None = None
    """Bring videos of another frame rate to this one by time: each frame stands as long as it is
    shown. None means the median rate of the store, or of the videos where it is new. Folders of
    images are left as they are."""
    stride: int | None = None
    """Frames between the starts of two clips of one source, counted after ``every``; None means
    ``num_frames``, so that clips do not overlap."""
    holdout: int | float = 0
    """The last sources are held out: a fraction below 1, or a number of sources. All clips of a
    source are in one split, and a source keeps the split that it has in the store."""
    max_sources: int | None = None
    """Use only the first sources, this many; None means all."""
    max_clips: int | None = None
    """Cut at most this many clips, divided between training and holdout in proportion to their
    sources; None means no limit."""
    max_clips_per_source: int | None = None
    """Cut at most the first clips of each source, this many; None means no limit."""
    frame_folder_fps: float = 25.0
    """Frames per second of folders of images, which have no frame rate."""
    workers: int | None = None
    """Processes that decode; None means one for each core."""

    def __post_init__(self) -> None:
        parse_size(self.size)
        parse_crop(self.crop)
        limits = ("stride", "max_sources", "max_clips", "max_clips_per_source", "workers")
        for name in ("num_frames", "every", *limits):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UserError(f"expected {name} of at least 1, got {value}")
        if not (0 <= self.holdout < 1 or (self.holdout > 0 and float(self.holdout).is_integer())):
            raise UserError(
                f"expected holdout as a fraction below 1 or a number of sources, got {self.holdout}"
            )
        if self.fps is not None and not 0 < self.fps < float("inf"):
            raise UserError(f"expected fps above 0, got {self.fps}")
        if not 0 < self.frame_folder_fps < float("inf"):
            raise UserError(f"expected frame_folder_fps above 0, got {self.frame_folder_fps}")

    @property
    def height_width(self) -> tuple[int, int]:
        """Height and width of the clips in px."""
        return parse_size(self.size)

    @property
    def frames_apart(self) -> int:
        """Frames between the starts of two clips, counted after ``every``."""
        return self.stride or self.num_frames

    def num_held_out(self, num_sources: int) -> int:
        """How many sources are held out: at least one if ``holdout`` is not 0.

        Args:
            num_sources: Number of all sources.

        Raises:
            UserError: No source would be left for training.

        Example:
            >>> PrepareConfig(holdout=0.1).num_held_out(100)
            10
        """
        if not self.holdout:
            return 0
        wanted = self.holdout * num_sources if self.holdout < 1 else self.holdout
        num_held_out = max(1, round(wanted))
        if num_held_out >= num_sources:
            raise UserError(
                f"holdout is by source: expected more sources than the {num_held_out} to hold out, "
                f"got {num_sources}"
            )
        return num_held_out

    def clip_key(self, source: str) -> str:
        """Ten hexadecimal digits of the source and all settings that the pixels depend on."""
        crop = "centre" if self.crop == "center" else self.crop  # so that ids of version 0.1 stay
        rate = [] if self.fps is None else [self.fps]
        return _digest([source, self.num_frames, self.height_width, self.every, crop, *rate])

    def cut_key(self, source: str) -> str:
        """Like `clip_key`, and also of the settings that decide which clips are cut."""
        return _digest([self.clip_key(source), self.frames_apart, self.max_clips_per_source])


def _digest(content: list) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:10]

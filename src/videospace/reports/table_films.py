"""The videos of the table's page: what was seen of a clip, what became of it, and the truth."""

import base64
import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from videospace.clips.decoding.geometry import crop_and_resize
from videospace.clips.writing import write_video
from videospace.inrv.inversion.contexts import Context
from videospace.reports.comparison import hatched
from videospace.reports.film_strips import LargerVideo as Panel
from videospace.reports.film_strips import Video, enlarge, tile

SMALL_PX, LARGE_PX = 128, 256
"""A panel's longer side: shorter ones are enlarged to about the first, longer ones reduced to the
second."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Film:
    """A clip in one task: input, what each method made of it, and truth, in a row."""

    clip_id: str
    panels: list[str]
    """What each of them is, from the left."""
    address: str
    """A data address that holds the video."""
    height: int
    """In px."""
    width: int
    """In px."""


def input_panel(context: Context, truth: Video) -> Panel:
    """What was seen, its own pixels as squares, and the rest hatched."""
    size = _panel_size(truth)
    pairs = zip(context.video, context.observed, strict=True)
    return np.stack([hatched(frame, observed, size) for frame, observed in pairs])


def panel(video: Video) -> Panel:
    """A video at the size of a panel."""
    size, (height, width) = _panel_size(video), video.shape[1:3]
    if size[0] >= height:
        return enlarge(video, size[0] // height).copy()  # once as large, it may be a view
    return np.stack([crop_and_resize(frame, size, (0, 0, height, width)) for frame in video])


def _panel_size(video: Video) -> tuple[int, int]:
    height, width = video.shape[1:3]
    longer = max(height, width)
    if longer <= LARGE_PX:
        times = max(1, SMALL_PX // longer)
        return height * times, width * times
    return max(1, height * LARGE_PX // longer), max(1, width * LARGE_PX // longer)


def make_film(clip_id: str, panels: Sequence[tuple[str, Panel]], fps: float | int) -> Film:
    """Put named panels into one video, next to each other."""
    video = tile(np.stack([panel for _, panel in panels]), num_columns=len(panels))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        write_video(path, video[:, None], fps=fps, num_frames=len(video))
        content = base64.b64encode(path.read_bytes()).decode()
    return Film(
        clip_id=clip_id,
        panels=[name for name, _ in panels],
        address=f"data:video/mp4;base64,{content}",
        height=video.shape[1],
        width=video.shape[2],
    )

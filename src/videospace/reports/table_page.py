"""The table of tasks as a page: one file of HTML that holds its videos and needs no network."""

import base64
import dataclasses
import tempfile
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import numpy as np

from videospace.baselines.table_columns import Row, cell, is_best, shown_columns
from videospace.baselines.task_table import Completed
from videospace.clips.decoding.geometry import crop_and_resize
from videospace.clips.writing import write_video
from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.tasks import Task
from videospace.inrv.training.evaluation import evenly_spread
from videospace.reports.comparison import hatched
from videospace.reports.film_strips import LargerVideo as Panel
from videospace.reports.film_strips import Video, enlarge, tile
from videospace.reports.pages import write_page
from videospace.runtime.errors import UserError

OBSERVED: dict[Task, str] = {
    "invert": "Everything is observed; the question is how much of it a latent can represent.",
    "inpaint": "The upper half of every frame is observed.",
    "predict": "The beginning is observed: 4 frames of 25, or the same fraction.",
    "interpolate": "The first and the last frame are observed.",
    "sparse": "A random quarter of the pixels is observed.",
    "upscale": "The clip is observed at a quarter of its height and width.",
}
"""What each task shows of a clip."""

SMALL_PX, LARGE_PX = 128, 256
"""Longer side of a panel: smaller videos are enlarged to about the first, larger ones reduced to
the second."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PageVideo:
    """One clip in one task: the input, the result of each method, and the truth, in a row."""

    clip_id: str
    panels: list[str]
    """What the panels show, from the left."""
    address: str
    """A data URL with the video."""
    height: int
    """In px."""
    width: int
    """In px."""


class TablePage:
    """The page; it is written again after each task, and at the end.

    Args:
        path: The file to write; its name ends in .html.
        fps: Frames per second of the clips.
        num_clips: How many clips of each task to show, evenly spread over all of them.

    Raises:
        UserError: The name has another ending, or ``num_clips`` is below 1.
    """

    def __init__(self, path: Path, fps: float | int, num_clips: int = 4):
        if path.suffix.lower() not in (".html", ".htm"):
            raise UserError(f"expected a page whose name ends in .html, got '{path}'")
        if num_clips < 1:
            raise UserError(f"expected at least 1 clip on the page, got {num_clips}")
        self.path, self.fps, self.num_clips = path, fps, num_clips
        self.rows: list[Row] = []
        self.videos: dict[Task, list[PageVideo]] = {}
        self._panels: dict[str, list[tuple[str, Panel]]] = {}

    def add(self, row: Row, completed: Completed) -> None:
        """Add a row, and copies of the videos that the page shows."""
        if self.rows and self.rows[-1].task != row.task:
            self.write()
            self._panels.clear()
        for clip in evenly_spread(list(range(len(completed.ids))), self.num_clips):
            panels = self._panels.setdefault(completed.ids[clip], [])
            if not panels:
                truth = completed.truth[clip]
                panels.append(("input", _input_panel(completed.contexts[clip], truth)))
                panels.append(("truth", _panel(truth)))
            panels.insert(-1, (row.method, _panel(completed.videos[clip])))
        self.rows.append(row)

    def write(self) -> None:
        """Write the page as far as it is complete.

        Raises:
            UserError: The file cannot be written.
        """
        videos = [
            _page_video(clip_id, panels, self.fps) for clip_id, panels in self._panels.items()
        ]
        if videos:
            self.videos[self.rows[-1].task] = videos
        write_page(
            self.path,
            "table.html",
            program="videospace evaluate",
            num_clips=max((row.scores["psnr_db"].num_values for row in self.rows), default=0),
            groups=shown_columns(self.rows),
            rows_by_task={
                task: list(rows) for task, rows in groupby(self.rows, key=attrgetter("task"))
            },
            videos=self.videos,
            observed_of_task=OBSERVED,
            cell=cell,
            is_best=is_best,
        )


def _input_panel(context: Context, truth: Video) -> Panel:
    """The observed pixels as squares, and the rest hatched."""
    size = _panel_size(truth)
    pairs = zip(context.video, context.observed, strict=True)
    return np.stack([hatched(frame, observed, size) for frame, observed in pairs])


def _panel(video: Video) -> Panel:
    """A video at the size of a panel."""
    size, (height, width) = _panel_size(video), video.shape[1:3]
    if size[0] >= height:
        return enlarge(video, size[0] // height).copy()  # at its own size it may be a view
    return np.stack([crop_and_resize(frame, size, (0, 0, height, width)) for frame in video])


def _panel_size(video: Video) -> tuple[int, int]:
    height, width = video.shape[1:3]
    longer = max(height, width)
    if longer <= LARGE_PX:
        times = max(1, SMALL_PX // longer)
        return height * times, width * times
    return max(1, height * LARGE_PX // longer), max(1, width * LARGE_PX // longer)


def _page_video(clip_id: str, panels: Sequence[tuple[str, Panel]], fps: float | int) -> PageVideo:
    """Put named panels into one video, next to each other."""
    video = tile(np.stack([panel for _, panel in panels]), num_columns=len(panels))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video.mp4"
        write_video(path, video[:, None], fps=fps, num_frames=len(video))
        content = base64.b64encode(path.read_bytes()).decode()
    return PageVideo(
        clip_id=clip_id,
        panels=[name for name, _ in panels],
        address=f"data:video/mp4;base64,{content}",
        height=video.shape[1],
        width=video.shape[2],
    )

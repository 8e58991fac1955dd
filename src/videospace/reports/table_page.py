"""The table of tasks as a page: one file of HTML that holds its videos and asks no network."""

import html
import importlib.resources
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from string import Template

from videospace.baselines.table import Completed
from videospace.baselines.table_rows import Column, Row, cell, is_best, shown_columns
from videospace.inrv.inversion.tasks import Task
from videospace.inrv.training.evaluation import evenly_spread
from videospace.reports.demo.page import page_top
from videospace.reports.table_films import Film, Panel, input_panel, make_film, panel
from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write

SEEN: dict[Task, str] = {
    "invert": "Everything is seen; the question is how much of it a point of the space can hold.",
    "inpaint": "The upper half of every frame is seen.",
    "predict": "The beginning is seen: 4 frames of 25, or as large a share.",
    "interpolate": "The first and the last frame are seen.",
    "sparse": "A random quarter of the pixels is seen.",
    "upscale": "The clip is seen at a quarter of its height and width.",
}


class TablePage:
    """The page, which grows with each row and is written after each task, and at the end.

    Args:
        path: To write, ending in .html.
        fps: Of the clips.
        num_clips: Clips to show of each task, evenly spread over those that are completed.

    Raises:
        UserError: The name has another ending, or there is no clip to show.
    """

    def __init__(self, path: Path, fps: float | int, num_clips: int = 4):
        if path.suffix.lower() not in (".html", ".htm"):
            raise UserError(f"expected a page whose name ends in .html, got '{path}'")
        if num_clips < 1:
            raise UserError(f"expected at least 1 clip on the page, got {num_clips}")
        self.path, self.fps, self.num_clips = path, fps, num_clips
        self.rows: list[Row] = []
        self.films: dict[Task, list[Film]] = {}
        self._shown: dict[str, list[tuple[str, Panel]]] = {}

    def add(self, row: Row, completed: Completed) -> None:
        """Take a row, and copies of those of its videos that are shown."""
        if self.rows and self.rows[-1].task != row.task:
            self.write()
            self._shown.clear()
        shown = evenly_spread(list(range(len(completed.ids))), self.num_clips)
        for clip in shown:
            panels = self._shown.setdefault(completed.ids[clip], [])
            if not panels:
                truth = completed.truth[clip]
                panels.append(("input", input_panel(completed.contexts[clip], truth)))
                panels.append(("truth", panel(truth)))
            panels.insert(-1, (row.method, panel(completed.videos[clip])))
        self.rows.append(row)

    def write(self) -> None:
        """Write what there is so far; the file is whole at any time.

        Raises:
            UserError: It cannot be written.
        """
        films = [make_film(clip_id, panels, self.fps) for clip_id, panels in self._shown.items()]
        if films:
            self.films[self.rows[-1].task] = films
        content = page_html(self.rows, self.films)
        with atomic_write(self.path) as temporary:
            temporary.write_text(content, encoding="utf-8")


def page_html(rows: Sequence[Row], films: dict[Task, list[Film]]) -> str:
    """The whole page.

    Args:
        rows: Those of a task next to each other.
        films: Of each task.
    """
    groups = shown_columns(rows)
    num_clips = max((row.scores["psnr_db"].num_values for row in rows), default=0)
    css = _part("table.css")
    return Template(_part("table.html")).substitute(
        top=page_top("Tasks on unseen clips", "videospace evaluate", css),
        js=_part("table.js"),
        num_clips=f"{num_clips} clip" + "s" * (num_clips != 1),
        heads=_heads(groups),
        bodies="\n".join(
            _body(task, list(some), groups) for task, some in groupby(rows, key=_task_of)
        ),
        tasks="\n".join(_section(task, some) for task, some in films.items()),
    )


def _part(name: str) -> str:
    return (
        importlib.resources.files("videospace.reports")
        .joinpath("templates", name)
        .read_text("utf-8")
    )


def _task_of(row: Row) -> Task:
    return row.task


def _heads(groups: dict[str, list[Column]]) -> str:
    names = "".join(f'<th scope="col" rowspan="2">{name}</th>' for name in ("task", "method"))
    above = "".join(
        f'<th scope="colgroup" colspan="{len(columns)}">{html.escape(group)}</th>'
        for group, columns in groups.items()
    )
    below = "".join(
        f'<th scope="col"{_first(column, columns)}>{html.escape(column.head)}</th>'
        for columns in groups.values()
        for column in columns
    )
    return f"<tr>{names}{above}</tr>\n<tr>{below}</tr>"


def _body(task: Task, rows: Sequence[Row], groups: dict[str, list[Column]]) -> str:
    lines = []
    for row in rows:
        name = f'<th scope="row">{html.escape(row.method)}</th>'
        if row is rows[0]:
            name = f'<th scope="rowgroup" rowspan="{len(rows)}">{task}</th>{name}'
        cells = "".join(
            f"<td{_first(column, columns)}>{_figure(row, column, rows)}</td>"
            for columns in groups.values()
            for column in columns
        )
        lines.append(f"<tr>{name}{cells}</tr>")
    return "<tbody>\n" + "\n".join(lines) + "\n</tbody>"


def _first(column: Column, columns: Sequence[Column]) -> str:
    return ' class="first"' if column is columns[0] else ""


def _figure(row: Row, column: Column, rows: Sequence[Row]) -> str:
    text = html.escape(cell(row, column))
    return f"<strong>{text}</strong>" if is_best(row, column, rows) else text


def _section(task: Task, films: Sequence[Film]) -> str:
    return (
        f'<section aria-labelledby="{task}" class="card">\n<h2 id="{task}">{task}</h2>\n'
        f"<p>{SEEN[task]}</p>\n"
        + "\n".join(_row_of_videos(film) for film in films)
        + "\n</section>"
    )


def _row_of_videos(film: Film) -> str:
    clip_id = html.escape(film.clip_id)
    panels = [html.escape(panel) for panel in film.panels]
    labels = "".join(f"<span>{panel}</span>" for panel in panels)
    return (
        f'<figure><div class="scroll" tabindex="0" role="group" aria-label="Videos of {clip_id}">'
        f'<div class="row" style="--panels: {len(panels)}">'
        f'<div class="labels" aria-hidden="true">{labels}</div>'
        f'<video src="{film.address}" width="{film.width}" height="{film.height}" '
        f'aria-label="{clip_id}, from the left: {", ".join(panels)}" '
        "muted loop autoplay playsinline preload=auto></video>"
        f"</div></div><figcaption>{clip_id}</figcaption></figure>"
    )

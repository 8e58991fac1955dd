"""Rows and columns of the table of tasks, and their text."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from videospace.inrv.inversion.tasks import Task
from videospace.metrics.intervals import MeanInterval

TEXT_WIDTH = 160
"""Most characters of a line."""


def _low(score: float) -> float:
    return score


def _high(score: float) -> float:
    return -score


def _near_one(score: float) -> float:
    return abs(score - 1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the table: a score and its format."""

    name: str
    """Name of the score in :attr:`Row.all_scores`."""
    group: str
    """Heading above a group of columns."""
    head: str
    """Heading of the column."""
    decimals: int
    badness: Callable[[float], float]
    """Maps a score to a number that is lower for better scores."""


def _regions(stem: str, unit: str, group: str, decimals: int) -> list[Column]:
    heads = {
        "": "all",
        "_moving": "moving",
        "_unobserved": "hidden",
        "_unobserved_moving": "hidden moving",
    }
    return [
        Column(
            name=f"{stem}{region}{unit}", group=group, head=head, decimals=decimals, badness=_high
        )
        for region, head in heads.items()
    ]


COLUMNS = [
    *_regions("psnr", "_db", "PSNR, dB", 2),
    *_regions("ssim", "", "SSIM", 3),
    Column(name="context_l1", group="Context-L1", head="all", decimals=2, badness=_low),
    Column(name="context_l1_moving", group="Context-L1", head="moving", decimals=2, badness=_low),
    Column(name="lpips", group="LPIPS", head="all", decimals=3, badness=_low),
    Column(name="tl_id", group="identity", head="TL-ID", decimals=3, badness=_near_one),
    Column(name="tg_id", group="identity", head="TG-ID", decimals=3, badness=_near_one),
    Column(name="gt_id", group="identity", head="GT-ID", decimals=3, badness=_high),
    Column(name="num_without_face", group="identity", head="no face", decimals=1, badness=_low),
    Column(name="seconds_per_clip", group="seconds", head="a clip", decimals=2, badness=_low),
]
"""All columns, in the order of the table."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """The scores of one method in one task."""

    task: Task
    method: str
    scores: dict[str, MeanInterval]
    """Scores by the names of :class:`videospace.metrics.task_fidelity.TaskFidelity`, and if they
    were requested, ``lpips`` and those of :class:`videospace.metrics.identity.Identity`."""
    seconds_per_clip: float
    """Time to complete a clip, without the preparation of the method."""

    @property
    def all_scores(self) -> dict[str, MeanInterval]:
        """The scores, and the time as a mean without an interval."""
        seconds = MeanInterval(
            mean=self.seconds_per_clip, half_width=None, num_values=1, num_left_out=0
        )
        return {**self.scores, "seconds_per_clip": seconds}

    def as_json(self) -> dict[str, Any]:
        """The row as JSON content, with the half widths of the 95 % intervals."""
        scores = {name: dataclasses.asdict(score) for name, score in self.scores.items()}
        seconds = round(self.seconds_per_clip, 4)
        return {"task": self.task, "method": self.method, "seconds_per_clip": seconds, **scores}


def cell(row: Row, column: Column) -> str:
    """Format a score with its 95 % interval; a dash if there is none."""
    score = row.all_scores.get(column.name)
    return "–" if score is None else score.text(column.decimals)


def is_best(row: Row, column: Column, rows: Sequence[Row]) -> bool:
    """Whether no row shows a better score; False if all rows show the same."""
    means = [
        other.all_scores[column.name].mean for other in rows if column.name in other.all_scores
    ]
    found = [mean for mean in means if mean is not None]
    own = row.all_scores[column.name].mean if column.name in row.all_scores else None
    if own is None or len({f"{mean:.{column.decimals}f}" for mean in found}) < 2:
        return False
    best = min(found, key=column.badness)
    return f"{own:.{column.decimals}f}" == f"{best:.{column.decimals}f}"


def shown_columns(rows: Sequence[Row]) -> dict[str, list[Column]]:
    """The columns for which some row has a score, by their groups."""
    groups: dict[str, list[Column]] = {}
    for column in COLUMNS:
        if any(column.name in row.all_scores for row in rows):
            groups.setdefault(column.group, []).append(column)
    return groups


def table_text(rows: Sequence[Row]) -> str:
    """Format rows as a text table, with 95 % intervals.

    Groups of columns beyond 160 characters continue in a table below.
    """
    names = _padded(
        ["", *_aligned([["task", "method"], *([row.task, row.method] for row in rows)])]
    )
    tables = [[names]]
    for group, columns in shown_columns(rows).items():
        cells = [[cell(row, column) for column in columns] for row in rows]
        added = _padded([group, *_aligned([[column.head for column in columns], *cells])])
        if sum(len(part[0]) for part in (*tables[-1], added)) + 3 * len(tables[-1]) > TEXT_WIDTH:
            tables.append([names])
        tables[-1].append(added)
    return "\n\n".join(
        "\n".join("   ".join(line).rstrip() for line in zip(*parts, strict=True))
        for parts in tables
    )


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True))
        for line in lines
    ]


def _padded(lines: Sequence[str]) -> list[str]:
    width = max(map(len, lines))
    return [line.ljust(width) for line in lines]

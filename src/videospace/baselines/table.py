"""The table of tasks: a space beside what people would use instead, on clips neither has seen."""

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from tqdm import tqdm

from videospace.baselines import BASELINES, learned_baselines
from videospace.clips.clip_store import ClipStore
from videospace.inrv.completion import complete_clips
from videospace.inrv.context import Context
from videospace.inrv.evaluation import check_clips, evenly_spread
from videospace.inrv.inversion import InversionConfig
from videospace.inrv.space import VideoSpace
from videospace.inrv.tasks import PUBLISHED_TASKS, Task
from videospace.metrics.context_error import TaskFidelity, task_fidelity
from videospace.metrics.intervals import MeanInterval, mean_interval
from videospace.runtime.errors import UserError

OURS = "inversion"
Videos = UInt8[np.ndarray, "clip time height width 3"]

COLUMNS = {
    "psnr_db": "PSNR",
    "psnr_moving_db": "moving",
    "psnr_unseen_db": "unseen",
    "psnr_unseen_moving_db": "both",
    "ssim": "SSIM",
    "context_l1": "Context-L1",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """What one method reaches in one task."""

    task: Task
    method: str
    scores: dict[str, MeanInterval]
    """By the names of :class:`videospace.metrics.context_error.TaskFidelity`."""
    seconds_per_clip: float
    """Time of completing a clip, without the preparation of the method."""

    def as_json(self) -> dict[str, Any]:
        """Plain numbers, with the half widths of the 95 % intervals."""
        scores = {name: dataclasses.asdict(score) for name, score in self.scores.items()}
        seconds = round(self.seconds_per_clip, 4)
        return {"task": self.task, "method": self.method, "seconds_per_clip": seconds, **scores}


def task_table(
    space: VideoSpace,
    store: ClipStore,
    *,
    tasks: Sequence[Task] = tuple(PUBLISHED_TASKS),
    with_baselines: bool = True,
    max_clips: int | None = None,
    config: InversionConfig | None = None,
    progress: bool = True,
) -> list[Row]:
    """Complete the clips that the space was not trained on, in every task, and measure.

    Args:
        space: It is left as it is.
        store: Clips of the space's size; those whose ids the space does not know are completed,
            those that it knows teach the baselines.
        tasks: With their published contexts.
        with_baselines: Measure the alternatives, too.
        max_clips: Complete only so many, evenly spread; None completes all.
        config: How to invert; one sample.
        progress: Show a progress bar in a terminal.

    Returns:
        A row for each task and method, ours first.

    Raises:
        UserError: No clip of the store is new to the space, or the clips are of another size.

    Source: thesis Table 3.6.
    """
    config = config or InversionConfig()
    if config.samples > 1:
        raise UserError(f"expected 1 sample to be measured, came {config.samples}")
    truth = _new_clips(space, store, max_clips)
    known = set(space.ids)
    taught = [row for row, record in enumerate(store.records) if record.id in known]
    learned = learned_baselines(store.frames(taught)) if with_baselines and taught else {}
    rows = []
    methods = {task: {**BASELINES[task], **learned} if with_baselines else {} for task in tasks}
    total = sum(1 + len(baselines) for baselines in methods.values())
    with tqdm(total=total, desc="measuring", unit="row", disable=None if progress else True) as bar:
        for task in tasks:
            contexts = [PUBLISHED_TASKS[task](clip) for clip in truth]
            size = (truth.shape[2], truth.shape[3])
            completing: dict[str, Callable[[], Videos]] = {
                OURS: lambda contexts=contexts: complete_clips(space, contexts, config)[0]
            }
            for name, baseline in methods[task].items():
                completing[name] = lambda baseline=baseline, contexts=contexts, size=size: np.stack(
                    [baseline(context, size) for context in contexts]
                )
            for name, complete in completing.items():
                started = time.perf_counter()
                videos = complete()
                seconds = (time.perf_counter() - started) / len(truth)
                scores = _scores(videos, truth, contexts)
                rows.append(Row(task=task, method=name, scores=scores, seconds_per_clip=seconds))
                bar.update()
    return rows


def table_text(rows: Sequence[Row]) -> str:
    """The rows as a table to read, with 95 % intervals."""
    heads = ["task", "method", *COLUMNS.values(), "s a clip"]
    lines = [heads]
    for row in rows:
        decimals = {"ssim": 3}
        cells = [row.scores[name].text(decimals.get(name, 2)) for name in COLUMNS]
        lines.append([row.task, row.method, *cells, f"{row.seconds_per_clip:.2f}"])
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _new_clips(space: VideoSpace, store: ClipStore, max_clips: int | None) -> Videos:
    check_clips(space, store, max_clips)
    known = set(space.ids)
    rows = [row for row, record in enumerate(store.records) if record.id not in known]
    if not rows:
        raise UserError(
            f"the space was trained on every clip of '{store.folder}', so that none can test it: "
            "prepare the clips with --holdout, or give another store"
        )
    return store.frames(evenly_spread(rows, max_clips))


def _scores(videos: Videos, truth: Videos, contexts: list[Context]) -> dict[str, MeanInterval]:
    known = np.stack([context.video for context in contexts])
    observed = np.stack([context.observed for context in contexts])
    arrays = (torch.from_numpy(array) for array in (videos, truth, known, observed))
    found: TaskFidelity = task_fidelity(*arrays)
    return {name: mean_interval(values) for name, values in found.per_clip().items()}

"""The table of tasks: a space and the baselines on held-out clips."""

import dataclasses
import hashlib
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float, UInt8
from tqdm import tqdm

from videospace.baselines.methods import BASELINES, learned_baselines
from videospace.baselines.pixels import Baseline
from videospace.baselines.table_columns import Row, table_text
from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.completion.back_projection import back_project
from videospace.inrv.completion.completion import complete_clips
from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.encoder_guess import can_guess
from videospace.inrv.inversion.inversion import InversionConfig
from videospace.inrv.inversion.tasks import PUBLISHED_TASKS, Task
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.evaluation import check_clips, evenly_spread
from videospace.metrics.face_embedders import FaceEmbedder
from videospace.metrics.identity import identity
from videospace.metrics.intervals import MeanInterval, mean_interval
from videospace.metrics.perceptual import Lpips
from videospace.metrics.task_fidelity import task_fidelity
from videospace.runtime.errors import UserError

__all__ = [
    "OURS",
    "OURS_BACK_PROJECTED",
    "OURS_ENCODER",
    "Completed",
    "Row",
    "table_text",
    "task_table",
]

OURS = "inversion"
OURS_BACK_PROJECTED = "inversion, back-projected"
OURS_ENCODER = "encoder"
COMPONENTS = (128, 256)
"""Numbers of principal components, each of which gives a baseline."""
Videos = UInt8[np.ndarray, "clip time height width 3"]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Completed:
    """The videos that a row was measured on; they are not kept after ``on_row``."""

    ids: list[str]
    """Ids of the clips."""
    contexts: list[Context]
    """The observed pixels of each clip."""
    videos: Videos
    """The completed clips."""
    truth: Videos
    """The true clips."""


def task_table(
    space: VideoSpace,
    store: ClipStore,
    *,
    tasks: Sequence[Task] = tuple(PUBLISHED_TASKS),
    with_baselines: bool = True,
    training_store: ClipStore | None = None,
    max_clips: int | None = None,
    config: InversionConfig | None = None,
    lpips: Lpips | None = None,
    faces: FaceEmbedder | None = None,
    on_row: Callable[[Row, Completed], object] | None = None,
    progress: bool = True,
) -> list[Row]:
    """Complete held-out clips in every task, with a space and with baselines, and measure them.

    Args:
        space: The space; it is not changed.
        store: Clips of the space's size. Those that the space was not trained on are completed.
        tasks: The tasks, with their published contexts.
        with_baselines: Also measure the baselines.
        training_store: Where the clips are that the space was trained on, from which baselines
            learn; None takes ``store``.
        max_clips: Most clips to complete, evenly spread; None completes all.
        config: Options of the inversion, with one sample; None takes the defaults.
        lpips: Also measure LPIPS; needs clips of at least 31x31 px.
        faces: Also measure TL-ID, TG-ID and GT-ID with this embedder.
        on_row: Called with each row and its videos as soon as it is measured. An exception ends the
            measurement.
        progress: Show a progress bar in a terminal.

    Returns:
        A row for each task and method, those of the space first.

    Raises:
        UserError: The store has no held-out clip, or the clips have another size or are too small
            for LPIPS.

    Source: thesis Table 3.6.
    """
    config = config or InversionConfig()
    if config.samples > 1:
        raise UserError(f"expected 1 sample, got {config.samples}: the table measures one")
    clips = _held_out_rows(space, store, max_clips)
    ids, truth = [store.records[row].id for row in clips], store.frames(clips)
    if lpips is not None:  # raises the error of small frames before the work begins
        _perceptual(truth[:1], truth[:1], lpips)
    if faces is not None:
        faces = _with_cached_truth(truth, faces)
    trained = set(space.ids)
    learn_from = training_store or store
    train_rows = [row for row, record in enumerate(learn_from.records) if record.id in trained]
    learned: dict[str, Baseline] = {}
    if with_baselines and train_rows:
        # With fewer clips than components, more components give the same baseline.
        widths = COMPONENTS if len(train_rows) > COMPONENTS[0] else COMPONENTS[:1]
        learned = learned_baselines(learn_from.frames(train_rows), widths)
    contexts = {task: [PUBLISHED_TASKS[task](clip) for clip in truth] for task in tasks}
    methods = {task: _methods_of_space(space, task, contexts[task], config) for task in tasks}
    for task in tasks if with_baselines else ():
        methods[task] |= _methods_of_baselines(
            space, contexts[task], BASELINES.get(task, {}) | learned
        )
    total = sum(map(len, methods.values()))
    rows = []
    with tqdm(total=total, desc="measuring", unit="row", disable=None if progress else True) as bar:
        for task in tasks:
            for method, complete in methods[task].items():
                started = time.perf_counter()
                videos = complete()
                seconds = (time.perf_counter() - started) / len(truth)
                if method == OURS_BACK_PROJECTED:  # it continues from the previous row
                    seconds += rows[-1].seconds_per_clip
                completed = Completed(ids=ids, contexts=contexts[task], videos=videos, truth=truth)
                scores = _scores(completed, lpips, faces)
                row = Row(task=task, method=method, scores=scores, seconds_per_clip=seconds)
                rows.append(row)
                if on_row is not None:
                    on_row(row, completed)
                bar.update()
    return rows


def _held_out_rows(space: VideoSpace, store: ClipStore, max_clips: int | None) -> list[int]:
    """Rows of the clips that the space was not trained on."""
    check_clips(space, store, max_clips)
    trained = set(space.ids)
    rows = [row for row, record in enumerate(store.records) if record.id not in trained]
    if not rows:
        raise UserError(
            f"expected held-out clips, but the space was trained on every clip of "
            f"'{store.folder}': prepare the clips with --holdout, or use another store"
        )
    return evenly_spread(rows, max_clips)


def _methods_of_space(
    space: VideoSpace, task: Task, contexts: Sequence[Context], config: InversionConfig
) -> dict[str, Callable[[], Videos]]:
    """The methods of the space by name; each completes all contexts."""
    renders: list[Videos] = []

    def inverted() -> Videos:
        renders.append(complete_clips(space, contexts, config)[0])
        return renders[0]

    def back_projected() -> Videos:
        pairs = zip(renders.pop(), contexts, strict=True)
        return np.stack([back_project(*pair) for pair in pairs])

    def guessed() -> Videos:
        return complete_clips(space, contexts, InversionConfig(max_steps=0, seed=config.seed))[0]

    methods = {OURS: inverted}
    if task != "invert":  # if all pixels are observed, back-projection copies the clip
        methods[OURS_BACK_PROJECTED] = back_projected
    encoder = space.encoder
    if encoder is not None and all(can_guess(encoder, context) for context in contexts):
        methods[OURS_ENCODER] = guessed
    return methods


def _methods_of_baselines(
    space: VideoSpace, contexts: Sequence[Context], baselines: dict[str, Baseline]
) -> dict[str, Callable[[], Videos]]:
    """The baselines by name; each completes all contexts."""
    size = (space.clip.height, space.clip.width)

    def completing(baseline: Baseline) -> Callable[[], Videos]:
        return lambda: np.stack([baseline(context, size) for context in contexts])

    return {name: completing(baseline) for name, baseline in baselines.items()}


def _scores(
    completed: Completed, lpips: Lpips | None, faces: FaceEmbedder | None
) -> dict[str, MeanInterval]:
    videos, truth = completed.videos, completed.truth
    input_videos = np.stack([context.video for context in completed.contexts])
    observed = np.stack([context.observed for context in completed.contexts])
    arrays = [torch.from_numpy(array) for array in (videos, truth, input_videos, observed)]
    scores = task_fidelity(*arrays).per_clip()
    if lpips is not None:
        scores["lpips"] = _perceptual(videos, truth, lpips)
    if faces is not None:
        found = identity(arrays[0], arrays[1], faces)
        for name in ("tl_id", "tg_id", "gt_id", "num_without_face"):
            scores[name] = getattr(found, name).float()
    return {name: mean_interval(values) for name, values in scores.items()}


def _perceptual(videos: Videos, truth: Videos, lpips: Lpips) -> Float[torch.Tensor, " clip"]:
    device = next(lpips.parameters()).device
    return lpips(torch.from_numpy(videos).to(device), torch.from_numpy(truth).to(device))


def _with_cached_truth(truth: Videos, faces: FaceEmbedder) -> FaceEmbedder:
    """Wrap an embedder so that it embeds the true clips once and not for every row."""

    def digest(frames: UInt8[np.ndarray, "time height width 3"]) -> bytes:
        return hashlib.sha256(frames.tobytes()).digest()

    cached = {digest(clip): faces(clip) for clip in truth}

    def embed(
        frames: UInt8[np.ndarray, "time height width 3"], /
    ) -> Float[np.ndarray, "time embedding"]:
        embeddings = cached.get(digest(frames))
        return faces(frames) if embeddings is None else embeddings

    return embed

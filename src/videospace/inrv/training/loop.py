"""Training a space: one loop."""

import contextlib
import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

from torch import Tensor

from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.training.config import TrainingConfig, with_keyframes_at_most
from videospace.inrv.training.curriculum import next_stage_index, stage_at
from videospace.inrv.training.data import TrainingClips, clip_batch
from videospace.inrv.training.objective import psnr_from_squared_error
from videospace.inrv.training.read_ahead import WaitingNotice
from videospace.inrv.training.state import (
    Progress,
    TrainingState,
    curriculum_order,
    is_saved,
    save_training,
    semantic_features,
    snapshot,
    start_or_resume,
)
from videospace.inrv.training.step import training_step
from videospace.runtime.errors import UserError
from videospace.runtime.files import folder_lock
from videospace.runtime.interrupts import StopRequest, stop_on_signal
from videospace.runtime.log import RunLog
from videospace.runtime.memory import out_of_memory_hint
from videospace.runtime.native_libraries import keep_freed_memory
from videospace.runtime.processes import init_process_group, local_device

__all__ = ["TrainingOptions", "TrainingReport", "snapshot", "train"]

LESS_MEMORY = "--batch.num-clips or --batch.points-per-clip"


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """How a run is carried out; nothing here changes what a step computes."""

    time_budget_seconds: float | None = None
    """Stop in good order after so much time of training, over all sittings of the run. A cosine
    schedule then ends with the budget, so the result depends on the speed of the machine."""
    checkpoint_seconds: float = 120.0
    """Time between two saves of the state; it is saved at the end too."""
    log_every: int = 20
    """Steps between two lines of metrics.jsonl."""
    tensorboard: bool = False
    """Also write TensorBoard files (extra ``log``)."""
    device: str = "auto"
    """``auto``, ``cpu`` or ``cuda``."""
    progress: bool | None = None
    """Show a progress bar; None shows it in a terminal."""

    def __post_init__(self) -> None:
        if self.time_budget_seconds is not None and not self.time_budget_seconds > 0:
            raise UserError(f"expected time_budget_seconds above 0, got {self.time_budget_seconds}")
        if self.log_every < 1:
            raise UserError(f"expected log_every of at least 1, got {self.log_every}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingReport:
    """How a run ended."""

    finished: bool
    """False when it was interrupted; the same call goes on."""
    step: int
    """Steps taken."""
    points: int
    """Points seen."""
    seconds: float
    """Time of training, over all sittings."""
    psnr_db: float
    """Of the training points, smoothed over steps."""


def train(
    store: ClipStore | Path | str,
    out: Path | str,
    config: TrainingConfig | None = None,
    options: TrainingOptions | None = None,
    on_step: Callable[[TrainingState], None] | None = None,
) -> TrainingReport:
    """Train a space on the training clips of a store, or continue a run that was stopped.

    Under torchrun all processes call it and train one space; the first one writes it.

    The run is a function of the store and the configuration: on a CPU a run that was killed and
    continued ends bit for bit where an uninterrupted one does (unless a time budget is given).

    Args:
        store: The clips.
        out: Folder of the space. It can be opened with ``VideoSpace.from_pretrained`` from the
            first save on.
        config: What to train; defaults to the ``fast`` preset's model.
        options: How to carry it out.
        on_step: Called after every step, for benchmarks.

    Raises:
        UserError: The store is empty, the folder is in use, cannot be written to, or holds another
            run; memory does not suffice; another process of the run has ended; or the loss is not
            finite, in which case the clips are named.
    """
    store = store if isinstance(store, ClipStore) else ClipStore.open(store)
    config, options, out = config or TrainingConfig(), options or TrainingOptions(), Path(out)
    config = with_keyframes_at_most(config, store.num_frames)
    rows = store.rows("train")
    if not rows:
        raise UserError(f"expected clips to train on, but '{store.folder}' has none")
    keep_freed_memory()
    device = local_device(options.device)
    with contextlib.ExitStack() as stack:
        stop = stack.enter_context(stop_on_signal())
        group = stack.enter_context(init_process_group(device))
        stack.enter_context(out_of_memory_hint(LESS_MEMORY))
        if group.is_rank0:
            stack.enter_context(folder_lock(out))
        state, resumed = start_or_resume(store, rows, out, config, device, group)
        clips = TrainingClips(store, rows, device, group)
        shown = options.progress is not False
        features = semantic_features(store, rows, config, device, progress=shown, group=group)
        log = None
        if group.is_rank0:
            log = stack.enter_context(
                RunLog(
                    out,
                    total_points=int(config.total_points),
                    resume_step=state.progress.step if resumed else None,
                    tensorboard=options.tensorboard,
                    progress=options.progress,
                )
            )
        _loop(state, clips, features, out, options, log, stop, on_step)
    progress = state.progress
    return TrainingReport(
        finished=_fraction(progress, config, options) >= 1,
        step=progress.step,
        points=progress.points,
        seconds=progress.seconds,
        psnr_db=psnr_from_squared_error(progress.squared_error),
    )


def _loop(
    state: TrainingState,
    clips: TrainingClips,
    features: Tensor | None,
    out: Path,
    options: TrainingOptions,
    log: RunLog | None,
    stop: StopRequest,
    on_step: Callable[[TrainingState], None] | None,
) -> None:
    """Step until the run is over, and save. The first process has the clock and the log."""
    config, progress, group = state.config, state.progress, state.group
    num_shards = config.batch.num_shards
    tables = state.model.axis_tables(clips.size, state.codes.device)
    order = curriculum_order(config, state.num_clips)
    sitting_start, seconds_before = time.monotonic(), progress.seconds
    steps_before = progress.step
    last_save = time.monotonic()
    notice = WaitingNotice(clips.reads)
    state.model.train()
    while (fraction := _fraction(progress, config, options)) < 1:
        if any(group.all_reduce_scalars(stop.requested)):
            break
        stage = stage_at(len(order), progress.stage) if config.curriculum else None
        num_clips = stage.num_clips if stage else len(order)
        batch, following = (
            order[clip_batch(config.seed, num_clips, config.batch.num_clips, index, num_shards)]
            for index in (progress.stage_step, progress.stage_step + 1)
        )
        clips.expect(batch, following)
        training_step(state, clips, batch, features, tables, fraction)

        if stage:
            error = progress.squared_error
            index = next_stage_index(len(order), stage.index, error, config.curriculum_threshold)
            if index != stage.index:  # new clips, of which the old error says nothing
                progress.stage, progress.stage_step, progress.squared_error = index, 0, 4.0
        now = time.monotonic()
        is_due = now - last_save > options.checkpoint_seconds
        progress.seconds, save_due = group.broadcast_scalars(
            seconds_before + now - sitting_start, is_due
        )
        if log and progress.step % options.log_every == 0:
            log.record(
                step=progress.step,
                points=progress.points,
                seconds=round(progress.seconds, 3),
                fraction=fraction,
                psnr_db=psnr_from_squared_error(progress.squared_error),
                num_clips=float(num_clips),
            )
        if (said := notice.after_step()) and log:
            log.say(said)
        if on_step:
            on_step(state)
        if save_due:
            save_training(state, clips, features, out)
            last_save = time.monotonic()
    if progress.step > steps_before or not is_saved(state, clips, features, out):
        save_training(state, clips, features, out)


def _fraction(progress: Progress, config: TrainingConfig, options: TrainingOptions) -> float:
    """How much of the run is done, by points or by time, whichever is further."""
    by_points = progress.points / config.total_points
    budget = options.time_budget_seconds
    return max(by_points, progress.seconds / budget if budget else 0.0)

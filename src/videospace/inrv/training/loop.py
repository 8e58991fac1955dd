"""Training a space: the training loop."""

import contextlib
import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.training.config import TrainingConfig, with_keyframes_at_most
from videospace.inrv.training.curriculum import curriculum_order, next_stage_index, stage_at
from videospace.inrv.training.data import TrainingClips, clip_batch, semantic_features
from videospace.inrv.training.objective import psnr_from_squared_error
from videospace.inrv.training.read_ahead import WaitingNotice
from videospace.inrv.training.state import (
    Progress,
    TrainingState,
    is_saved,
    save_training,
    snapshot,
    start_or_resume,
)
from videospace.inrv.training.step import training_step
from videospace.runtime.errors import UserError
from videospace.runtime.files import folder_lock
from videospace.runtime.interrupts import stop_on_signal
from videospace.runtime.log import RunLog
from videospace.runtime.memory import out_of_memory_hint
from videospace.runtime.native_libraries import keep_freed_memory
from videospace.runtime.processes import init_process_group, local_device

__all__ = ["TrainingOptions", "TrainingReport", "snapshot", "train"]

LESS_MEMORY = "--batch.num-clips or --batch.points-per-clip"


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """How a run is executed; no option changes what a step computes."""

    time_budget_seconds: float | None = None
    """Finish the run after so much training time, summed over interruptions. A cosine schedule ends
    with the budget, so that the result depends on the speed of the machine."""
    checkpoint_seconds: float = 120.0
    """Time between two checkpoints; the end of the run is saved in any case."""
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
    """The result of a run."""

    finished: bool
    """False if the run was interrupted; the same call resumes it."""
    step: int
    """Number of steps."""
    points: int
    """Number of training points, all steps together."""
    seconds: float
    """Training time, summed over interruptions."""
    psnr_db: float
    """PSNR on the training points, smoothed over steps."""


def train(
    store: ClipStore | Path | str,
    out: Path | str,
    config: TrainingConfig | None = None,
    options: TrainingOptions | None = None,
    on_step: Callable[[TrainingState], None] | None = None,
) -> TrainingReport:
    """Train a space on the training clips of a store, or resume an interrupted training.

    The result is a function of the store and the configuration: on a CPU, a run that was
    interrupted and resumed ends bit for bit like an uninterrupted one, unless it has a time budget.
    Under torchrun, all processes call this function and train one space, which rank 0 writes.

    Args:
        store: The clips.
        out: Folder of the space. ``VideoSpace.from_pretrained`` opens it from the first checkpoint
            on.
        config: Model and training settings; None takes the defaults.
        options: How the run is executed; None takes the defaults.
        on_step: Called after every step, for benchmarks.

    Returns:
        Whether the run is finished, and its length and error.

    Raises:
        UserError: The store has no training clips; the folder is in use, cannot be written to, or
            holds a different run; the memory does not suffice; another process of the run has
            ended; or the loss is not finite, in which case the message names the clips.
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
        progress = state.progress
        clips = TrainingClips(store, rows, device, group)
        shown = options.progress is not False
        features = semantic_features(store, rows, config, device, progress=shown, group=group)
        log = None
        if group.is_rank0:
            log = stack.enter_context(
                RunLog(
                    out,
                    total_points=int(config.total_points),
                    resume_step=progress.step if resumed else None,
                    tensorboard=options.tensorboard,
                    progress=options.progress,
                )
            )
        tables = state.model.axis_tables(clips.size, device)
        order = curriculum_order(config.seed, state.num_clips, config.curriculum)
        started = last_save = time.monotonic()
        steps_before, seconds_before = progress.step, progress.seconds
        batch_clips, num_shards = config.batch.num_clips, config.batch.num_shards
        notice = WaitingNotice(clips.reads)
        state.model.train()

        while (fraction := _finished_fraction(progress, config, options)) < 1:
            if any(group.all_reduce_scalars(stop.requested)):
                break
            stage = stage_at(len(order), progress.stage) if config.curriculum else None
            num_clips = stage.num_clips if stage else len(order)
            batch, next_batch = (
                order[clip_batch(config.seed, num_clips, batch_clips, index, num_shards)]
                for index in (progress.stage_step, progress.stage_step + 1)
            )
            clips.expect(batch, next_batch)
            training_step(state, clips, batch, features, tables, fraction)
            if stage:
                index = next_stage_index(
                    len(order), stage.index, progress.squared_error, config.curriculum_threshold
                )
                if index != stage.index:  # the error of the old clips says nothing about new ones
                    progress.stage, progress.stage_step, progress.squared_error = index, 0, 4.0

            now = time.monotonic()  # rank 0 decides when to save
            progress.seconds, is_save_due = group.broadcast_scalars(
                seconds_before + now - started, now - last_save > options.checkpoint_seconds
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
            if (text := notice.after_step()) and log:
                log.say(text)
            if on_step:
                on_step(state)
            if is_save_due:
                save_training(state, clips, features, out)
                last_save = time.monotonic()

        if progress.step > steps_before or not is_saved(state, clips, features, out):
            save_training(state, clips, features, out)
    return TrainingReport(
        finished=_finished_fraction(progress, config, options) >= 1,
        step=progress.step,
        points=progress.points,
        seconds=progress.seconds,
        psnr_db=psnr_from_squared_error(progress.squared_error),
    )


def _finished_fraction(
    progress: Progress, config: TrainingConfig, options: TrainingOptions
) -> float:
    """Fraction of the run that is done, by points or by time, whichever is larger."""
    by_points = progress.points / config.total_points
    budget = options.time_budget_seconds
    return max(by_points, progress.seconds / budget if budget else 0.0)

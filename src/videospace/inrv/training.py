"""Training a space: one loop."""

import dataclasses
import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor

from videospace.clips.clip_store import ClipStore
from videospace.inrv.codes import initial_codes
from videospace.inrv.curriculum import next_stage_index, stage_at
from videospace.inrv.encoding import gather_points
from videospace.inrv.model import InrvModel
from videospace.inrv.objective import (
    gaussian_divergence,
    pointwise_error,
    psnr_from_squared_error,
    squared_error,
)
from videospace.inrv.optimisation import learning_rate_factor
from videospace.inrv.semantic import choose_frame_encoder, frame_features
from videospace.inrv.space import ClipShape, VideoSpace
from videospace.inrv.training_config import TrainingConfig
from videospace.inrv.training_data import TrainingClips, clip_batch, seeded
from videospace.inrv.training_state import STATE_FILE, Progress, TrainingState
from videospace.runtime.device import choose_device
from videospace.runtime.errors import UserError
from videospace.runtime.files import folder_held
from videospace.runtime.interrupts import StopRequest, stop_on_signal
from videospace.runtime.log import RunLog

SMOOTHING = 0.98
"""Share of the past in the running mean of the reconstruction error."""


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
            run; or the loss is not finite, in which case the clips are named.
    """
    store = store if isinstance(store, ClipStore) else ClipStore.open(store)
    config, options, out = config or TrainingConfig(), options or TrainingOptions(), Path(out)
    rows = store.rows("train")
    if not rows:
        raise UserError(f"expected clips to train on, but '{store.folder}' has none")
    with folder_held(out), stop_on_signal() as stop:
        device = choose_device(options.device)
        state, resumed = _start_or_resume(store, rows, out, config, device)
        clips = TrainingClips(store, rows, device)
        features = _semantic_features(store, rows, config, device)
        with RunLog(
            out,
            total_points=int(config.total_points),
            resume_step=state.progress.step if resumed else None,
            tensorboard=options.tensorboard,
            progress=options.progress,
        ) as log:
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
    log: RunLog,
    stop: StopRequest,
    on_step: Callable[[TrainingState], None] | None,
) -> None:
    """Step until the run is over, and save."""
    config, progress = state.config, state.progress
    tables = state.model.axis_tables(clips.size, state.codes.device)
    order = _curriculum_order(config, len(state.codes))
    sitting_start, seconds_before = time.monotonic(), progress.seconds
    last_save = time.monotonic()
    state.model.train()
    while (fraction := _fraction(progress, config, options)) < 1 and not stop.asked:
        stage = stage_at(len(order), progress.stage) if config.curriculum else None
        num_clips = stage.num_clips if stage else len(order)
        batch = clip_batch(config.seed, num_clips, config.batch.num_clips, progress.stage_step)
        chosen = order[batch].to(state.codes.device)
        _step(state, clips, chosen, features, tables, fraction)

        if stage:
            error = progress.squared_error
            index = next_stage_index(len(order), stage.index, error, config.curriculum_threshold)
            if index != stage.index:  # a new stage has new clips, of which the old error says nothing
                progress.stage, progress.stage_step, progress.squared_error = index, 0, 4.0
        progress.seconds = seconds_before + time.monotonic() - sitting_start
        if progress.step % options.log_every == 0:
            log.record(
                step=progress.step,
                points=progress.points,
                seconds=round(progress.seconds, 3),
                fraction=fraction,
                psnr_db=psnr_from_squared_error(progress.squared_error),
                num_clips=num_clips,
            )
        if on_step:
            on_step(state)
        if time.monotonic() - last_save > options.checkpoint_seconds:
            _save(state, clips, features, out)
            last_save = time.monotonic()
    _save(state, clips, features, out)


def _step(
    state: TrainingState,
    clips: TrainingClips,
    chosen: Int[Tensor, "clip"],
    features: Tensor | None,
    tables: tuple[Tensor, Tensor, Tensor],
    fraction: float,
) -> None:
    """One step of gradient descent on some clips."""
    config, progress, device = state.config, state.progress, state.codes.device
    generator = seeded(config.seed, 3, progress.step)
    torch.manual_seed(seeded(config.seed, 4, progress.step).initial_seed())  # dropout, if any

    codes = state.codes[chosen].requires_grad_()
    latents = state.model.latents(codes, None if features is None else features[chosen])
    layers = state.model.layers(latents)
    errors, squared, num_points = [], [], 0
    for points in _points(config, clips, chosen, generator):
        target = clips.colours(chosen, points)
        encoded = gather_points(tables, points[:1] if config.batch.points_per_clip is None else points)
        colours = state.model.colours(encoded, layers)
        errors.append(pointwise_error(colours, target, config.loss))
        squared.append(squared_error(colours, target))
        num_points += target.shape[0] * target.shape[1]
    clip_errors = torch.stack(errors).mean(dim=0)
    loss = clip_errors.mean()
    if config.gaussian_weight:
        regulariser = gaussian_divergence(state.latents, chosen, latents)
        loss = loss + config.gaussian_weight * regulariser
    _require_finite(loss, clip_errors, chosen, clips, progress.step)

    loss.backward()
    factor = learning_rate_factor(
        fraction,
        progress.step,
        warmup_steps=config.optimiser.warmup_steps,
        schedule=config.optimiser.schedule,
    )
    for group in state.adam.param_groups:
        group["lr"] = config.optimiser.learning_rate * factor
    state.adam.step()
    state.adam.zero_grad(set_to_none=True)
    assert codes.grad is not None
    state.code_adam.step(chosen, codes.grad, config.optimiser.code_learning_rate * factor)
    state.average.update(state.model, progress.step)
    state.latents[chosen] = latents.detach()

    progress.step += 1
    progress.stage_step += 1
    progress.points += num_points
    error = torch.stack(squared).mean().item()
    past = min(SMOOTHING, 1 - 1 / progress.stage_step)
    progress.squared_error = past * progress.squared_error + (1 - past) * error


def _points(
    config: TrainingConfig,
    clips: TrainingClips,
    chosen: Int[Tensor, "clip"],
    generator: torch.Generator,
) -> list[Int[Tensor, "clip point"]]:
    """The points of a step; the whole grid comes as one block too."""
    count = config.batch.points_per_clip
    device = chosen.device
    if count is None:
        return [torch.arange(clips.num_points, device=device).expand(len(chosen), -1)]
    num_important = round(count * config.batch.important_share)
    points = clips.uniform_points(len(chosen), count - num_important, generator).to(device)
    if num_important:
        important = clips.important_points(chosen, num_important, generator)
        points = torch.cat([points, important], dim=1)
    return [points]


def _require_finite(
    loss: Float[Tensor, ""],
    clip_errors: Float[Tensor, "clip"],
    chosen: Int[Tensor, "clip"],
    clips: TrainingClips,
    step: int,
) -> None:
    """Stop before the step is taken, and name the clips."""
    if math.isfinite(loss.item()):
        return
    bad = [c for c, e in zip(chosen.tolist(), clip_errors.tolist(), strict=True) if not math.isfinite(e)]
    ids = [clips.store.records[clips.rows[clip]].id for clip in bad or chosen.tolist()]
    more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
    raise UserError(
        f"the loss is not finite in step {step}, for {', '.join(ids[:5])}{more}: "
        "try a lower --optimiser.learning-rate; the last save is kept"
    )


def _fraction(progress: Progress, config: TrainingConfig, options: TrainingOptions) -> float:
    """How much of the run is done, by points or by time, whichever is further."""
    by_points = progress.points / config.total_points
    budget = options.time_budget_seconds
    return max(by_points, progress.seconds / budget if budget else 0.0)


def _curriculum_order(config: TrainingConfig, num_clips: int) -> Int[Tensor, "clip"]:
    """The order in which clips join: mixed, since neighbours in a store come from one file."""
    if not config.curriculum:
        return torch.arange(num_clips)
    return torch.randperm(num_clips, generator=seeded(config.seed, 5))


def _start_or_resume(
    store: ClipStore, rows: list[int], out: Path, config: TrainingConfig, device: torch.device
) -> tuple[TrainingState, bool]:
    resumed = (out / STATE_FILE).exists()
    width = config.model.latent.effective_code_width
    if resumed:
        codes = torch.zeros(len(rows), width)
    else:
        codes = initial_codes(config.codes, store.frames, rows, width, config.seed)
    state = TrainingState(config, codes, device)
    if resumed:
        state.load(out, _content(store, rows))
    return state, resumed


def _content(store: ClipStore, rows: list[int]) -> str:
    """What a run trains on: clips held out, or added to the store later, do not matter."""
    shape = f"{store.num_frames}x{store.height}x{store.width}"
    return f"{shape}:{','.join(store.records[row].id for row in rows)}"


def _semantic_features(
    store: ClipStore, rows: list[int], config: TrainingConfig, device: torch.device
) -> Float[Tensor, "clip time feature"] | None:
    if config.model.latent.semantic == "none":
        return None
    encoder = choose_frame_encoder(config.frame_encoder, store.frames, rows, device=str(device))
    features = frame_features(store, rows, encoder)
    missing = config.model.latent.video_clip.feature_width - features.shape[2]
    if missing < 0:
        raise UserError(
            f"the frame encoder gives {features.shape[2]} numbers: "
            f"set --model.latent.video-clip.feature-width {features.shape[2]}"
        )
    return torch.nn.functional.pad(features, (0, missing)).to(device)


@torch.no_grad()
def _save(
    state: TrainingState, clips: TrainingClips, features: Tensor | None, out: Path
) -> None:
    """Write the state to go on from, and the space to use: averaged weights, current codes."""
    store = clips.store
    state.save(out, _content(store, clips.rows))
    space = snapshot(state, clips, features)
    space.save_pretrained(out)


@torch.no_grad()
def snapshot(
    state: TrainingState, clips: TrainingClips, features: Tensor | None = None
) -> VideoSpace:
    """The space as it is now."""
    model = InrvModel(state.config.model).to(state.codes.device)
    averaged = state.config.optimiser.average_decay > 0
    model.load_state_dict(state.average.weights if averaged else state.model.state_dict())
    model.eval()
    blocks = zip(
        state.codes.split(1024),
        features.split(1024) if features is not None else [None] * len(state.codes),
        strict=False,
    )
    latents = torch.cat([model.latents(codes, block) for codes, block in blocks])
    store = clips.store
    shape = ClipShape(
        num_frames=store.num_frames, height=store.height, width=store.width, fps=store.fps
    )
    return VideoSpace(model, latents, [store.records[row].id for row in clips.rows], shape)

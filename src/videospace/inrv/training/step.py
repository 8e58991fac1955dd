"""One step of gradient descent."""

import math
from typing import NoReturn

import torch
from jaxtyping import Float, Int
from torch import Tensor

from videospace.inrv.model.positional_encoding import gather_points
from videospace.inrv.training.config import TrainingConfig
from videospace.inrv.training.data import TrainingClips
from videospace.inrv.training.objective import gaussian_divergence, pointwise_error, squared_error
from videospace.inrv.training.optimizers import learning_rate_factor, shorten_gradients
from videospace.inrv.training.state import TrainingState
from videospace.runtime.device import Precision
from videospace.runtime.errors import UserError
from videospace.runtime.process_group import ProcessGroup
from videospace.runtime.random import global_random_stream, random_stream

SMOOTHING = 0.98
"""Weight of the past in the running mean of the reconstruction error."""


def training_step(
    state: TrainingState,
    clips: TrainingClips,
    batch: Int[Tensor, " clip"],
    features: Tensor | None,
    tables: tuple[Tensor, Tensor, Tensor],
    fraction: float,
) -> None:
    """Take one step of gradient descent on a batch of clips.

    Args:
        state: Changed in place.
        clips: The pixels of the training clips.
        batch: Indices of the clips of the batch, on the CPU; each process computes its own.
        features: Frame features of this process's clips, for a semantic embedding.
        tables: The encoded axes of the clips' grid.
        fraction: Progress of the whole run in [0, 1], for the schedule.

    Raises:
        UserError: The loss is not finite; the state has not changed then.
    """
    config, progress, group = state.config, state.progress, state.group
    generator = random_stream(config.seed, "points", progress.step)

    # Random numbers are drawn for the whole batch, and so do not depend on the number of processes.
    batch_index = group.batch_index(batch)
    chosen = batch[batch_index].to(state.codes.device)
    rows = group.local_index(chosen)
    codes = state.codes[rows].requires_grad_()
    with global_random_stream(
        config.seed, "dropout", progress.step, group.rank, device=codes.device
    ):
        latents = state.model.latents(codes, None if features is None else features[rows])
    frames = times = None
    if config.model.latent.varies_in_time:  # an INR is valid at one time: one frame of each clip
        frames = torch.randint(clips.size[0], batch.shape, generator=generator)
        times = state.model.frame_times(clips.size[0], codes.device)[frames[batch_index]]
    with _autocast(progress.precision, codes.device):
        inrs = state.model.inrs(latents, times)
    points = _points(config, clips, batch, batch_index, frames, generator).to(codes.device)
    target = clips.colors(chosen, points)
    shared = (
        config.batch.points_per_clip is None and frames is None
    )  # the points of all clips are equal
    encoded = gather_points(tables, points[:1] if shared else points)
    with _autocast(progress.precision, codes.device):
        colors = state.model.colors(encoded, inrs).float()
    clip_errors = pointwise_error(colors, target, config.loss)
    loss = clip_errors.sum() / len(batch)
    if config.gaussian_weight:
        regularizer = gaussian_divergence(state.latents, rows, latents, group)
        loss = loss + config.gaussian_weight * regularizer
    local_fraction = len(chosen) / len(batch)
    local_error = local_fraction * squared_error(colors, target).item() if local_fraction else 0.0
    error, num_bad = group.all_reduce_scalars(local_error, not math.isfinite(loss.item()))
    if num_bad:
        _refuse_step(clip_errors, chosen, clips, group, progress.step)

    loss.backward()
    gradients = [p.grad for p in state.model.parameters() if p.grad is not None]
    group.all_reduce(*gradients)
    factor = learning_rate_factor(
        fraction,
        progress.step,
        warmup_steps=config.optimizer.warmup_steps,
        schedule=config.optimizer.schedule,
    )
    for optimizer in state.optimizers.values():
        for param_group in optimizer.param_groups:
            param_group["lr"] = config.optimizer.learning_rate * factor
    if (max_ratio := config.optimizer.max_gradient_ratio) is not None:
        progress.gradient_norm = shorten_gradients(gradients, progress.gradient_norm, max_ratio)
    for optimizer in state.optimizers.values():
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    assert codes.grad is not None
    state.code_adam.step(rows, codes.grad, state.code_rates * factor)
    state.average.update(state.model, progress.step)
    state.latents[rows] = latents.detach()

    progress.step += 1
    progress.stage_step += 1
    progress.points += len(batch) * points.shape[1]
    past = min(SMOOTHING, 1 - 1 / progress.stage_step)
    progress.squared_error = past * progress.squared_error + (1 - past) * error


def _autocast(precision: Precision, device: torch.device) -> torch.autocast:
    """Compute matrix products in a precision."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


def _points(
    config: TrainingConfig,
    clips: TrainingClips,
    batch: Int[Tensor, " clip"],
    batch_index: Int[Tensor, " local"] | slice,
    frames: Int[Tensor, " clip"] | None,
    generator: torch.Generator,
) -> Int[Tensor, "local point"]:
    """The points of a step, from whole clips or from one frame of each."""
    count = config.batch.points_per_clip
    if count is None:
        if frames is None:
            grid = torch.arange(clips.num_points, device=clips.device)
            return grid.expand(len(batch[batch_index]), -1)
        starts = frames[batch_index, None] * clips.points_per_frame
        return starts + torch.arange(clips.points_per_frame)
    num_important = round(count * config.batch.important_fraction)
    num_uniform = count - num_important
    points = clips.uniform_points(len(batch), num_uniform, generator, frames)[batch_index]
    if num_important:
        important = clips.important_points(
            batch, num_important, generator, frames, batch_index=batch_index
        )
        points = torch.cat([points, important], dim=1)
    return points


def _refuse_step(
    clip_errors: Float[Tensor, " clip"],
    chosen: Int[Tensor, " clip"],
    clips: TrainingClips,
    group: ProcessGroup,
    step: int,
) -> NoReturn:
    """Raise an error that names the clips whose loss is not finite."""
    bad = chosen[~clip_errors.isfinite()].tolist()
    ids = group.all_gather([clips.store.records[clips.rows[clip]].id for clip in bad])
    if not ids:
        raise UserError(
            f"the Gaussian regularizer is not finite in step {step}, since some number is equal in "
            "the latents of all clips: use more clips, --code-init.method gaussian or "
            "--gaussian-weight 0; the last save is kept"
        )
    more = f" and {len(ids) - 5} more" if len(ids) > 5 else ""
    raise UserError(
        f"the loss is not finite in step {step}, for {', '.join(ids[:5])}{more}: "
        "try a lower --optimizer.learning-rate; the last save is kept"
    )

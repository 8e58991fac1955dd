"""Optimization: schedule, gradient clipping, weight averaging, Adam for rows, and Muon."""

import math
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.optim import Adam, Muon, Optimizer

from videospace.inrv.model.inrv_model import InrvModel
from videospace.inrv.training.config import OptimizerConfig, TrainingConfig


def learning_rate_factor(
    fraction: float, step: int, *, warmup_steps: int, schedule: Literal["constant", "cosine"]
) -> float:
    """The factor of the learning rates at a step.

    Args:
        fraction: Progress of the whole run in [0, 1].
        step: Number of previous steps, for the linear warm-up.
        warmup_steps: Steps until the full rate; 0 for no warm-up.
        schedule: ``constant``, or ``cosine`` down to zero (Loshchilov & Hutter, 2017).

    Example:
        >>> learning_rate_factor(0.5, 100, warmup_steps=10, schedule="cosine")
        0.5
    """
    warmup = min(1.0, (step + 1) / warmup_steps) if warmup_steps else 1.0
    if schedule == "constant":
        return warmup
    return warmup * 0.5 * (1 + math.cos(math.pi * min(1.0, fraction)))


def shorten_gradients(gradients: list[Tensor], usual_norm: float | None, max_ratio: float) -> float:
    """Scale gradients down in place if their norm is much larger than usual.

    Adam's second moment adapts too slowly to a sudden large gradient, and one such step can reset a
    network of sines to a constant picture.

    Args:
        gradients: The gradients of all weights.
        usual_norm: Running mean of their joint Euclidean norm; None at the first step.
        max_ratio: Largest norm, as a multiple of the usual one.

    Returns:
        The running mean, including this step.
    """
    norm = torch.nn.utils.get_total_norm(gradients).item()
    if usual_norm is None:
        return norm
    longest = max_ratio * usual_norm
    if norm > longest:
        for gradient in gradients:
            gradient.mul_(longest / norm)
    return 0.98 * usual_norm + 0.02 * min(norm, longest)


class MovingAverage:
    """Exponential moving average of weights, which is updated every ``EVERY`` steps."""

    EVERY = 10

    def __init__(self, model: nn.Module, decay: float):
        self.decay = decay
        self.weights = {name: value.detach().clone() for name, value in model.state_dict().items()}

    def update(self, model: nn.Module, step: int) -> None:
        """Update the average; its time constant is shorter at first (Karras et al., 2024)."""
        if step % self.EVERY:
            return
        decay = min(self.decay**self.EVERY, (step + 1) / (step + 10 * self.EVERY))
        current = model.state_dict()
        averaged = list(self.weights.values())
        torch._foreach_lerp_(averaged, [current[name] for name in self.weights], 1 - decay)  # pyright: ignore[reportPrivateImportUsage]


class RowAdam:
    """Adam on the rows of a table that are in a batch, at a cost independent of the table's size.

    Each row counts its own steps for the bias correction, also when its clip joins late.

    Source: Kingma & Ba (2015), Algorithm 1, applied row by row.
    """

    def __init__(self, table: Float[Tensor, "row code"], betas: tuple[float, float] = (0.9, 0.999)):
        self.table = table
        self.betas = betas
        self.mean = torch.zeros_like(table)
        self.square = torch.zeros_like(table)
        self.steps = torch.zeros(len(table), dtype=torch.int64, device=table.device)

    @torch.no_grad()
    def step(
        self,
        rows: Int[Tensor, " batch"],
        gradient: Float[Tensor, "batch code"],
        rate: float | Float[Tensor, " code"],
    ) -> None:
        """Update some rows, which must be distinct, at one rate or one for each column."""
        beta_mean, beta_square = self.betas
        self.steps[rows] += 1
        steps = self.steps[rows, None]
        mean = self.mean[rows].lerp_(gradient, 1 - beta_mean)
        square = self.square[rows].lerp_(gradient.square(), 1 - beta_square)
        self.mean[rows], self.square[rows] = mean, square
        corrected = (square / (1 - beta_square**steps)).sqrt_().add_(1e-8)
        self.table[rows] -= rate * (mean / (1 - beta_mean**steps)) / corrected


def code_rates(config: TrainingConfig) -> Float[Tensor, " code"]:
    """The learning rate of each number of a code.

    Paths of tracks have their own, and content that all clips share stays as it is.
    """
    latent, optimizer = config.model.latent, config.optimizer
    rates = torch.full((latent.effective_code_width,), optimizer.code_learning_rate)
    if latent.shares_content:
        rates[0] = 0.0
    tracks = rates[len(rates) - latent.tracks_width :].unflatten(
        0, (latent.num_tracks, latent.track_width)
    )
    tracks[:, latent.look_width :] = optimizer.path_learning_rate
    return rates


def weight_optimizers(model: InrvModel, config: OptimizerConfig) -> dict[str, Optimizer]:
    """Create the optimizers of a model's weights, by the name of their kind.

    Muon takes the matrices of the hypernetwork's generators; base weights, biases and the latent
    map stay with Adam. Its steps have the root mean square of Adam's, so one learning rate
    serves both.

    Source: Jordan et al. (2024), Muon; Liu et al. (2025), section 2.2, for the size of its steps.
    """
    matrices: list[torch.nn.Parameter] = []
    if config.kind == "muon":
        named = model.hypernetwork.named_parameters()
        matrices = [p for name, p in named if p.ndim == 2 and not name.startswith("base_")]
    taken = set(matrices)
    adam = Adam(
        [parameter for parameter in model.parameters() if parameter not in taken],
        lr=config.learning_rate,
        betas=(0.9, config.second_moment_decay),
        fused=True,
    )
    if not matrices:
        return {"adam": adam}
    muon = Muon(matrices, lr=config.learning_rate, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
    return {"adam": adam, "muon": muon}

"""Per-clip Adam with early stopping."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor


def minimize_with_adam(
    parameters: list[Tensor],
    loss: Callable[[], Float[Tensor, " row"]],
    rate: float,
    max_steps: int,
    on_step: Callable[[], object] = lambda: None,
) -> int:
    """Minimize independent losses by Adam.

    Each row of the parameters affects one loss only, so the sum of the losses is minimized.

    Args:
        parameters: Changed in place.
        loss: Computes the loss of every row, on new random points in each call.
        rate: Full learning rate.
        max_steps: Most steps; descent ends earlier when the losses stop falling.
        on_step: Called after each step, for a progress bar.

    Returns:
        Number of steps taken.

    Example:
        >>> position = torch.tensor([4.0, -2.0], requires_grad=True)
        >>> steps = minimize_with_adam([position], lambda: position**2, rate=0.1, max_steps=200)
        >>> bool(position.abs().max() < 0.01)
        True
    """
    adam = torch.optim.Adam(parameters, lr=rate, betas=(0.9, 0.99), fused=True)
    schedule = StableThenDecay(max_steps)
    while not schedule.finished:
        total = loss().sum()
        adam.zero_grad(set_to_none=True)
        total.backward()
        for group in adam.param_groups:
            group["lr"] = rate * schedule.factor
        adam.step()
        schedule.report(total.item())
        on_step()
    return schedule.step


class StableThenDecay:
    """The full rate until the error stops falling, then a linear decay to zero.

    Source: Hu et al. (2024), section 4, the warmup–stable–decay schedule.
    Departs: there is no warm-up, and the decay begins early when the error stops falling.

    Example:
        >>> schedule = StableThenDecay(100)
        >>> schedule.report(1.0)
        >>> schedule.factor, schedule.finished
        (1.0, False)
    """

    WINDOW = 20
    LEAST_GAIN = 0.02
    DECAY_FRACTION = 0.4

    def __init__(self, max_steps: int):
        self.step = 0
        self.decay_steps = max(1, round(self.DECAY_FRACTION * max_steps))
        self.decay_start = max_steps - self.decay_steps
        self._window_sum = 0.0
        self._last_sum: float | None = None

    @property
    def factor(self) -> float:
        """Factor of the learning rate at this step, in (0, 1]."""
        return min(1.0, 1 - (self.step - self.decay_start) / self.decay_steps)

    @property
    def finished(self) -> bool:
        """Whether all steps are taken."""
        return self.step >= self.decay_start + self.decay_steps

    def report(self, error: float) -> None:
        """Count a step with its error."""
        self.step += 1
        self._window_sum += error
        if self.step % self.WINDOW or self.step >= self.decay_start:
            return
        if self._last_sum is not None and self._window_sum > (1 - self.LEAST_GAIN) * self._last_sum:
            self.decay_start = self.step
        self._last_sum, self._window_sum = self._window_sum, 0.0

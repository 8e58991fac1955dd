"""Training a flow on the latents of a space, which do not change."""

import copy
import dataclasses
import math
import time
from typing import Annotated

import torch
from jaxtyping import Float
from msgspec import Meta
from torch import Tensor, nn
from tqdm import tqdm

from videospace.inrv.model.latent_flow import FlowConfig, LatentFlow
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.optimizers import MovingAverage, learning_rate_factor
from videospace.runtime.errors import UserError
from videospace.runtime.random import global_random_stream, random_stream
from videospace.runtime.reading.bounds import BelowOne, NotNegative, Positive, Seed, check_bounds

__all__ = ["FEWEST_CLIPS", "FlowReport", "FlowTrainingConfig", "train_flow"]

FEWEST_CLIPS = 24
"""With fewer clips, a flow would learn them by heart."""

AtLeastOne = Annotated[int, Meta(ge=1, le=10**9)]
STEPS_BETWEEN_TESTS = 50
HELD_OUT_DRAWS = 8
"""Times and noises at which the velocity is compared for each held-out latent."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class FlowTrainingConfig:
    """How a flow is trained."""

    budget_seconds: Positive = 240.0
    """The most training time; it ends earlier when held-out latents are predicted no better."""
    patience: AtLeastOne = 20
    """Tests without a better one before the end; a test comes every 50 steps."""
    latents_per_step: AtLeastOne = 64
    """Latents of a step."""
    learning_rate: NotNegative = 1e-3
    """Largest learning rate of AdamW."""
    noise: NotNegative = 0.05
    """Standard deviation of noise that is added to latents, in units of theirs, so that few clips
    are not learned by heart."""
    average_decay: BelowOne = 0.995
    """Decay of the moving average of the weights that is kept."""
    heldout_fraction: Annotated[float, Meta(gt=0, lt=1)] = 0.1
    """Fraction of the latents that are not learned from, and tell when to stop."""
    seed: Seed = 0
    """Seed of the initial weights, the held-out latents, the batches and the noise."""
    flow: FlowConfig = FlowConfig()
    """The network."""

    __post_init__ = check_bounds


@dataclasses.dataclass(frozen=True, kw_only=True)
class FlowReport:
    """The result of training a flow."""

    steps: int
    """Number of steps."""
    best_step: int
    """The step whose weights were kept."""
    seconds: float
    """Training time."""
    explained: float
    """Fraction of the velocities' variance that is predicted for held-out latents: 0 for a flow
    that knows only their mean. 1 is out of reach, since a velocity is partly chance."""


def train_flow(
    space: VideoSpace, config: FlowTrainingConfig | None = None, *, progress: bool = True
) -> FlowReport:
    """Train a flow on the latents of a space's clips, and set it as the space's flow.

    The weights and latents of the space do not change. If training is interrupted, the space keeps
    its old flow.

    Args:
        space: Its ``flow`` is replaced at the end; ``save_pretrained`` then also writes it.
        config: Options; None takes the defaults.
        progress: Show a progress bar in a terminal.

    Returns:
        Number of steps, training time, and how well velocities are predicted.

    Raises:
        UserError: The space has too few clips, or the loss is not finite.

    Example:
        >>> space = VideoSpace.from_pretrained("bouncing-ball")
        >>> report = train_flow(space, FlowTrainingConfig(budget_seconds=0.5))
        >>> space.render(space.sample(2, method="flow")).shape
        (2, 25, 50, 50, 3)

    Source: as :class:`videospace.inrv.model.latent_flow.LatentFlow`. Esser et al. (2024), section
    3.1: the distribution of the times.
    """
    config = config or FlowTrainingConfig()
    if len(space.latents) < FEWEST_CLIPS:
        raise UserError(
            f"expected a space of at least {FEWEST_CLIPS} clips to learn a distribution from, got "
            f"{len(space.latents)}: sample it by 'slerp' or 'gaussian', or train it on more clips"
        )
    training = _FlowTraining(space, config)
    shown = None if progress else True
    bar_format = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"
    started, seconds = time.monotonic(), 0.0
    with tqdm(
        total=config.budget_seconds, desc="training", bar_format=bar_format, disable=shown
    ) as bar:
        while seconds < config.budget_seconds and not training.is_done:
            training.step(seconds / config.budget_seconds)
            seconds = time.monotonic() - started
            bar.set_postfix_str(f"explained {training.explained:.3f}", refresh=False)
            bar.update(min(seconds, config.budget_seconds) - bar.n)
    training.test()
    space.flow = training.best.eval().requires_grad_(False)
    return FlowReport(
        steps=training.steps,
        best_step=training.best_step,
        seconds=time.monotonic() - started,
        explained=training.explained,
    )


class _FlowTraining:
    """The flow, its moving average, the best average so far, and the latents."""

    def __init__(self, space: VideoSpace, config: FlowTrainingConfig):
        self.config, self.device = config, space.device
        self.generator = random_stream(config.seed, "flow batches")
        with global_random_stream(config.seed, "flow weights"):
            self.flow = LatentFlow(config.flow, space.model.config.latent).to(self.device)
        self.flow.fit_scale(space.latents)
        values = (self.flow.scaled(space.latents) - self.flow.mean) / self.flow.deviation
        order = torch.randperm(len(values), generator=random_stream(config.seed, "flow held out"))
        num_held_out = max(1, round(config.heldout_fraction * len(values)))
        self.training, held_out = values[order[num_held_out:]], values[order[:num_held_out]]
        self.held_out = held_out.repeat_interleave(HELD_OUT_DRAWS, dim=0)
        fixed = random_stream(config.seed, "flow tests")
        self.test_times, self.test_noise = self._draw(len(self.held_out), fixed)
        self.average = MovingAverage(self.flow, config.average_decay)
        self.averaged = copy.deepcopy(self.flow).requires_grad_(False)
        self.best, self.best_step, self.explained = copy.deepcopy(self.averaged), 0, -math.inf
        self.adam = torch.optim.AdamW(
            self.flow.parameters(), lr=config.learning_rate, weight_decay=1e-2, fused=True
        )
        self.steps = 0

    @property
    def is_done(self) -> bool:
        """Whether held-out latents have not been predicted better for long."""
        waited = self.steps - self.best_step
        return waited >= self.config.patience * STEPS_BETWEEN_TESTS

    def step(self, fraction: float) -> None:
        """Descend the error of the velocities of a batch."""
        rows = torch.randint(
            len(self.training), (self.config.latents_per_step,), generator=self.generator
        )
        values = self.training[rows.to(self.device)]
        times, noise = self._draw(len(values), self.generator)
        values = values + self.config.noise * self._normal(values.shape, self.generator)
        loss = self._errors(self.flow, values, times, noise).mean()
        if not torch.isfinite(loss):
            raise UserError(
                f"the loss is not finite at step {self.steps}: expected a lower learning_rate"
            )
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.flow.parameters(), 1.0)
        factor = learning_rate_factor(fraction, self.steps, warmup_steps=100, schedule="cosine")
        for group in self.adam.param_groups:
            group["lr"] = factor * self.config.learning_rate
        self.adam.step()
        self.steps += 1
        self.average.update(self.flow, self.steps)
        if self.steps % STEPS_BETWEEN_TESTS == 0:
            self.test()

    @torch.no_grad()
    def test(self) -> None:
        """Keep the averaged weights if they predict held-out latents better than any before."""
        self.averaged.load_state_dict(self.average.weights)
        errors = self._errors(self.averaged, self.held_out, self.test_times, self.test_noise)
        usual = (self.held_out - self.test_noise).square()
        explained = 1 - (errors.mean() / usual.mean()).item()
        if explained > self.explained:
            self.explained, self.best_step = explained, self.steps
            self.best.load_state_dict(self.average.weights)

    def _errors(
        self,
        flow: LatentFlow,
        values: Float[Tensor, "clip latent"],
        times: Float[Tensor, " clip"],
        noise: Float[Tensor, "clip latent"],
    ) -> Float[Tensor, "clip latent"]:
        """Squared errors of the velocities on straight paths from noise to values."""
        between = torch.lerp(noise, values, times[:, None])
        return (flow(between, times) - (values - noise)).square()

    def _draw(
        self, count: int, generator: torch.Generator
    ) -> tuple[Float[Tensor, " clip"], Float[Tensor, "clip latent"]]:
        """Times, most of them near the middle, and noise."""
        times = self._normal((count,), generator).sigmoid()
        return times, self._normal((count, self.training.shape[1]), generator)

    def _normal(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        return torch.randn(shape, generator=generator).to(self.device)

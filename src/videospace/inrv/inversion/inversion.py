"""Inversion: find the latents whose renders agree with the observed pixels of clips.

Every task is a context (:mod:`videospace.inrv.inversion.tasks`) that is inverted. The render of the
latent fills in the pixels that are not observed.
"""

import dataclasses
import operator
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor
from tqdm import tqdm

from videospace.clips.decoding.geometry import crop_and_resize
from videospace.inrv.inversion.adam import minimize_with_adam
from videospace.inrv.inversion.contexts import Context, common_size
from videospace.inrv.inversion.encoder_guess import can_guess, guess_coordinates
from videospace.inrv.inversion.observed_pixels import ObservedPixels
from videospace.inrv.inversion.track_guess import guess_tracks
from videospace.inrv.model.inr import Layer, joined_layers, zero_weight_offsets
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.device import choose_precision
from videospace.runtime.errors import UserError
from videospace.runtime.memory import out_of_memory_hint
from videospace.runtime.messages import Message
from videospace.runtime.progress import Progress
from videospace.runtime.random import random_stream


@dataclasses.dataclass(frozen=True, kw_only=True)
class InversionConfig:
    """Options of inversion."""

    max_steps: int = 300
    """Most steps; descent ends earlier when the error stops falling. With 0 the encoder's guess is
    the result."""
    start: Literal["auto", "encoder", "mean"] = "auto"
    """Where descent starts. ``encoder``: at the encoder's guess from the observed frames. ``mean``:
    at the mean latent. ``auto``: at the encoder's guess if the space has an encoder. Contexts
    without a sufficiently observed frame, and several samples, do not start at a guess."""
    points_per_clip: int = 1024
    """Points that a step renders for each clip."""
    learning_rate: float | None = None
    """Learning rate of Adam on the latent, in standard deviations of the training latents. None
    takes 0.1, or 0.04 where latents have tracks."""
    prior_weight: float = 1e-7
    """Weight of the squared Mahalanobis distance from the training clips, relative to the mean
    squared error of the colors. It is divided by the square of the observed fraction: the fewer
    pixels are observed, the stronger the prior."""
    samples: int = 1
    """Number of latents for every context. A single one is the most probable; several are held
    near random points of the space instead of near its mean, and so differ."""
    restarts: int = 1
    """Starting points of every sample, of which the best result is kept."""
    refine: Literal["none", "weights"] = "none"
    """``weights``: after the latents, also optimize the INR's weights, in a copy for each clip."""
    refine_steps: int = 200
    """Most steps of weight refinement."""
    refine_learning_rate: float = 0.02
    """Learning rate of weight refinement, in units of the range of the initial base weights."""
    refine_weight: float = 1e-3
    """Weight of the squared change of the INR's weights, in the same units."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of matrix products; ``auto``: bfloat16 if the processor multiplies it faster."""
    seed: int = 0
    """Seed of the starting points and of the pixels of a step."""

    def __post_init__(self) -> None:
        for name in ("max_steps", "points_per_clip", "samples", "restarts", "refine_steps"):
            least = 0 if name == "max_steps" else 1
            if getattr(self, name) < least:
                raise UserError(f"expected {name} of at least {least}, got {getattr(self, name)}")
        for name in (
            "seed",
            "learning_rate",
            "prior_weight",
            "refine_learning_rate",
            "refine_weight",
        ):
            value = getattr(self, name)
            if value is not None and not 0 <= value < float("inf"):
                raise UserError(f"expected {name} of at least 0, got {value}")
        if not self.max_steps and (self.start == "mean" or self.samples > 1):
            raise UserError(
                "with 0 steps (max_steps, --max-steps) the result is the encoder's guess: expected "
                f"start 'auto' or 'encoder' and 1 sample, got '{self.start}' and {self.samples}"
            )


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Inversion:
    """The result of inversion. The samples of a context are consecutive rows."""

    latents: Float[Tensor, "sample latent"]
    """The latents that were found."""
    context_l1: Float[Tensor, " sample"]
    """Mean absolute error on 8192 random observed pixels, from 0 to 100 (thesis 3.4)."""
    weight_offsets: list[Layer] | None
    """What weight refinement added to the weights and biases that the latents predict, at all
    times; None without refinement."""
    steps: int
    """Number of steps."""
    seconds: float
    """Time of the inversion."""


__all__ = ["Inversion", "InversionConfig", "RunBatch", "invert"]

RunBatch = Callable[[Callable[[], Inversion]], Inversion]
"""Receives a function that inverts the next batch, and calls it or returns an earlier result."""

ROWS_AT_ONCE = 64
"""Latents of a batch on a GPU."""

ROWS_AT_ONCE_ON_CPU = 16
"""Latents of a batch on a CPU, where larger batches are not faster."""

FINAL_POINTS = 8192
"""Points of each clip for the reported error and the choice of the best restart."""

LEARNING_RATE, LEARNING_RATE_OF_TRACKS = 0.1, 0.04
"""Learning rates without and with tracks."""

POINTS_OF_A_FRAME = 256
"""Points drawn together from one frame, if every time has an INR of its own."""


def invert(
    space: VideoSpace,
    contexts: Sequence[Context],
    config: InversionConfig | None = None,
    *,
    run_batch: RunBatch = operator.call,
    progress: Progress = False,
) -> Inversion:
    """Find the latents whose renders agree with the observed pixels of contexts.

    Args:
        space: The space; it is not changed.
        contexts: The observed pixels of clips. All have one size, which may differ from the
            space's.
        config: Options; None takes the defaults.
        run_batch: Called for each batch with a function that inverts it. It may save the result,
            or return one that was saved before an interrupt.
        progress: True shows a progress bar, None shows it in a terminal. A function is called after
            each step and ends the inversion by raising.

    Returns:
        ``config.samples`` latents for each context.

    Raises:
        UserError: There are no contexts, they differ in size, the space has a single clip, the
            memory does not suffice, or an encoder is requested and the space has none.

    Example:
        >>> from videospace.inrv.model.inrv_model import InrvModel, ModelConfig
        >>> from videospace.inrv.space.video_space import ClipShape
        >>> from videospace.inrv.inversion.tasks import prediction
        >>> shape = ClipShape(num_frames=4, height=6, width=6, fps=25.0)
        >>> model, latents = InrvModel(ModelConfig()), torch.randn(3, 128)
        >>> space = VideoSpace(model, latents, ["a", "b", "c"], shape)
        >>> context = prediction(space.render(latents[0]))
        >>> found = invert(space, [context], InversionConfig(max_steps=2))
        >>> space.render(found.latents).shape
        (1, 4, 6, 6, 3)
    """
    config = config or InversionConfig()
    common_size(contexts)
    _require_start(space, contexts, config)
    most = ROWS_AT_ONCE_ON_CPU if space.device.type == "cpu" else ROWS_AT_ONCE
    at_once = max(1, most // (config.samples * config.restarts))
    steps_each = config.max_steps + (config.refine_steps if config.refine == "weights" else 0)
    starts = range(0, len(contexts), at_once)
    shown = True if callable(progress) or progress is False else None
    most_steps = len(starts) * steps_each
    num_done = 0

    def on_step() -> None:
        nonlocal num_done
        bar.update()
        num_done += 1
        if callable(progress):
            note = Message("step {step} of at most {most}", step=num_done, most=most_steps)
            progress(num_done / most_steps, note)

    batches = []
    with (
        out_of_memory_hint("--points-per-clip, --samples or --restarts"),
        tqdm(total=most_steps, desc="inverting", unit="step", disable=shown) as bar,
    ):
        for index, start in enumerate(starts):
            batch = contexts[start : start + at_once]
            batches.append(run_batch(partial(_invert_batch, space, batch, config, index, on_step)))
            num_done = (index + 1) * steps_each
            bar.update(num_done - bar.n)
    return _joined(batches)


def _joined(batches: Sequence[Inversion]) -> Inversion:
    """Join the results of all batches."""
    offsets = [part.weight_offsets for part in batches if part.weight_offsets is not None]
    return Inversion(
        latents=torch.cat([part.latents for part in batches]),
        context_l1=torch.cat([part.context_l1 for part in batches]),
        weight_offsets=joined_layers(offsets) if offsets else None,
        steps=sum(part.steps for part in batches),
        seconds=sum(part.seconds for part in batches),
    )


def _require_start(space: VideoSpace, contexts: Sequence[Context], config: InversionConfig) -> None:
    """Refuse a start that needs an encoder if there is none, or one that cannot use a context."""
    if space.encoder is None and (config.start == "encoder" or not config.max_steps):
        raise UserError(
            "expected a space with an encoder, got one without: train one with "
            "'videospace encoder', or start at the mean and take at least 1 step (in Python "
            "start='mean', max_steps=1; on the command line --start mean --max-steps 1)"
        )
    encoder = space.encoder
    if encoder and not config.max_steps and not all(can_guess(encoder, one) for one in contexts):
        raise UserError(
            "too few pixels of some clip are observed for the encoder alone: take at least 1 "
            "step (max_steps=1, or --max-steps 1 on the command line)"
        )


def _invert_batch(
    space: VideoSpace,
    contexts: Sequence[Context],
    config: InversionConfig,
    batch_index: int,
    on_step: Callable[[], object],
) -> Inversion:
    """Invert the contexts of one batch in parallel."""
    return _InversionRun(space, contexts, config, batch_index, on_step).run()


class _InversionRun:
    """The inversion of one batch; its rows are contexts × samples × restarts."""

    def __init__(
        self,
        space: VideoSpace,
        contexts: Sequence[Context],
        config: InversionConfig,
        batch_index: int,
        on_step: Callable[[], object],
    ):
        self.space = space
        self.model, self.prior, self.device = space.model, space.prior, space.device
        self.contexts, self.config, self.on_step = contexts, config, on_step
        self.encoder = None if config.start == "mean" else space.encoder
        frame_size = (space.clip.height, space.clip.width)
        self.observed = ObservedPixels(contexts, self.model, frame_size, self.device)
        self.frame_times = self.model.frame_times(self.observed.size[0], self.device)
        self.generator = random_stream(config.seed, "inversion", batch_index)
        self.steps = 0
        self.low_precision = choose_precision(config.precision, self.device) == "bfloat16"
        indices = torch.arange(len(contexts), device=self.device)
        self.clips = indices.repeat_interleave(config.samples)

    def run(self) -> Inversion:
        """Optimize the latents, keep the best restarts, and refine the weights if requested."""
        started = time.perf_counter()
        latents = self._optimize_latents()
        offsets = self._refine(latents) if self.config.refine == "weights" else None
        self.low_precision = False  # the reported error is computed in float32
        with torch.no_grad():
            generator = random_stream(self.config.seed, "reported error")
            _, absolute = self._errors(latents, self.clips, FINAL_POINTS, generator, offsets)
        seconds = time.perf_counter() - started
        return Inversion(
            latents=latents,
            context_l1=50 * absolute,
            weight_offsets=offsets,
            steps=self.steps,
            seconds=seconds,
        )

    def _optimize_latents(self) -> Float[Tensor, "sample latent"]:
        config = self.config
        clips = self.clips.repeat_interleave(config.restarts)
        centers = self._random(len(self.clips)).repeat_interleave(config.restarts, dim=0)
        starts = centers.clone()
        if config.samples == 1:
            centers = torch.zeros_like(centers)
            starts = self._guess().repeat_interleave(config.restarts, dim=0)
        if config.restarts > 1:  # the first starts at the guess or the center, the others at random
            others = torch.arange(len(starts), device=self.device) % config.restarts > 0
            starts[others] = self._random(int(others.sum()))
        coordinates = starts.requires_grad_()
        prior_weights = config.prior_weight / self.observed.observed_fractions[clips].square()

        usual = LEARNING_RATE_OF_TRACKS if self.prior.parts else LEARNING_RATE
        rate = usual if config.learning_rate is None else config.learning_rate

        def loss_of(points: int, generator: torch.Generator) -> Float[Tensor, " row"]:
            latents = self.prior.latents(coordinates)
            squared, _ = self._errors(latents, clips, points, generator)
            distance = (coordinates - centers).square().sum(dim=1)
            return squared + prior_weights * distance

        self.steps += minimize_with_adam(
            [coordinates],
            lambda: loss_of(config.points_per_clip, self.generator),
            rate,
            config.max_steps,
            self.on_step,
        )
        with torch.no_grad():
            found = self.prior.latents(coordinates).unflatten(0, (-1, config.restarts))
            if config.restarts == 1:
                return found[:, 0]
            generator = random_stream(config.seed, "best restart")
            losses = loss_of(FINAL_POINTS, generator).view(-1, config.restarts)
            best = losses.nan_to_num(nan=torch.inf).argmin(dim=1)  # one may have diverged
            return found[torch.arange(len(found), device=self.device), best]

    def _guess(self) -> Float[Tensor, "context direction"]:
        """Starting points: the guesses of the encoder, if there is one, and paths that are seen."""
        size, parts = len(self.contexts), self.prior.parts
        content = parts.content if parts else self.prior
        start = torch.zeros(size, content.num_directions, device=self.device)
        if self.encoder is not None:
            start = guess_coordinates(self.encoder, content, self.contexts, self.frame_times)
        if parts is None:
            return start
        tracks = guess_tracks(
            parts,
            self.contexts,
            self.model.config,
            self.encoder and self.encoder.tracks,
            usual=torch.from_numpy(crop_and_resize(self.space.usual_frame, self.observed.size[1:])),
            seed=self.config.seed,
        )
        return torch.cat([start, tracks], dim=1)

    def _refine(self, latents: Float[Tensor, "sample latent"]) -> list[Layer]:
        """Optimize offsets of the INRs' weights, in units of the range of the base weights."""
        config, bounds = self.config, self.model.hypernetwork.bounds
        units = zero_weight_offsets(self.model.hypernetwork.shapes, len(latents), self.device)
        parts = [part.requires_grad_() for layer in units for part in layer]
        num_weights = sum(part[0].numel() for part in parts)

        def offsets() -> list[Layer]:
            return [
                Layer(bound * layer.weight, bound * layer.bias)
                for bound, layer in zip(bounds, units, strict=True)
            ]

        def loss() -> Float[Tensor, " sample"]:
            squared, _ = self._errors(
                latents, self.clips, config.points_per_clip, self.generator, offsets()
            )
            distance = torch.stack([part.square().flatten(1).sum(dim=1) for part in parts]).sum(0)
            return squared + config.refine_weight / num_weights * distance

        self.steps += minimize_with_adam(
            parts, loss, config.refine_learning_rate, config.refine_steps, self.on_step
        )
        with torch.no_grad():
            return offsets()

    def _errors(
        self,
        latents: Float[Tensor, "row latent"],
        clips: Int[Tensor, " row"],
        num_points: int,
        generator: torch.Generator,
        weight_offsets: list[Layer] | None = None,
    ) -> tuple[Float[Tensor, " row"], Float[Tensor, " row"]]:
        """Mean squared and mean absolute error of every row, on new random pixels."""
        frames = times = None
        num_draws = 1
        if self.model.config.latent.varies_in_time:  # each draw is a frame with its own INR
            num_draws = max(1, num_points // POINTS_OF_A_FRAME)
            clips = clips.repeat_interleave(num_draws)
            frames = self.observed.draw_frames(clips, generator)
            times = self.frame_times[frames]
        pixels = self.observed.draw(clips, num_points // num_draws, generator, frames)
        with self._products():
            inrs = self.model.inrs(latents.repeat_interleave(num_draws, dim=0), times)
            if weight_offsets is not None:
                offsets = [
                    Layer(*(part.repeat_interleave(num_draws, dim=0) for part in layer))
                    for layer in weight_offsets
                ]
                inrs = inrs.with_weight_offsets(offsets)
            colors = self.model.colors(self.observed.encoded(pixels), inrs).float()
        # Join the draws of a row, so that pixel weights are normalized over all of its frames.
        colors = colors.unflatten(0, (-1, num_draws)).flatten(1, 2)
        pixels = pixels.unflatten(0, (-1, num_draws)).flatten(1, 2)
        return self.observed.errors(colors, pixels)

    def _products(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.low_precision)

    def _random(self, count: int) -> Float[Tensor, "count direction"]:
        shape = (count, self.prior.num_directions)
        return torch.randn(shape, generator=self.generator).to(self.device)

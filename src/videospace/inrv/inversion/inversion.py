"""Inversion: find the point of a space that agrees with what is known of a clip.

Every task is a context (:mod:`videospace.inrv.inversion.tasks`) and an inversion; its render fills
in what the context does not know.
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

from videospace.inrv.inversion.adam import descend
from videospace.inrv.inversion.contexts import Context, common_size
from videospace.inrv.inversion.encoder_guess import can_guess, guess_coordinates
from videospace.inrv.inversion.observed_pixels import ObservedPoints
from videospace.inrv.model.inr import Layer, add_weight_offsets, joined_layers, zero_weight_offsets
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.data import seeded
from videospace.runtime.device import choose_precision
from videospace.runtime.errors import UserError
from videospace.runtime.memory import out_of_memory_hint
from videospace.runtime.progress import Progress


@dataclasses.dataclass(frozen=True, kw_only=True)
class InversionConfig:
    """How the latent of a context is looked for."""

    max_steps: int = 300
    """Steps at most; fewer once the error stops falling. With 0 the answer is where it starts."""
    start: Literal["auto", "encoder", "mean"] = "auto"
    """``encoder``: at what the space's encoder makes of the frames that are seen. ``mean``: at the
    mean latent. ``auto``: at the encoder's guess where the space has an encoder. Contexts without a
    frame that is seen well enough, and several samples, start at the mean in any case."""
    points_per_clip: int = 1024
    """Points rendered in a step for each clip."""
    learning_rate: float = 0.1
    """Of Adam on the latent, in standard deviations of the training clips' latents."""
    prior_weight: float = 1e-7
    """How much the squared Mahalanobis distance from the training clips counts beside the mean
    squared error of the colors. It is divided by the square of the share of the clip that is seen:
    the less is known, the more the latent has to be like those of the space."""
    samples: int = 1
    """Different answers for every context, all of which agree with it. One is the likeliest; more
    are drawn, each held near a random point of the space instead of near its mean."""
    restarts: int = 1
    """Starting points of every answer, of which the best result is kept."""
    refine: Literal["none", "weights"] = "none"
    """``weights``: then move the INR's own weights too, in a copy for each clip."""
    refine_steps: int = 200
    """Steps of that at most."""
    refine_learning_rate: float = 0.02
    """Of it, in units of the range that the base weights start from."""
    refine_weight: float = 1e-3
    """How much the squared change of the INR's weights counts, in the same units."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of matrix products; ``auto``: bfloat16 where the processor multiplies it faster."""
    seed: int = 0
    """Of starting points and of the pixels that a step looks at."""

    def __post_init__(self) -> None:
        for name in ("max_steps", "points_per_clip", "samples", "restarts", "refine_steps"):
            least = 0 if name == "max_steps" else 1
            if getattr(self, name) < least:
                raise UserError(f"expected {name} of at least {least}, got {getattr(self, name)}")
        for name in ("learning_rate", "prior_weight", "refine_learning_rate", "refine_weight"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise UserError(f"expected {name} of at least 0, got {getattr(self, name)}")
        if not self.max_steps and (self.start == "mean" or self.samples > 1):
            raise UserError(
                "max_steps 0 takes the encoder's guess as it is: expected start auto or encoder, "
                f"and 1 sample, got {self.start} and {self.samples}"
            )


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Inversion:
    """What was found. The samples of a context lie next to each other."""

    latents: Float[Tensor, "answer latent"]
    """Points of the space."""
    context_l1: Float[Tensor, " answer"]
    """Mean absolute error on the observed pixels, 0 to 100 (thesis 3.4), estimated from 8192."""
    weight_offsets: list[Layer] | None
    """What weight refinement added to the weights and biases that the latents predict, at all
    times; None without refinement."""
    steps: int
    """Steps taken."""
    seconds: float
    """Time that they took."""


__all__ = ["Inversion", "InversionConfig", "Keep", "invert"]

Keep = Callable[[Callable[[], Inversion]], Inversion]
"""Is given what finds the next part of an inversion, and calls it or gives what it found before."""

ROWS_AT_ONCE = 64
"""Latents that are looked for side by side; an interrupt loses no more than these."""

ROWS_AT_ONCE_ON_CPU = 16
"""The same on a CPU, where more of them are not quicker."""


def invert(
    space: VideoSpace,
    contexts: Sequence[Context],
    config: InversionConfig | None = None,
    *,
    keep: Keep = operator.call,
    progress: Progress = False,
) -> Inversion:
    """Find the latents whose renders agree with contexts.

    Args:
        space: It is left as it is.
        contexts: What is known of some clips, all of one size, which need not be the space's.
        config: How to look.
        keep: Finds, or remembers, one part after another, so that an interrupt does not lose what
            is done.
        progress: Show a progress bar in a terminal; or a function, which is called after each step
            and ends the search by raising.

    Returns:
        ``config.samples`` answers for each context.

    Raises:
        UserError: No contexts, contexts of several sizes, a space of a single clip, too little
            memory, or an encoder is asked for and the space has none.

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
    told = 0

    def stepped() -> None:
        nonlocal told
        bar.update()
        told += 1
        if callable(progress):
            progress(told / most_steps, f"step {told} of at most {most_steps}")

    parts = []
    with (
        out_of_memory_hint("--points-per-clip, --samples or --restarts"),
        tqdm(total=most_steps, desc="inverting", unit="step", disable=shown) as bar,
    ):
        for index, start in enumerate(starts):
            batch = contexts[start : start + at_once]
            parts.append(keep(partial(search, space, batch, config, config.seed + index, stepped)))
            told = (index + 1) * steps_each
            bar.update(told - bar.n)
    return _joined(parts)


def _joined(parts: Sequence[Inversion]) -> Inversion:
    """The inversions of several batches as one."""
    offsets = [part.weight_offsets for part in parts if part.weight_offsets is not None]
    return Inversion(
        latents=torch.cat([part.latents for part in parts]),
        context_l1=torch.cat([part.context_l1 for part in parts]),
        weight_offsets=joined_layers(offsets) if offsets else None,
        steps=sum(part.steps for part in parts),
        seconds=sum(part.seconds for part in parts),
    )


def _require_start(space: VideoSpace, contexts: Sequence[Context], config: InversionConfig) -> None:
    """Refuse to begin with the guess of an encoder where there is none, or to end with it."""
    if space.encoder is None and (config.start == "encoder" or not config.max_steps):
        raise UserError(
            "the space has no encoder to begin with: train one with 'videospace encoder', "
            "or start at the mean and take steps"
        )
    encoder = space.encoder
    if encoder and not config.max_steps and not all(can_guess(encoder, one) for one in contexts):
        raise UserError(
            "too little of some clip is seen for an encoder alone: expected max_steps of at least 1"
        )


FINAL_POINTS = 8192
"""Points of each clip on which the result is judged."""

POINTS_OF_A_FRAME = 256
"""Points drawn together from one frame, where every time has an INR of its own."""


def search(
    space: VideoSpace,
    contexts: Sequence[Context],
    config: InversionConfig,
    seed: int,
    stepped: Callable[[], object],
) -> Inversion:
    """Look for the latents of all contexts side by side.

    Args:
        space: It is left as it is.
        contexts: All of one size.
        config: How to look.
        seed: Of this batch.
        stepped: Called after each step, for a progress bar.
    """
    return _Search(space, contexts, config, seed, stepped).run()


class _Search:
    """The inversion of one batch; its rows are contexts × samples × restarts."""

    def __init__(
        self,
        space: VideoSpace,
        contexts: Sequence[Context],
        config: InversionConfig,
        seed: int,
        stepped: Callable[[], object],
    ):
        self.model, self.prior, self.device = space.model, space.prior, space.device
        self.contexts, self.config, self.stepped = contexts, config, stepped
        self.encoder = None if config.start == "mean" else space.encoder
        frame_size = (space.clip.height, space.clip.width)
        self.observed = ObservedPoints(contexts, self.model, frame_size, self.device)
        self.frame_times = self.model.frame_times(self.observed.size[0], self.device)
        self.generator = seeded(seed, 11)
        self.steps = 0
        self.low_precision = choose_precision(config.precision, self.device) == "bfloat16"
        answers = torch.arange(len(contexts), device=self.device)
        self.clips = answers.repeat_interleave(config.samples)

    def run(self) -> Inversion:
        """Look for latents, keep the best restart, and refine it if that is asked for."""
        started = time.perf_counter()
        latents = self._search_latents()
        offsets = self._refine(latents) if self.config.refine == "weights" else None
        self.low_precision = False  # what is reported is exact
        with torch.no_grad():
            _, absolute = self._errors(latents, self.clips, FINAL_POINTS, seeded(0, 12), offsets)
        seconds = time.perf_counter() - started
        return Inversion(
            latents=latents,
            context_l1=50 * absolute,
            weight_offsets=offsets,
            steps=self.steps,
            seconds=seconds,
        )

    def _search_latents(self) -> Float[Tensor, "answer latent"]:
        config = self.config
        clips = self.clips.repeat_interleave(config.restarts)
        centers = self._random(len(self.clips)).repeat_interleave(config.restarts, dim=0)
        starts = centers.clone()
        if config.samples == 1:
            centers = torch.zeros_like(centers)
            starts = self._guess().repeat_interleave(config.restarts, dim=0)
        if config.restarts > 1:  # the first begins at the guess or the center, others anywhere
            others = torch.arange(len(starts), device=self.device) % config.restarts > 0
            starts[others] = self._random(int(others.sum()))
        coordinates = starts.requires_grad_()
        prior_weights = config.prior_weight / self.observed.shares_seen[clips].square()

        def loss_of(points: int, generator: torch.Generator) -> Float[Tensor, " row"]:
            latents = self.prior.latents(coordinates)
            squared, _ = self._errors(latents, clips, points, generator)
            distance = (coordinates - centers).square().sum(dim=1)
            return squared + prior_weights * distance

        self.steps += descend(
            [coordinates],
            lambda: loss_of(config.points_per_clip, self.generator),
            config.learning_rate,
            config.max_steps,
            self.stepped,
        )
        with torch.no_grad():
            found = self.prior.latents(coordinates).unflatten(0, (-1, config.restarts))
            if config.restarts == 1:
                return found[:, 0]
            losses = loss_of(FINAL_POINTS, seeded(0, 12)).view(-1, config.restarts)
            best = losses.nan_to_num(nan=torch.inf).argmin(dim=1)  # one may have run away
            return found[torch.arange(len(found), device=self.device), best]

    def _guess(self) -> Float[Tensor, "context direction"]:
        """What the encoder makes of the contexts, or the mean."""
        if self.encoder is None:
            return torch.zeros(len(self.contexts), self.prior.num_directions, device=self.device)
        return guess_coordinates(self.encoder, self.prior, self.contexts, self.frame_times)

    def _refine(self, latents: Float[Tensor, "answer latent"]) -> list[Layer]:
        """Change copies of the INRs' weights; the unit is the range of the base weights."""
        config, bounds = self.config, self.model.hypernetwork.bounds
        units = zero_weight_offsets(self.model.hypernetwork.shapes, len(latents), self.device)
        parts = [part.requires_grad_() for layer in units for part in layer]
        num_weights = sum(part[0].numel() for part in parts)

        def offsets() -> list[Layer]:
            return [
                Layer(bound * layer.weight, bound * layer.bias)
                for bound, layer in zip(bounds, units, strict=True)
            ]

        def loss() -> Float[Tensor, " answer"]:
            squared, _ = self._errors(
                latents, self.clips, config.points_per_clip, self.generator, offsets()
            )
            distance = torch.stack([part.square().flatten(1).sum(dim=1) for part in parts]).sum(0)
            return squared + config.refine_weight / num_weights * distance

        self.steps += descend(
            parts, loss, config.refine_learning_rate, config.refine_steps, self.stepped
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
        """Mean squared and mean absolute error of every row, on points drawn anew."""
        frames = times = None
        num_draws = 1
        if self.model.config.latent.num_keyframes > 1:  # every draw is one frame, with its own INR
            num_draws = max(1, num_points // POINTS_OF_A_FRAME)
            clips = clips.repeat_interleave(num_draws)
            frames = self.observed.draw_frames(clips, generator)
            times = self.frame_times[frames]
        places = self.observed.draw(clips, num_points // num_draws, generator, frames)
        with self._products():
            layers = self.model.layers(latents.repeat_interleave(num_draws, dim=0), times)
            if weight_offsets is not None:
                offsets = [
                    Layer(*(part.repeat_interleave(num_draws, dim=0) for part in layer))
                    for layer in weight_offsets
                ]
                layers = add_weight_offsets(layers, offsets)
            colors = self.model.colors(self.observed.encoded(places), layers).float()
        # The draws of a row side by side, so that weights count across frames too.
        colors = colors.unflatten(0, (-1, num_draws)).flatten(1, 2)
        places = places.unflatten(0, (-1, num_draws)).flatten(1, 2)
        return self.observed.errors(colors, places)

    def _products(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.low_precision)

    def _random(self, count: int) -> Float[Tensor, "count direction"]:
        shape = (count, self.prior.num_directions)
        return torch.randn(shape, generator=self.generator).to(self.device)

"""Inversion: find the point of a space that agrees with what is known of a clip.

Every task is a context (:mod:`videospace.inrv.tasks`) and an inversion; its render fills in what
the context does not know.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor
from tqdm import tqdm

from videospace.inrv.context import Context
from videospace.inrv.descent import descend
from videospace.inrv.encoder import can_guess, guess_coordinates
from videospace.inrv.inr import Layer
from videospace.inrv.inversion_config import InversionConfig
from videospace.inrv.observed_points import ObservedPoints
from videospace.inrv.space import VideoSpace
from videospace.inrv.training_data import seeded
from videospace.runtime.device import choose_precision
from videospace.runtime.errors import UserError

__all__ = ["Inversion", "InversionConfig", "invert", "invert_batches", "joined"]

ROWS_AT_ONCE = 64
"""Latents that are looked for side by side."""

FINAL_POINTS = 8192
"""Points of each clip on which the result is judged."""

POINTS_OF_A_FRAME = 256
"""Points drawn together from one frame, where every time has an INR of its own."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Inversion:
    """What was found. The samples of a context lie next to each other."""

    latents: Float[Tensor, "answer latent"]
    """Points of the space."""
    context_l1: Float[Tensor, " answer"]
    """Mean absolute error on the observed pixels, 0 to 100 (thesis 3.4), estimated from 8192."""
    changes: list[Layer] | None
    """What refining added to the weights and biases that the latents predict, at all times; None
    where the latents alone say it all."""
    steps: int
    """Steps taken."""
    seconds: float
    """Time that they took."""


def invert(
    space: VideoSpace,
    contexts: Sequence[Context],
    config: InversionConfig | None = None,
    *,
    progress: bool = False,
) -> Inversion:
    """Find the latents whose renders agree with contexts.

    Args:
        space: It is left as it is.
        contexts: What is known of some clips, all of one size, which need not be the space's.
        config: How to look.
        progress: Show a progress bar in a terminal.

    Returns:
        ``config.samples`` answers for each context.

    Raises:
        UserError: No contexts, contexts of several sizes, a space of a single clip, or an encoder
            is asked for and the space has none.

    Example:
        >>> from videospace.inrv.model import InrvModel, ModelConfig
        >>> from videospace.inrv.space import ClipShape
        >>> from videospace.inrv.tasks import prediction
        >>> shape = ClipShape(num_frames=4, height=6, width=6, fps=25.0)
        >>> model, latents = InrvModel(ModelConfig()), torch.randn(3, 128)
        >>> space = VideoSpace(model, latents, ["a", "b", "c"], shape)
        >>> context = prediction(space.render(latents[0]))
        >>> found = invert(space, [context], InversionConfig(max_steps=2))
        >>> space.render(found.latents).shape
        (1, 4, 6, 6, 3)
    """
    return joined(list(invert_batches(space, contexts, config, progress=progress)))


def joined(parts: Sequence[Inversion]) -> Inversion:
    """The inversions of several batches as one."""
    changes = None
    if parts[0].changes is not None:
        stacks = zip(*(part.changes or [] for part in parts), strict=True)
        changes = [Layer(*map(torch.cat, zip(*stack, strict=True))) for stack in stacks]
    return Inversion(
        latents=torch.cat([part.latents for part in parts]),
        context_l1=torch.cat([part.context_l1 for part in parts]),
        changes=changes,
        steps=sum(part.steps for part in parts),
        seconds=sum(part.seconds for part in parts),
    )


def invert_batches(
    space: VideoSpace,
    contexts: Sequence[Context],
    config: InversionConfig | None = None,
    *,
    progress: bool = False,
) -> Iterator[Inversion]:
    """Like :func:`invert`, a batch of contexts after another, so that what is done can be kept."""
    config = config or InversionConfig()
    if not contexts:
        raise UserError("expected at least one context, came none")
    _require_start(space, contexts, config)
    at_once = max(1, ROWS_AT_ONCE // (config.samples * config.restarts))
    refines = config.refine == "weights"
    steps_each = config.max_steps + (config.refine_steps if refines else 0)
    num_batches = -(-len(contexts) // at_once)
    shown = None if progress else True
    with tqdm(total=num_batches * steps_each, desc="inverting", unit="step", disable=shown) as bar:
        for index, start in enumerate(range(0, len(contexts), at_once)):
            batch = contexts[start : start + at_once]
            search = _Search(space, batch, config, config.seed + index, bar.update)
            yield search.run()
            bar.update((index + 1) * steps_each - bar.n)


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
        self.model, self.prior, self.config, self.stepped = (
            space.model,
            space.prior,
            config,
            stepped,
        )
        self.contexts = contexts
        self.encoder = None if config.start == "mean" else space.encoder
        frame_size = (space.clip.height, space.clip.width)
        self.observed = ObservedPoints(contexts, space.model, frame_size, space.device)
        self.frame_times = space.model.frame_times(self.observed.size[0], space.device)
        self.generator = seeded(seed, 11)
        self.device = space.device
        self.steps = 0
        precision = choose_precision(config.precision, space.device)
        self.low_precision = precision == "bfloat16"
        answers = torch.arange(len(contexts), device=space.device)
        self.clips = answers.repeat_interleave(config.samples)

    def run(self) -> Inversion:
        """Look for latents, keep the best restart, and refine it if that is asked for."""
        started = time.perf_counter()
        latents = self._search_latents()
        changes = self._refine(latents) if self.config.refine == "weights" else None
        self.low_precision = False  # what is reported is exact
        with torch.no_grad():
            _, absolute = self._errors(latents, self.clips, FINAL_POINTS, seeded(0, 12), changes)
        seconds = time.perf_counter() - started
        return Inversion(
            latents=latents,
            context_l1=50 * absolute,
            changes=changes,
            steps=self.steps,
            seconds=seconds,
        )

    def _search_latents(self) -> Float[Tensor, "answer latent"]:
        config = self.config
        clips = self.clips.repeat_interleave(config.restarts)
        centres = self._random(len(self.clips)).repeat_interleave(config.restarts, dim=0)
        starts = centres.clone()
        if config.samples == 1:
            centres = torch.zeros_like(centres)
            starts = self._guess().repeat_interleave(config.restarts, dim=0)
        if config.restarts > 1:  # the first begins at the guess or the centre, others anywhere
            others = torch.arange(len(starts), device=self.device) % config.restarts > 0
            starts[others] = self._random(int(others.sum()))
        coordinates = starts.requires_grad_()
        prior_weights = config.prior_weight / self.observed.shares_seen[clips].square()

        def loss_of(points: int, generator: torch.Generator) -> Float[Tensor, " row"]:
            latents = self.prior.latents(coordinates)
            squared, _ = self._errors(latents, clips, points, generator)
            distance = (coordinates - centres).square().sum(dim=1)
            return squared + prior_weights * distance

        self.steps += descend(
            [coordinates],
            lambda: loss_of(config.points_per_clip, self.generator),
            config.learning_rate,
            config.max_steps,
            self.stepped,
        )
        with torch.no_grad():
            final = loss_of(FINAL_POINTS, seeded(0, 12)).view(-1, config.restarts)
            best = (
                final.argmin(dim=1) + torch.arange(len(final), device=self.device) * final.shape[1]
            )
            return self.prior.latents(coordinates.detach()[best])

    def _guess(self) -> Float[Tensor, "context direction"]:
        """What the encoder makes of the contexts, or the mean."""
        if self.encoder is None:
            return torch.zeros(len(self.contexts), self.prior.num_directions, device=self.device)
        return guess_coordinates(self.encoder, self.prior, self.contexts, self.frame_times)

    def _refine(self, latents: Float[Tensor, "answer latent"]) -> list[Layer]:
        """Change copies of the INRs' weights; the unit is the range of the base weights."""
        config, bounds = self.config, self.model.hypernetwork.bounds
        units = [
            Layer(*(torch.zeros(len(latents), *shape, device=self.device) for shape in shapes))
            for shapes in ((shape, shape[:1]) for shape in self.model.hypernetwork.shapes)
        ]
        parts = [part.requires_grad_() for layer in units for part in layer]
        num_weights = sum(part[0].numel() for part in parts)

        def changes() -> list[Layer]:
            return [
                Layer(bound * layer.weight, bound * layer.bias)
                for bound, layer in zip(bounds, units, strict=True)
            ]

        def loss() -> Float[Tensor, " answer"]:
            squared, _ = self._errors(
                latents, self.clips, config.points_per_clip, self.generator, changes()
            )
            distance = torch.stack([part.square().flatten(1).sum(dim=1) for part in parts]).sum(0)
            return squared + config.refine_weight / num_weights * distance

        self.steps += descend(
            parts, loss, config.refine_learning_rate, config.refine_steps, self.stepped
        )
        with torch.no_grad():
            return changes()

    def _errors(
        self,
        latents: Float[Tensor, "row latent"],
        clips: Int[Tensor, " row"],
        num_points: int,
        generator: torch.Generator,
        changes: list[Layer] | None = None,
    ) -> tuple[Float[Tensor, " row"], Float[Tensor, " row"]]:
        """Mean squared and mean absolute error of every row, on points drawn anew."""
        frames = times = None
        num_draws = 1
        if self.model.config.latent.num_moments > 1:  # every draw is one frame, with its own INR
            num_draws = max(1, num_points // POINTS_OF_A_FRAME)
            clips = clips.repeat_interleave(num_draws)
            frames = self.observed.draw_frames(clips, generator)
            times = self.frame_times[frames]
        places = self.observed.draw(clips, num_points // num_draws, generator, frames)
        with self._products():
            layers = self.model.layers(latents.repeat_interleave(num_draws, dim=0), times)
            if changes is not None:
                layers = [
                    Layer(
                        *(
                            part + change.repeat_interleave(num_draws, dim=0)
                            for part, change in zip(layer, moves, strict=True)
                        )
                    )
                    for layer, moves in zip(layers, changes, strict=True)
                ]
            colours = self.model.colours(self.observed.encoded(places), layers).float()
        # The draws of a row side by side, so that weights count across frames too.
        colours = colours.unflatten(0, (-1, num_draws)).flatten(1, 2)
        places = places.unflatten(0, (-1, num_draws)).flatten(1, 2)
        return self.observed.errors(colours, places)

    def _products(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.low_precision)

    def _random(self, count: int) -> Float[Tensor, "count direction"]:
        shape = (count, self.prior.num_directions)
        return torch.randn(shape, generator=self.generator).to(self.device)

"""Inversion: find the point of a space that agrees with what is known of a clip.

Every task is a context (:mod:`videospace.inrv.tasks`) and an inversion; its render fills in what
the context does not know.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor
from tqdm import tqdm

from videospace.inrv.context import Context
from videospace.inrv.descent import descend
from videospace.inrv.inr import Layer
from videospace.inrv.observed_points import ObservedPoints
from videospace.inrv.prior import LatentPrior
from videospace.inrv.space import VideoSpace
from videospace.inrv.training_data import seeded
from videospace.runtime.device import choose_precision
from videospace.runtime.errors import UserError

ROWS_AT_ONCE = 64
"""Latents that are looked for side by side."""

FINAL_POINTS = 8192
"""Points of each clip on which the result is judged."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class InversionConfig:
    """How the latent of a context is looked for."""

    max_steps: int = 300
    """Steps at most; fewer once the error stops falling."""
    points_per_clip: int = 1024
    """Points rendered in a step for each clip."""
    learning_rate: float = 0.1
    """Of Adam on the latent, in standard deviations of the training clips' latents."""
    prior_weight: float = 1e-4
    """How much the squared distance from the training clips counts beside the squared error of the
    colours. With few observed pixels it keeps the latent inside the space."""
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
            if getattr(self, name) < 1:
                raise UserError(f"expected {name} of at least 1, came {getattr(self, name)}")
        for name in ("learning_rate", "prior_weight", "refine_learning_rate", "refine_weight"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise UserError(f"expected {name} of at least 0, came {getattr(self, name)}")


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Inversion:
    """What was found. The samples of a context lie next to each other."""

    latents: Float[Tensor, "answer latent"]
    """Points of the space."""
    context_l1: Float[Tensor, " answer"]
    """Mean absolute error on the observed pixels, 0 to 100 (thesis 3.4), estimated from 8192."""
    layers: list[Layer] | None
    """The refined INRs, or None where the latents alone say it all."""
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
        UserError: No contexts, contexts of several sizes, or a space of a single clip.

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
    parts = list(invert_batches(space, contexts, config, progress=progress))
    layers = None
    if parts[0].layers is not None:
        stacks = zip(*(part.layers or [] for part in parts), strict=True)
        layers = [Layer(*map(torch.cat, zip(*stack, strict=True))) for stack in stacks]
    return Inversion(
        latents=torch.cat([part.latents for part in parts]),
        context_l1=torch.cat([part.context_l1 for part in parts]),
        layers=layers,
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
    prior = LatentPrior.of(space.latents)
    at_once = max(1, ROWS_AT_ONCE // (config.samples * config.restarts))
    refines = config.refine == "weights"
    steps_each = config.max_steps + (config.refine_steps if refines else 0)
    num_batches = -(-len(contexts) // at_once)
    shown = None if progress else True
    with tqdm(total=num_batches * steps_each, desc="inverting", unit="step", disable=shown) as bar:
        for index, start in enumerate(range(0, len(contexts), at_once)):
            batch = contexts[start : start + at_once]
            search = _Search(space, prior, batch, config, config.seed + index, bar.update)
            yield search.run()
            bar.update((index + 1) * steps_each - bar.n)


class _Search:
    """The inversion of one batch; its rows are contexts × samples × restarts."""

    def __init__(
        self,
        space: VideoSpace,
        prior: LatentPrior,
        contexts: Sequence[Context],
        config: InversionConfig,
        seed: int,
        stepped: Callable[[], object],
    ):
        self.model, self.prior, self.config, self.stepped = space.model, prior, config, stepped
        frame_size = (space.clip.height, space.clip.width)
        self.observed = ObservedPoints(contexts, space.model, frame_size, space.device)
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
        layers = self._refine(latents) if self.config.refine == "weights" else None
        self.low_precision = False  # what is reported is exact
        with torch.no_grad():
            final = layers or self.model.layers(latents)
            _, absolute = self._errors(final, self.clips, FINAL_POINTS, seeded(0, 12))
        seconds = time.perf_counter() - started
        return Inversion(
            latents=latents,
            context_l1=50 * absolute,
            layers=layers,
            steps=self.steps,
            seconds=seconds,
        )

    def _search_latents(self) -> Float[Tensor, "answer latent"]:
        config = self.config
        clips = self.clips.repeat_interleave(config.restarts)
        centres = self._random(len(self.clips)).repeat_interleave(config.restarts, dim=0)
        if config.samples == 1:
            centres = torch.zeros_like(centres)
        starts = centres.clone()
        if config.restarts > 1:  # the first begins at the centre, the others anywhere
            others = torch.arange(len(starts), device=self.device) % config.restarts > 0
            starts[others] = self._random(int(others.sum()))
        coordinates = starts.requires_grad_()

        def loss_of(points: int, generator: torch.Generator) -> Float[Tensor, " row"]:
            with self._products():
                layers = self.model.layers(self.prior.latents(coordinates))
            squared, _ = self._errors(layers, clips, points, generator)
            distance = (coordinates - centres).square().mean(dim=1)
            return squared + config.prior_weight * distance

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

    def _refine(self, latents: Float[Tensor, "answer latent"]) -> list[Layer]:
        """Move copies of the INRs' weights; the unit is the range of the base weights."""
        config = self.config
        with torch.no_grad():
            predicted = self.model.layers(latents)
        bounds = self.model.hypernetwork.bounds
        changes = [
            Layer(*(torch.zeros_like(part).requires_grad_() for part in layer))
            for layer in predicted
        ]
        sizes = sum(part[0].numel() for layer in changes for part in layer)

        def moved() -> list[Layer]:
            return [
                Layer(*(part + bound * change for part, change in zip(layer, moves, strict=True)))
                for layer, moves, bound in zip(predicted, changes, bounds, strict=True)
            ]

        def loss() -> Float[Tensor, " answer"]:
            squared, _ = self._errors(moved(), self.clips, config.points_per_clip, self.generator)
            distance = sum(
                part.square().flatten(1).sum(dim=1) for layer in changes for part in layer
            )
            return squared + config.refine_weight / sizes * distance

        self.steps += descend(
            [part for layer in changes for part in layer],
            loss,
            config.refine_learning_rate,
            config.refine_steps,
            self.stepped,
        )
        with torch.no_grad():
            return moved()

    def _errors(
        self,
        layers: list[Layer],
        clips: Int[Tensor, " row"],
        num_points: int,
        generator: torch.Generator,
    ) -> tuple[Tensor, Tensor]:
        places = self.observed.draw(clips, num_points, generator)
        with self._products():
            colours = self.model.colours(self.observed.encoded(places), layers).float()
        return self.observed.errors(colours, places)

    def _products(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.low_precision)

    def _random(self, count: int) -> Float[Tensor, "count direction"]:
        shape = (count, self.prior.num_directions)
        return torch.randn(shape, generator=self.generator).to(self.device)

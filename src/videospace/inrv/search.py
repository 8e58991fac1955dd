"""The search for the latents of one batch of contexts, and for changes of their INRs."""

import dataclasses
import time
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from videospace.inrv.context import Context
from videospace.inrv.descent import descend
from videospace.inrv.encoder import guess_coordinates
from videospace.inrv.inr import Layer, changed_layers, no_changes
from videospace.inrv.inversion_config import InversionConfig
from videospace.inrv.observed_points import ObservedPoints
from videospace.inrv.space import VideoSpace
from videospace.inrv.training_data import seeded
from videospace.runtime.device import choose_precision

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
        units = no_changes(self.model.hypernetwork.shapes, len(latents), self.device)
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
                moves = [
                    Layer(*(part.repeat_interleave(num_draws, dim=0) for part in layer))
                    for layer in changes
                ]
                layers = changed_layers(layers, moves)
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

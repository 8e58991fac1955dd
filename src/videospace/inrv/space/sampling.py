"""New latents: interpolation between two of them, the mean of several, and random samples."""

import functools
from collections.abc import Callable
from typing import Literal, Protocol

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.inrv.model.latent_flow import LatentFlow
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.tracks import (
    LatentParts,
    join_latents,
    split_latents,
    with_unit_scale_of_parts,
)
from videospace.inrv.space.track_matching import matched_parts
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message

NUM_PUBLISHED_RATIOS = 50
"""The published protocol draws one of this many latents of a path, both ends included."""

MAX_MATCHINGS = 20
"""How often the tracks of latents are matched to those of their mean."""

WITHOUT_TRACKS = LatentConfig()
"""The configuration of latents that are content alone, of any width."""

InterpolationPath = Literal["slerp", "lerp"]
"""Along the arc between two latents, or along the straight line."""

SamplingMethod = Literal["slerp", "lerp", "gaussian", "flow"]
"""On arcs between random pairs of clips, on straight lines between them, from a Gaussian fitted to
all latents, or by the flow that was trained on them."""


class Sampler(Protocol):
    """Draws samples from the latents of the training clips and their configuration."""

    def __call__(
        self, latents: Tensor, count: int, generator: torch.Generator, *, config: LatentConfig
    ) -> Tensor:
        """Draw samples, a row for each."""
        ...


def slerp(
    start: Float[Tensor, "*#batch latent"],
    end: Float[Tensor, "*#batch latent"],
    ratio: Float[Tensor, "*#batch"],
) -> Float[Tensor, "*batch latent"]:
    """Interpolate spherically: at constant angular speed along the arc between two latents.

    Args:
        start: The result at ratio 0.
        end: The result at ratio 1.
        ratio: In [0, 1].

    Returns:
        The latents. Where start and end have the same or opposite directions, they lie on the
        straight line.

    Example:
        >>> x, y = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
        >>> slerp(x, y, torch.tensor(0.5))
        tensor([0.7071, 0.7071])

    Source: Shoemake (1985), section 3.3.
    """
    lengths = start.norm(dim=-1) * end.norm(dim=-1)
    cosine = (start * end).sum(dim=-1) / lengths.clamp(min=1e-12)
    angle = cosine.clamp(-1, 1).acos()
    sine = angle.sin()
    straight = sine < 1e-4
    safe = sine.masked_fill(straight, 1)
    start_weight = torch.where(straight, 1 - ratio, ((1 - ratio) * angle).sin() / safe)
    end_weight = torch.where(straight, ratio, (ratio * angle).sin() / safe)
    return start_weight[..., None] * start + end_weight[..., None] * end


def lerp(
    start: Float[Tensor, "*#batch latent"],
    end: Float[Tensor, "*#batch latent"],
    ratio: Float[Tensor, "*#batch"],
) -> Float[Tensor, "*batch latent"]:
    """Interpolate linearly.

    Args:
        start: The result at ratio 0.
        end: The result at ratio 1.
        ratio: In [0, 1].

    Example:
        >>> lerp(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), torch.tensor(0.5))
        tensor([0.5000, 0.5000])
    """
    return (1 - ratio)[..., None] * start + ratio[..., None] * end


_PATHS: dict[InterpolationPath, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "slerp": slerp,
    "lerp": lerp,
}


def latents_between(
    start: Float[Tensor, "pair latent"],
    end: Float[Tensor, "pair latent"],
    ratios: Float[Tensor, " pair"],
    path: InterpolationPath = "slerp",
    config: LatentConfig = WITHOUT_TRACKS,
) -> Float[Tensor, "pair latent"]:
    """Latents between pairs of latents.

    Content and looks of tracks follow the arc or the straight line. The tracks of the two latents
    are matched, and their paths move on straight lines.

    Args:
        start: The results at ratio 0.
        end: The results at ratio 1.
        ratios: In [0, 1].
        path: Along the arc or the straight line.
        config: Of the latents.

    Example:
        >>> config = LatentConfig(width=1, num_tracks=1, look_width=1, num_path_keyframes=1)
        >>> ends = torch.tensor([[1.0, 1.0, -1.0, 0.0]]), torch.tensor([[1.0, 1.0, 0.0, 1.0]])
        >>> latents_between(*ends, torch.tensor([0.5]), config=config).tolist()
        [[1.0, 1.0, -0.5, 0.5]]
    """
    along = _PATHS[path]
    if not config.num_tracks:
        return along(start, end, ratios)
    first, second = matched_parts(start, end, config)
    return join_latents(
        LatentParts(
            along(first.content, second.content, ratios),
            along(first.looks, second.looks, ratios[:, None]),
            torch.lerp(first.paths, second.paths, ratios[:, None, None, None]),
        )
    )


def interpolate(
    start: Float[Tensor, " latent"],
    end: Float[Tensor, " latent"],
    steps: int,
    path: InterpolationPath = "slerp",
    config: LatentConfig = WITHOUT_TRACKS,
) -> Float[Tensor, "steps latent"]:
    """Equally spaced latents from one to another, both included exactly.

    Args:
        start: The first latent.
        end: The last latent.
        steps: Number of latents, at least 2.
        path: Along the arc or the straight line.
        config: Of the latents.

    Raises:
        UserError: Fewer than 2 steps.

    Example:
        >>> ends = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
        >>> interpolate(*ends, 3, "lerp").tolist()
        [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]
    """
    if steps < 2:
        raise UserError(f"expected at least 2 steps, for both ends, got {steps}")
    ratios = torch.linspace(0, 1, steps, device=start.device)
    pairs = start.expand(steps, -1), end.expand(steps, -1)
    latents = latents_between(*pairs, ratios, path, config)
    latents[0] = start
    if not config.num_tracks:  # else the tracks of the end are in the order of the start
        latents[-1] = end
    return latents


def mean_latent(
    latents: Float[Tensor, "clip latent"], config: LatentConfig
) -> Float[Tensor, " latent"]:
    """The mean of latents, in which each clip counts the same.

    Where the model scales latents, they are scaled first. The order of tracks has no meaning, so
    they are matched to the tracks of the mean, and both are repeated until the mean stays.

    Args:
        latents: At least one.
        config: Of the latents.

    Raises:
        UserError: There is no latent.

    Example:
        >>> config = LatentConfig(width=2, normalize=False)
        >>> mean_latent(torch.tensor([[0.0, 2.0], [1.0, 4.0]]), config).tolist()
        [0.5, 3.0]

    Source: Gower (1975), "Generalized Procrustes analysis", section 3: the alternation.
    """
    if not len(latents):
        raise UserError("expected at least one latent to average, got none")
    latents = join_latents(with_unit_scale_of_parts(latents, config))
    if config.num_tracks < 2:
        return latents.mean(dim=0)
    mean = latents[0]
    for _ in range(MAX_MATCHINGS):
        before = mean
        _, matched = matched_parts(before.expand_as(latents), latents, config)
        mean = join_latents(LatentParts(*(part.mean(dim=0) for part in matched)))
        if torch.equal(mean, before):
            break
    return mean


def sample_paths(
    latents: Float[Tensor, "clip latent"],
    count: int,
    generator: torch.Generator,
    path: InterpolationPath = "slerp",
    config: LatentConfig = WITHOUT_TRACKS,
) -> Float[Tensor, "count latent"]:
    """Draw latents on paths between random pairs of clips, as for the published FVD.

    Args:
        latents: Of the training clips, at least 2.
        count: Number of samples.
        generator: On the CPU.
        config: Of the latents.
        path: ``slerp`` is the published one.

    Raises:
        UserError: Fewer than 2 clips.

    Source: thesis 3.3.2; the authors draw both ends and one of 50 ratios uniformly.
    Departs: The two clips of a pair always differ.
    """
    if len(latents) < 2:
        raise UserError(
            Message("expected at least 2 clips to draw between, got {count}", count=len(latents))
        )
    first = torch.randint(len(latents), (count,), generator=generator)
    other = torch.randint(len(latents) - 1, (count,), generator=generator)
    other += other >= first
    steps = torch.randint(NUM_PUBLISHED_RATIOS, (count,), generator=generator)
    ratios = (steps / (NUM_PUBLISHED_RATIOS - 1)).to(latents.device)
    return latents_between(latents[first], latents[other], ratios, path, config)


def sample_gaussian(
    latents: Float[Tensor, "clip latent"],
    count: int,
    generator: torch.Generator,
    config: LatentConfig = WITHOUT_TRACKS,
) -> Float[Tensor, "count latent"]:
    """Draw latents from the Gaussian with the mean and covariance of the clips' latents.

    A sample is a random linear combination of the centered latents. This gives the exact covariance
    without computing its matrix. Contents, looks and paths are drawn independently of each other,
    and each track like any track of any clip.

    Args:
        latents: Of the training clips, at least 2.
        count: Number of samples.
        generator: On the CPU.
        config: Of the latents.

    Raises:
        UserError: Fewer than 2 clips.

    Departs: The authors draw every dimension independently, and so leave the subspace in which the
    clips lie.
    """
    if len(latents) < 2:
        raise UserError(
            Message("expected at least 2 clips to fit a Gaussian, got {count}", count=len(latents))
        )

    def draw(
        numbers: Float[Tensor, "given number"], num_samples: int
    ) -> Float[Tensor, "sample number"]:
        mean = numbers.mean(dim=0)
        mixture = torch.randn(num_samples, len(numbers), generator=generator).to(numbers.device)
        return mean + mixture @ (numbers - mean) / (len(numbers) - 1) ** 0.5

    if not config.num_tracks:
        return draw(latents, count)
    content, looks, paths = split_latents(latents, config)
    num_tracks = config.num_tracks
    return join_latents(
        LatentParts(
            draw(content, count),
            draw(looks.flatten(0, 1), count * num_tracks).unflatten(0, (count, num_tracks)),
            draw(paths.flatten(0, 1).flatten(1), count * num_tracks).view(count, *paths.shape[1:]),
        )
    )


SAMPLERS: dict[str, Sampler] = {
    "slerp": functools.partial(sample_paths, path="slerp"),
    "lerp": functools.partial(sample_paths, path="lerp"),
    "gaussian": sample_gaussian,
}
"""The sampler of each method that needs no training; ``slerp`` is the published one."""


def sample_flow(
    flow: LatentFlow,
    count: int,
    generator: torch.Generator,
    *,
    steps: int = 20,
    truncation: float = 1.0,
    like: Float[Tensor, "#clip latent"] | None = None,
    likeness: float = 0.5,
) -> Float[Tensor, "count latent"]:
    """Draw latents by a flow that was trained on those of a space.

    Args:
        flow: On the device of the result.
        count: Number of samples.
        generator: On the CPU.
        steps: At least 1; more are slower and more exact.
        truncation: In (0, 1]: the standard deviation of the noise from which the flow starts.
            Below 1, samples are more usual and differ less.
        like: A latent that the samples resemble; None for none.
        likeness: In [0, 1): how much they do.

    Raises:
        UserError: A number is out of its range.
    """
    if steps < 1 or not 0 < truncation <= 1 or not 0 <= likeness < 1:
        raise UserError(
            "expected at least 1 step, truncation above 0 and up to 1, and likeness from 0 to "
            f"below 1, got {steps}, {truncation:g} and {likeness:g}"
        )
    noise = torch.randn(count, flow.latent.total_width, generator=generator)
    noise = truncation * noise.to(flow.mean.device)
    return flow.sample(noise, steps=steps, like=like, likeness=likeness)


def nearest_latent(
    latents: Float[Tensor, "clip latent"], samples: Float[Tensor, "sample latent"]
) -> tuple[Tensor, Float[Tensor, " sample"]]:
    """Find the training clip nearest to each sample.

    Args:
        latents: Of the training clips.
        samples: Latents to look up.

    Returns:
        Rows of ``latents``; and the distances to them, divided by the mean distance of a training
        clip to its nearest neighbor. Below 1 a sample is closer to a clip than clips usually are to
        each other.

    Example:
        >>> rows, distances = nearest_latent(torch.tensor([[0.0], [4.0]]), torch.tensor([[3.0]]))
        >>> rows.tolist(), distances.tolist()
        ([1], [0.25])
    """
    distance, row = torch.cdist(samples, latents).min(dim=1)
    between = torch.cdist(latents, latents)
    between.fill_diagonal_(torch.inf)
    typical = between.min(dim=1).values.mean()
    return row, distance / typical.clamp(min=1e-12)

"""Find what moves in clips, without labels."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor
from torch.nn import functional

from videospace.inrv.tracking.clustering import cluster_paths
from videospace.inrv.tracking.sprites import SpriteFit
from videospace.runtime.random import random_stream

COARSE_SIDE, FINE_SIDE = 16, 32
"""Height and width to which frames are reduced to search them, and to improve what was found."""
COARSE_ROUNDS, FINE_ROUNDS = 3, 1
CLIPS_AT_ONCE = 16
OTHER_BACKGROUND = 0.1
"""Difference from the usual background at which a pixel counts as another one."""
MOST_OTHER = 0.3
"""A clip in which at least this fraction of the pixels is another one has another background."""


class FoundTracks(NamedTuple):
    """The tracks of some clips."""

    paths: Float[Tensor, "clip track time hw=2"]
    """Centers in every frame, in [-1, 1] or a little outside."""
    pictures: Float[Tensor, "clip track height width"]
    """How much each thing differs from the background, around its center."""
    unexplained: Float[Tensor, " clip"]
    """Fraction of the energy of what differs from the background that the tracks do not explain."""


def find_tracks(
    clips: UInt8[Tensor, "clip time height width 3"],
    num_tracks: int,
    *,
    observed: Bool[Tensor, "clip time height width"] | None = None,
    usual: UInt8[Tensor, "height width 3"] | None = None,
    seed: int = 0,
) -> FoundTracks:
    """Find the paths of things that move.

    Args:
        clips: The clips, on any device.
        num_tracks: Things to follow in each clip.
        observed: True for pixels that count; None takes all. In frames in which nothing is
            observed, centers are those of the nearest frame.
        usual: The usual background of such clips, as for :func:`foreground`; None where it is not
            known.
        seed: Of the starting points.

    Example:
        >>> clips = torch.zeros(1, 6, 32, 32, 3, dtype=torch.uint8)
        >>> for time in range(6):
        ...     clips[0, time, 8:12, 4 * time : 4 * time + 4] = 255
        >>> path = find_tracks(clips, 1).paths[0, 0]
        >>> path[:, 1].diff().round(decimals=2).tolist()
        [0.25, 0.25, 0.25, 0.25, 0.25]

    Source: Jojic & Frey (2001), flexible sprites, with a search of whole frames.
    """
    parts = []
    for start in range(0, len(clips), CLIPS_AT_ONCE):
        some = slice(start, start + CLIPS_AT_ONCE)
        if observed is None:
            mass = foreground(clips[some], usual=usual)
            parts.append(_find(mass, num_tracks, seed + start))
        else:
            mass = foreground(clips[some], observed[some], usual)
            parts.append(_find_where_seen(mass, observed[some], num_tracks, seed + start))
    return FoundTracks(*map(torch.cat, zip(*parts, strict=True)))


def _find_where_seen(
    mass: Float[Tensor, "clip time height width"],
    observed: Bool[Tensor, "clip time height width"],
    num_tracks: int,
    seed: int,
) -> FoundTracks:
    """Find tracks in the frames in which something is observed: others would count as empty."""
    seen = observed.flatten(2).any(dim=2)
    found: list[FoundTracks] = [None] * len(mass)  # type: ignore[list-item]
    choices, choice_of_clip = seen.unique(dim=0, return_inverse=True)
    for choice, frames in enumerate(choices):
        times = frames.nonzero()[:, 0]
        if not len(times):
            times = torch.zeros(1, dtype=torch.long, device=mass.device)
        rows = (choice_of_clip == choice).nonzero()[:, 0]
        tracks = _find(mass[rows][:, times], num_tracks, seed)
        every = torch.arange(mass.shape[1], device=mass.device)
        nearest = (every[:, None] - times).abs().argmin(dim=1)
        tracks = tracks._replace(paths=tracks.paths[:, :, nearest])
        for row, *parts in zip(rows.tolist(), *tracks, strict=True):
            found[row] = FoundTracks(*parts)
    return FoundTracks(*map(torch.stack, zip(*found, strict=True)))


def _find(mass: Float[Tensor, "clip time height width"], num_tracks: int, seed: int) -> FoundTracks:
    generator = random_stream(seed, "starting points of tracks")
    paths = cluster_paths(mass, num_tracks, generator)
    paths = _fit_sprites(mass, paths, COARSE_SIDE, COARSE_ROUNDS, search=True).paths
    return _fit_sprites(mass, paths, FINE_SIDE, FINE_ROUNDS, search=False)


def _fit_sprites(
    mass: Float[Tensor, "clip time height width"],
    paths: Float[Tensor, "clip track time hw=2"],
    side: int,
    num_rounds: int,
    *,
    search: bool,
) -> FoundTracks:
    """Improve paths on reduced frames."""
    size = min(side, mass.shape[2]), min(side, mass.shape[3])
    scale = torch.tensor(size, device=mass.device) / 2
    fit = SpriteFit(functional.adaptive_avg_pool2d(mass, size), (paths + 1) * scale - 0.5)
    unexplained = mass.new_ones(len(mass))
    for index in range(num_rounds):
        fit.update_pictures(robust=index > 0 or not search)  # first guesses are often wrong
        unexplained = fit.update_centers(search=search)
    height, width = size
    pictures = fit.pictures.roll((height // 2, width // 2), dims=(2, 3))[..., :height, :width]
    return FoundTracks((fit.centers + 0.5) / scale - 1, pictures, unexplained)


def foreground(
    clips: UInt8[Tensor, "clip time height width 3"],
    observed: Bool[Tensor, "clip time height width"] | None = None,
    usual: UInt8[Tensor, "height width 3"] | None = None,
) -> Float[Tensor, "clip time height width"]:
    """How much each pixel differs from the background, in [0, 1].

    The background is the median of a clip over time. A few frames show too little of it: what
    hardly moves in them would be part of it. So it is the usual background where that agrees with
    most of the median.

    Args:
        clips: The clips.
        observed: True for pixels that count; others differ by 0. None takes all.
        usual: The usual background of such clips; None where it is not known.
    """
    known = clips.float()
    if observed is None:
        background = clips.median(dim=1, keepdim=True).values.float()
    else:
        known = known.masked_fill(~observed[..., None], torch.nan)
        background = known.nanmedian(dim=1, keepdim=True).values
    if usual is not None:
        difference = (background - usual.float()).abs().mean(dim=-1).flatten(1)
        num_other = (difference > OTHER_BACKGROUND * 255).sum(dim=1)
        background[num_other < MOST_OTHER * difference.isfinite().sum(dim=1)] = usual.float()
    return (known - background).abs().mean(dim=-1).nan_to_num() / 255

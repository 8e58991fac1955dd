"""How many things move in clips: as many as explain frames that were not searched."""

from typing import NamedTuple

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

from videospace.inrv.tracking.find_tracks import FoundTracks, find_tracks, foreground
from videospace.inrv.tracking.sprites import SpriteFit

MAX_TRACKS = 4
LEAST_GAIN = 0.08
"""A further track has to explain this fraction of what differs from the background."""
REACH = 0.25
"""How far from its expected position a track is looked for, where a frame is 2 wide."""


class TrackCount(NamedTuple):
    """A number of tracks, and what it was chosen by."""

    num_tracks: int
    """Tracks of every clip; 0 if tracks explain too little."""
    unexplained: tuple[float, ...]
    """Fractions of the energy of the foreground that a still picture, 1, 2, ... tracks leave
    unexplained."""


def choose_num_tracks(
    clips: UInt8[Tensor, "clip time height width 3"], *, max_tracks: int = MAX_TRACKS, seed: int = 0
) -> TrackCount:
    """Choose a number of tracks by the error in frames that the tracks were not found in.

    Tracks are found in every other frame. In each frame between, their pictures are placed near the
    middle of the two neighboring positions. Tracks are added while each explains something more;
    the first has to explain more than a picture that does not move.

    Args:
        clips: Some clips of a set; a few dozen suffice.
        max_tracks: The most tracks to try.
        seed: Of the search.

    Returns:
        The number; 0 for clips of fewer than 3 frames.

    Example:
        >>> clips = torch.zeros(1, 9, 32, 32, 3, dtype=torch.uint8)
        >>> for time in range(9):
        ...     clips[0, time, 8:14, 3 * time : 3 * time + 6] = 255
        >>> choose_num_tracks(clips).num_tracks
        1
    """
    mass = foreground(clips)
    unexplained = [float(_still_errors(mass).mean())]
    while len(unexplained) <= max_tracks and clips.shape[1] >= 3:
        found = find_tracks(clips[:, ::2], len(unexplained), seed=seed)
        unexplained.append(float(_errors(mass[:, 1::2], found).clamp(max=1).mean()))
        if unexplained[-2] - unexplained[-1] < LEAST_GAIN:
            return TrackCount(len(unexplained) - 2, tuple(unexplained))
    return TrackCount(len(unexplained) - 1, tuple(unexplained))


def _still_errors(mass: Float[Tensor, "clip time height width"]) -> Float[Tensor, " clip"]:
    """What the mean of the even frames' foreground leaves unexplained in odd frames."""
    odd = mass[:, 1::2]
    rest = odd - mass[:, ::2].mean(dim=1, keepdim=True)
    energy = odd.square().flatten(1).sum(dim=1).clamp(min=1e-9)
    return (rest.square().flatten(1).sum(dim=1) / energy).clamp(max=1)


def _errors(
    odd: Float[Tensor, "clip time height width"], found: FoundTracks
) -> Float[Tensor, " clip"]:
    """What the tracks that were found in even frames leave unexplained in odd frames."""
    num_odd = odd.shape[1]
    later = [min(time + 1, found.paths.shape[2] - 1) for time in range(num_odd)]
    centers = (found.paths[:, :, :num_odd] + found.paths[:, :, later]) / 2
    size = found.pictures.shape[2], found.pictures.shape[3]
    mass = functional.adaptive_avg_pool2d(odd, size)
    fit = SpriteFit(mass, (centers + 1) * torch.tensor(size, device=mass.device) / 2 - 0.5)
    fit.set_pictures(found.pictures)
    fit.reach = REACH / 2 * max(size)
    return fit.update_centers(search=False)

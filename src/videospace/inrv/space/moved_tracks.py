"""Moving tracks: their things follow, and the rest of the clip stays as it is."""

import dataclasses
from typing import Annotated

import torch
from jaxtyping import Float
from msgspec import Meta
from torch import Tensor

from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.tracks import join_latents, path_weights, split_latents, window
from videospace.runtime.errors import UserError
from videospace.runtime.reading.bounds import check_bounds

Distance = Annotated[float, Meta(ge=-4, le=4)]
Time = Annotated[float, Meta(ge=-1, le=1)]
Reach = Annotated[float, Meta(ge=0, le=4)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrackMove:
    """How far the path of a track is moved: all of it, or the part around a time.

    Distances are coordinates, in which a frame is 2 high and 2 wide.

    Raises:
        UserError: A number is out of its bounds, or not finite.
    """

    track: Annotated[int, Meta(ge=0, le=1000)]
    """Number of the track, from 0."""
    down: Distance = 0.0
    """Distance down, or up if it is negative."""
    right: Distance = 0.0
    """Distance to the right, or to the left if it is negative."""
    time: Time = 0.0
    """Where the path is bent; -1 is the first frame, 1 the last. Not used without ``reach``."""
    reach: Reach | None = None
    """Only what is nearer to ``time`` than this is moved, the less the farther away, but always the
    nearest keyframes of the path. None: the whole path is moved."""

    __post_init__ = check_bounds

    @classmethod
    def from_text(cls, text: str) -> "TrackMove":
        """A move that is written as ``TRACK,DOWN,RIGHT`` or ``TRACK,DOWN,RIGHT,TIME,REACH``.

        Args:
            text: The numbers.

        Raises:
            UserError: The text is not written so, or a number is out of its bounds.

        Example:
            >>> TrackMove.from_text("1,0.5,-0.25")
            TrackMove(track=1, down=0.5, right=-0.25, time=0.0, reach=None)
        """
        try:
            track, down, right, *bend = text.split(",")
            time, reach = map(float, bend) if bend else (0.0, None)
            numbers = int(track), float(down), float(right)
        except ValueError as error:
            raise UserError(
                "expected a move as TRACK,DOWN,RIGHT or TRACK,DOWN,RIGHT,TIME,REACH, "
                f"got '{text:.80}'"
            ) from error
        return cls(track=numbers[0], down=numbers[1], right=numbers[2], time=time, reach=reach)


def moved_path(
    latents: Float[Tensor, "*clip latent"], move: TrackMove, config: LatentConfig
) -> Float[Tensor, "*clip latent"]:
    """Move the path of a track.

    Where only a part of it is moved, the keyframes are moved so that the center at ``move.time``
    moves by exactly the distance, also between two keyframes.

    Args:
        latents: One latent, or many.
        move: The track, and how far it is moved.
        config: Of the latents.

    Returns:
        New latents. Moves of a latent can be made in any order.

    Raises:
        UserError: The latents have no such track.

    Example:
        >>> config = LatentConfig(width=1, num_tracks=1, look_width=1, num_path_keyframes=3)
        >>> moved_path(torch.zeros(8), TrackMove(track=0, down=0.5), config).tolist()
        [0.0, 0.0, 0.5, 0.0, 0.5, 0.0, 0.5, 0.0]
        >>> moved_path(torch.zeros(8), TrackMove(track=0, down=0.5, reach=1.0), config).tolist()
        [0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0]
    """
    require_track(move.track, config)
    parts = split_latents(latents, config)
    by = torch.tensor([move.down, move.right], device=latents.device)
    weights = _keyframe_shares(move, config.num_path_keyframes).to(latents.device)
    paths = parts.paths.clone()
    paths[..., move.track, :, :] += weights[:, None] * by
    return join_latents(parts._replace(paths=paths))


def track_centers(
    latents: Float[Tensor, "*clip latent"], times: Float[Tensor, " time"], config: LatentConfig
) -> Float[Tensor, "*clip track time hw=2"]:
    """The centers of all tracks at some times.

    Args:
        latents: One latent, or many.
        times: -1 is the first frame, 1 the last.
        config: Of the latents.

    Returns:
        Coordinates from the top (-1) to the bottom (1) and from left to right; a thing that is not
        in the frame has others.

    Raises:
        UserError: The latents have no tracks.
    """
    require_track(0, config)
    weights = path_weights(times, config.num_path_keyframes)
    return torch.einsum("tm,...kmx->...ktx", weights, split_latents(latents, config).paths)


def require_track(track: int, config: LatentConfig) -> None:
    """Require that latents have a track.

    Args:
        track: Its number, from 0.
        config: Of the latents.

    Raises:
        UserError: They have none, or fewer.
    """
    if not config.num_tracks:
        raise UserError("this space has no tracks: it was trained without --tracks")
    if track >= config.num_tracks:
        raise UserError(f"expected a track from 0 to {config.num_tracks - 1}, got {track}")


def _keyframe_shares(move: TrackMove, num_keyframes: int) -> Float[Tensor, " keyframe"]:
    """The share of the distance by which each keyframe of the path is moved."""
    if move.reach is None or num_keyframes == 1:
        return torch.ones(num_keyframes)
    time = torch.tensor([move.time])
    reach = max(move.reach, 2 / (num_keyframes - 1))
    shares = window(torch.linspace(-1, 1, num_keyframes), time, reach)
    return shares / (path_weights(time, num_keyframes)[0] @ shares)

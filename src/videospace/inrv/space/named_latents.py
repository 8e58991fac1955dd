"""Latents of a space by name: clip ids, latent files, and single latents of such a file."""

import os.path
import re
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.inrv.model.inr import Layer, joined_layers, zero_weight_offsets
from videospace.inrv.space.latent_files import LatentFile, load_latents
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.errors import UserError, did_you_mean


def find_latent(space: VideoSpace, name: str) -> Float[Tensor, " latent"]:
    """Find the latent that a name stands for.

    Args:
        space: The space to look in.
        name: A clip id; ``FILE.npz`` with one latent; or ``FILE.npz:NAME`` or ``FILE.npz:3`` for
            one of several, by its name or its number from 0. A clip id takes precedence over a
            file, and a name over a number.

    Raises:
        UserError: There is no such clip or file, the file belongs to another space, or it holds
            several latents and the name chooses none.

    Example:
        >>> from videospace.inrv.model.inrv_model import InrvModel, ModelConfig
        >>> from videospace.inrv.space.video_space import ClipShape
        >>> shape = ClipShape(num_frames=4, height=6, width=8, fps=25.0)
        >>> space = VideoSpace(InrvModel(ModelConfig()), torch.ones(1, 128), ["face"], shape)
        >>> find_latent(space, "face").shape
        torch.Size([128])
    """
    found = _find(space, name)
    if len(found.names) > 1:
        raise UserError(
            f"'{name}' holds {len(found.names)} latents: choose one, "
            f"as {name}:{found.names[0]} or {name}:0"
        )
    return found.latents[0]


def find_latents(space: VideoSpace, names: Sequence[str]) -> LatentFile:
    """Find the latents that several names stand for; a latent file stands for all its latents.

    Args:
        space: The space to look in.
        names: At least one, as in :func:`find_latent`.

    Returns:
        The latents in this order, with their own names. If one of them has weight offsets, all
        have; those of the others are zero. ``fps`` is None where the clips differ; a latent file
        without a rate counts as the space's rate.

    Raises:
        UserError: As in :func:`find_latent`; or no name.

    Example:
        >>> space = VideoSpace.from_pretrained("bouncing-ball")
        >>> find_latents(space, ["ball-010", "ball-030"]).latents.shape
        torch.Size([2, 8])
    """
    if not names:
        raise UserError("expected at least one clip id or latent file, got none")
    found = [_find(space, name) for name in names]
    rates = {part.fps or space.clip.fps for part in found}
    return LatentFile(
        latents=torch.cat([part.latents for part in found]),
        names=[name for part in found for name in part.names],
        weight_offsets=_joined_weight_offsets(space, found),
        fps=rates.pop() if len(rates) == 1 else None,
    )


def _joined_weight_offsets(space: VideoSpace, found: list[LatentFile]) -> list[Layer] | None:
    """The weight offsets of all latents as one batch, zero for those without; None if all are."""
    if not any(part.weight_offsets for part in found):
        return None
    shapes = space.model.hypernetwork.shapes
    return joined_layers(
        [
            part.weight_offsets or zero_weight_offsets(shapes, len(part.latents), space.device)
            for part in found
        ]
    )


def _find(space: VideoSpace, name: str) -> LatentFile:
    """The clip of the space, or the latents of the file, that a name stands for."""
    ends = [match.end() for match in re.finditer(r"\.npz(?=:|\Z)", name, re.IGNORECASE)]
    if name in space.ids or not ends:
        return LatentFile(latents=space.latent(name)[None], names=[name], fps=space.clip.fps)
    # The name of a file may contain ".npz:", so the longest path that exists is taken.
    for end in reversed(ends):
        path, choice = name[:end], name[end + 1 :]
        if os.path.exists(path):
            content = load_latents(path, space)
            return _part(content, _row(content.names, choice, path)) if choice else content
    raise UserError(
        f"no latent file '{name[: ends[0]]}', and no clip '{name}' among the "
        f"{len(space.ids)} of this space"
    )


def _row(names: list[str], choice: str, path: str) -> int:
    """The row of the latent that is chosen by its name or number."""
    if names.count(choice) == 1:
        return names.index(choice)
    numbers = [str(number) for number in range(len(names))]
    if choice in names:
        raise UserError(
            f"'{path}' holds several latents named '{choice}': choose one by its number, "
            f"{path}:0 to {path}:{numbers[-1]}"
        )
    if choice in numbers:
        return int(choice)
    hint = did_you_mean(choice, names)
    raise UserError(
        f"no latent '{choice}' among the {len(names)} of '{path}', numbered from 0{hint}"
    )


def _part(content: LatentFile, row: int) -> LatentFile:
    """One latent of a file, with its weight offsets."""
    rows = slice(row, row + 1)
    offsets = [Layer(weight[rows], bias[rows]) for weight, bias in content.weight_offsets or []]
    return LatentFile(
        latents=content.latents[rows],
        names=content.names[rows],
        weight_offsets=offsets or None,
        fps=content.fps,
    )

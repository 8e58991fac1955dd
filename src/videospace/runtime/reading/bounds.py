"""Bounds of the numbers in a configuration, declared with its fields."""

import functools
import numbers
import operator
import typing
from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from videospace.runtime.errors import UserError

Seed = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
BelowOne = Annotated[float, Meta(ge=0, lt=1)]
NotNegative = Annotated[float, Meta(ge=0, le=1e36)]
Positive = Annotated[float, Meta(gt=0, le=1e36)]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Fps = Annotated[float, Meta(gt=0, le=1e6)]
"""Frames per second."""
NumFrames = Annotated[int, Meta(ge=1, le=1_000_000)]
"""Frames of a clip."""
SidePx = Annotated[int, Meta(ge=1, le=65_536)]
"""Height or width of a clip."""
LayerWidth = Annotated[int, Meta(ge=1, le=65_536)]
"""Units of a layer, or numbers of a latent."""
NumLayers = Annotated[int, Meta(ge=0, le=32)]
"""Hidden layers of a network."""
NumTracks = Annotated[int, Meta(ge=0, le=64)]
"""Things that are followed in a clip."""

_SIGNS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


def check_bounds(config: object) -> None:
    """Require that the numbers of a dataclass are within the bounds that its annotations declare.

    A dataclass calls it in ``__post_init__``, so that its bounds hold for files, the command line
    and Python alike. Files are checked by
    :func:`videospace.runtime.reading.json_config.config_from_json`, which reads the same bounds.

    Args:
        config: The dataclass; a field that is None, or declares no bounds, is passed over.

    Raises:
        UserError: A number is out of its bounds, or is not a number at all.

    Example:
        >>> import dataclasses
        >>> @dataclasses.dataclass(frozen=True)
        ... class Network:
        ...     num_layers: Annotated[int, Meta(ge=0, le=64)] = 3
        ...     __post_init__ = check_bounds
        >>> Network(num_layers=65)
        Traceback (most recent call last):
        ...
        videospace.runtime.errors.UserError: Network: expected num_layers >= 0 and <= 64, got 65
    """
    for name, bounds in _bounds_of(type(config)).items():
        value = getattr(config, name)
        if value is not None and not _within(value, bounds):
            wanted = " and ".join(f"{_SIGNS[kind]} {bound:g}" for kind, bound in bounds.items())
            where = type(config).__name__
            raise UserError(f"{where}: expected {name} {wanted}, got {value!r:.80}")


@functools.cache
def _bounds_of(kind: type[Any]) -> Mapping[str, Mapping[str, Any]]:
    """By field, its bounds by the names that msgspec gives them."""
    hints = typing.get_type_hints(kind, include_extras=True)
    found = {name: _bounds_in(hint) for name, hint in hints.items()}
    return {name: bounds for name, bounds in found.items() if bounds}


def _bounds_in(hint: Any) -> dict[str, Any]:
    """The bounds of a hint such as ``Annotated[int, Meta(ge=1)] | None``."""
    if metas := [meta for meta in getattr(hint, "__metadata__", ()) if isinstance(meta, Meta)]:
        bounds = {kind: getattr(metas[0], kind) for kind in _SIGNS}
        return {kind: bound for kind, bound in bounds.items() if bound is not None}
    inner = map(_bounds_in, typing.get_args(hint)) if _is_optional(hint) else iter(())
    return next(filter(None, inner), {})


def _is_optional(hint: Any) -> bool:
    return type(None) in typing.get_args(hint)


def _within(value: Any, bounds: Mapping[str, Any]) -> bool:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return False
    return all(getattr(operator, kind)(value, bound) for kind, bound in bounds.items())


MAX_CLIP_POINTS = 2**31
"""Frames x height x width of a clip at most, which are 6 GB of colors."""


def check_clip_size(num_frames: int, height: int, width: int) -> None:
    """Require a size that a clip can have.

    Raises:
        UserError: It has no pixel, or more than fit into memory.
    """
    smallest, points = min(num_frames, height, width), num_frames * height * width
    if smallest < 1 or points > MAX_CLIP_POINTS:
        raise UserError(
            f"expected clips of at least 1 frame of 1x1 px, and of at most {MAX_CLIP_POINTS:,} "
            f"pixels in all frames, got {num_frames} frames of {height}x{width} px"
        )

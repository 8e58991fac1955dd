"""Fields and values that have a new name: the old ones are still understood, with a warning."""

import functools
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

Config = TypeVar("Config")
Tensor = TypeVar("Tensor")


class Renames(NamedTuple):
    """What the fields of a configuration, and their values, were once called."""

    fields: Mapping[str, str]
    """New names of fields by old ones."""
    values: Mapping[str, Mapping[str, Any]]
    """For each field, by its new name, new values by old ones."""


def renamed(
    *,
    fields: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, Any]] | None = None,
) -> Callable[[type[Config]], type[Config]]:
    """Let a dataclass take its old field names and values in its constructor, with a warning.

    Args:
        fields: New names of fields by old ones.
        values: For each field, by its new name, new values by old ones.

    Example:
        >>> import dataclasses
        >>> @renamed(fields={"breadth": "width"})
        ... @dataclasses.dataclass(frozen=True, kw_only=True)
        ... class Size:
        ...     width: int = 1
        >>> with warnings.catch_warnings(action="ignore"):
        ...     Size(breadth=3)
        Size(width=3)
    """
    renames = Renames(fields or {}, values or {})

    def decorate(kind: type[Config]) -> type[Config]:
        original = kind.__init__

        @functools.wraps(original)
        def construct(self: Config, *positional: Any, **named: Any) -> None:
            for old, new in renames.fields.items():
                if old in named:  # beside the new one where dataclasses.replace calls
                    named[new] = named.pop(old)
                    _warn(f"{kind.__name__}: '{old}' is now called '{new}'")
            for name, new_by_old in renames.values.items():
                if (new_value := _new_value(new_by_old, named.get(name))) is not None:
                    _warn(f"{kind.__name__}.{name}: {named[name]!r} is now called {new_value!r}")
                    named[name] = new_value
            original(self, *positional, **named)

        kind.__init__ = construct
        kind.__renames__ = renames  # type: ignore[attr-defined]
        return kind

    return decorate


def _new_value(new_by_old: Mapping[str, Any], value: Any) -> Any:
    return new_by_old.get(value) if isinstance(value, str) else None


def _warn(message: str) -> None:
    warnings.warn(
        f"{message}; the old name will not work in the next version", FutureWarning, stacklevel=4
    )


def in_new_names(kind: Any, content: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a configuration that an earlier version wrote, in the names of this one.

    Args:
        kind: The dataclass that was written.
        content: Its fields, read from JSON; fields inside fields are left as they are.

    Example:
        >>> from videospace.inrv.model.latents import LatentConfig
        >>> in_new_names(LatentConfig, {"normalise": True})
        {'normalize': True}
    """
    renames: Renames = getattr(kind, "__renames__", Renames({}, {}))
    found = {}
    for key, value in content.items():
        new = renames.fields.get(key, key)
        name = key if new in content else new
        new_value = _new_value(renames.values.get(name, {}), value)
        found[name] = value if new_value is None else new_value
    return found


def with_renamed_modules(
    tensors: Mapping[str, Tensor], renames: Mapping[str, str]
) -> dict[str, Tensor]:
    """Tensors under the names that the modules which hold them have now.

    Args:
        tensors: By name, such as ``"model.mixer.0.weight"``.
        renames: New names of modules by old ones, wherever they stand in the name of a tensor;
            applied in this order.

    Example:
        >>> with_renamed_modules({"model.mixer.0.weight": 3}, {"mixer": "latent_map"})
        {'model.latent_map.0.weight': 3}
    """
    found = {}
    for name, value in tensors.items():
        path = f".{name}"
        for old, new in renames.items():
            path = path.replace(f".{old}.", f".{new}.")
        found[path[1:]] = value
    return found

"""Read configurations and records from JSON, strictly: another program may have written it."""

import dataclasses
import functools
import math
import re
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from videospace.runtime.errors import UserError
from videospace.runtime.reading.renamed import in_new_names

Config = TypeVar("Config")

_MESSAGE = re.compile(r"(?P<text>.*?)(?: - at `\$(?P<path>[^`]*)`)?", re.DOTALL)
_WRONG_TYPE = re.compile(r"Expected `(?P<type>[^`]*)`(?P<bound>[^,]*)")


def config_from_json(
    kind: type[Config], content: Any, where: str, *, with_defaults: bool = False
) -> Config:
    """Build a dataclass from what :func:`dataclasses.asdict` and JSON made of it.

    Fields and values that an earlier version wrote are read under their new names.

    Args:
        kind: A dataclass whose fields are numbers, strings, literals, tuples, unions with None, or
            dataclasses again. Numbers may have bounds (:mod:`videospace.runtime.reading.bounds`).
        content: The JSON object.
        where: The file and the path in it, for messages.
        with_defaults: Whether fields that have a default may be missing, as in records that an
            older version wrote.

    Raises:
        UserError: A field is unknown, missing, of another type, out of its bounds, or not finite.

    Example:
        >>> from videospace.inrv.model.latents import LatentConfig
        >>> config_from_json(LatentConfig, {"normalise": True}, "here", with_defaults=True).width
        128
    """
    fields = _fields_from_json(kind, content, where, with_defaults)
    try:
        return msgspec.convert(fields, kind, strict=True)
    except msgspec.ValidationError as error:
        raise UserError(_explanation(error, kind, fields, where)) from error


def _fields_from_json(
    kind: type[Any], content: Any, where: str, with_defaults: bool
) -> dict[str, Any]:
    """The fields under their new names, once it is clear that they are the right ones."""
    if not isinstance(content, Mapping):
        raise UserError(f"{where}: expected an object, got {content!r:.80}")
    content = in_new_names(kind, content)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    if unknown := sorted(content.keys() - fields.keys()):
        raise UserError(
            f"{where} has the unknown field '{unknown[0]}': expected {', '.join(sorted(fields))}"
        )
    missing = fields.keys() - content.keys()
    if with_defaults:
        missing = {name for name in missing if _is_required(fields[name])}
    if missing:
        raise UserError(f"{where} lacks the field '{min(missing)}'")
    hints = _hints(kind)
    return {
        name: _value_from_json(hints[name], value, f"{where}.{name}", with_defaults)
        for name, value in content.items()
    }


def _value_from_json(hint: Any, value: Any, where: str, with_defaults: bool) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{where}: expected a finite number, got {value}")
    if isinstance(value, list):
        return [
            _value_from_json(hint, item, f"{where}[{index}]", with_defaults)
            for index, item in enumerate(value)
        ]
    kind = _dataclass_in(hint)
    if kind is not None and isinstance(value, Mapping):
        return _fields_from_json(kind, value, where, with_defaults)
    return value


_hints = functools.cache(typing.get_type_hints)
"""The types of a dataclass's fields, without their bounds."""


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _dataclass_in(hint: Any) -> type[Any] | None:
    """The dataclass that a hint is made of, such as A for ``tuple[A, ...]`` and ``A | None``."""
    if dataclasses.is_dataclass(hint):
        return typing.cast(type, hint)
    inner = map(_dataclass_in, typing.get_args(hint))
    return next((kind for kind in inner if kind is not None), None)


def _explanation(
    error: msgspec.ValidationError, kind: type[Any], fields: Mapping[str, Any], where: str
) -> str:
    """What msgspec found, with the value and the path from the file on."""
    found = typing.cast(re.Match[str], _MESSAGE.fullmatch(str(error)))
    hint: Any = kind
    value: Any = fields
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", found["path"] or ""):
        if name:
            hint = _hints(typing.cast(type, _dataclass_in(hint)))[name]
        value = value[name or int(index)]
    path = f"{where}{found['path'] or ''}"
    if wrong_type := _WRONG_TYPE.match(found["text"]):
        return f"{path}: expected {wrong_type['type']}{wrong_type['bound']}, got {value!r:.80}"
    if typing.get_origin(hint) is typing.Literal:
        options = ", ".join(map(repr, typing.get_args(hint)))
        return f"{path}: expected one of {options}, got {value!r:.80}"
    return f"{path}: {found['text']}"

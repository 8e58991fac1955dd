"""Records as JSON holds them, read strictly: what another program wrote may be anything."""

import dataclasses
import types
import typing
from typing import Any, Literal, TypeVar

from videospace.runtime.errors import UserError

Record = TypeVar("Record")


def record_from_json(kind: type[Record], item: Any, where: str) -> Record:
    """Build a record from what :func:`dataclasses.asdict` and JSON made of it.

    Args:
        kind: A dataclass of texts, numbers, literals, tuples of these, and such dataclasses again.
            Fields with a default may be missing, as in what an older version wrote.
        item: What stands in the JSON.
        where: The file, for messages.

    Raises:
        UserError: A field is unknown, missing or of another type.

    Example:
        >>> from videospace.lipreading.profile.records import ProfileSettings
        >>> record_from_json(ProfileSettings, {"person": "Ann"}, "profile.json").person
        'Ann'
    """
    hints = typing.get_type_hints(kind)
    required = {
        field.name
        for field in dataclasses.fields(kind)  # type: ignore[arg-type]
        if field.default is dataclasses.MISSING
    }
    if not isinstance(item, dict) or not required <= item.keys() <= hints.keys():
        raise UserError(f"{where}: expected the fields {', '.join(hints)}, got {item!r:.80}")
    return kind(**{name: _value(hints[name], name, item[name], where) for name in item})


def _value(hint: Any, name: str, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return record_from_json(typing.cast(type, hint), value, where)
    if not _fits(hint, value):
        raise UserError(f"{where}: expected {hint} for {name}, got {value!r:.80}")
    return tuple(value) if isinstance(value, list) else value


def _fits(hint: Any, value: Any) -> bool:
    parts = typing.get_args(hint)
    if typing.get_origin(hint) is Literal:
        return value in parts
    if typing.get_origin(hint) is tuple:
        return isinstance(value, list) and all(_fits(parts[0], item) for item in value)
    if isinstance(hint, types.UnionType):
        return any(_fits(part, value) for part in parts)
    return type(value) is hint or (hint is float and type(value) is int)

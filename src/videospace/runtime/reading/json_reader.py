"""The one reader of JSON: whatever a file holds, the answer is plain data or a clear error."""

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np

from videospace.runtime.errors import UserError
from videospace.runtime.reading.bounded_file import read_file

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
MAX_INTEGER = 2**63 - 1

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET_DEPTHS = np.zeros(256, np.int8)
_BRACKET_DEPTHS[list(b"[{")] = 1
_BRACKET_DEPTHS[list(b"]}")] = -1
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def read_json(
    content: str | bytes | bytearray,
    where: str,
    *,
    max_bytes: int = MAX_BYTES,
    max_depth: int = MAX_DEPTH,
) -> Any:
    """Read JSON of unknown origin.

    Args:
        content: The text, or its bytes in UTF-8.
        where: What it is, for messages, such as the quoted path of the file.
        max_bytes: Longest text. The result needs up to thirty times as much memory.
        max_depth: How deep lists and objects may be nested.

    Returns:
        Numbers are finite, and integers fit into 64 bits; texts can be written as UTF-8.

    Raises:
        UserError: It is no JSON, exceeds a limit, or names a field of an object twice.

    Example:
        >>> read_json('{"fps": 25}', "here")
        {'fps': 25}
        >>> read_json('{"fps": NaN}', "here")
        Traceback (most recent call last):
        ...
        videospace.runtime.errors.UserError: here: expected JSON, but NaN is no number in it
    """
    try:
        encoded = content.encode() if isinstance(content, str) else content
        if len(encoded) > max_bytes:
            raise ValueError(f"expected at most {max_bytes:,} bytes, got {len(encoded):,}")
        text = content if isinstance(content, str) else content.decode()
        _check_depth(encoded, max_depth)
        value = _DECODER.decode(text)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()  # fails for half a character
        return value
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise UserError(f"{where}: expected JSON in UTF-8: {error.reason}") from error
    except ValueError as error:
        raise UserError(f"{where}: expected JSON, but {error}") from error


def read_json_file(path: Path, *, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """Read a file that holds a JSON object.

    Args:
        path: The file.
        max_bytes: The largest file.

    Raises:
        UserError: The file is missing, or holds something else.
    """
    content = read_file(path, max_bytes=max_bytes)
    value = read_json(content, f"'{path}'", max_bytes=max_bytes)
    if not isinstance(value, dict):
        raise UserError(f"expected a JSON object in '{path}', got {type(value).__name__}")
    return value


def _check_depth(encoded: bytes | bytearray, max_depth: int) -> None:
    if encoded.count(b"[") + encoded.count(b"{") <= max_depth:
        return
    outside = np.frombuffer(_STRING.sub(b"", encoded), np.uint8)
    depths = np.cumsum(_BRACKET_DEPTHS[outside], dtype=np.int32)
    if depths.max(initial=0) > max_depth:
        raise ValueError(f"it is nested deeper than {max_depth} levels")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the field {twice!r:.80} occurs twice")
    return content


def _integer(digits: str) -> int:
    if len(digits) > 20 or abs(value := int(digits)) > MAX_INTEGER:
        raise ValueError(f"the number {digits[:24]} does not fit into 64 bits")
    return value


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"the number {digits[:24]} is too large")
    return value


def _constant(name: str) -> float:
    raise ValueError(f"{name} is no number in it")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_number,
    parse_constant=_constant,
)

"""JSON that nobody means well with: a valid document in which one field is something else."""

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

NASTY = (10**9, -1, 0, 1e308, True, None, "x" * 10_000, [[[[]]]], {}, 2**63 - 1, -0.5, "", [None])

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)


def paths(document: Any) -> Iterator[tuple[str | int, ...]]:
    """The path of every field of a document, including objects and lists."""
    inner = document.items() if isinstance(document, dict) else enumerate(document)
    for name, value in inner:
        yield (name,)
        if isinstance(value, (dict, list)):
            yield from ((name, *rest) for rest in paths(value))


def replaced(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """A copy of a document in which one field has another value."""
    changed = inner = copy.deepcopy(document)
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return changed

"""Advice for the user when memory runs out."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import TypeVar

import torch

from videospace.runtime.errors import UserError

Item = TypeVar("Item")
OUT_OF_MEMORY_TEXTS = ("not enough memory", "can't allocate memory", "out of memory")
"""How PyTorch words a plain RuntimeError when the CPU or a library runs out of memory."""


@contextlib.contextmanager
def out_of_memory_hint(memory_hint: str) -> Iterator[None]:
    """Turn an out-of-memory error into a message of one line that says what to reduce.

    Args:
        memory_hint: The flags to lower, in words.

    Raises:
        UserError: The block ran out of memory.

    Example:
        >>> with out_of_memory_hint("--height"):
        ...     raise MemoryError("want 70 GiB")
        Traceback (most recent call last):
        ...
        videospace.runtime.errors.UserError: out of memory (want 70 GiB): lower --height
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        text = str(error).partition("\n")[0].rstrip(".")
        is_memory_error = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not is_memory_error and not any(known in text for known in OUT_OF_MEMORY_TEXTS):
            raise
        reason = f" ({text})" if text else ""
        raise UserError(f"out of memory{reason}: lower {memory_hint}") from error


def with_memory_hint(items: Iterable[Item], memory_hint: str) -> Iterator[Item]:
    """Yield items; running out of memory while one is made is reported as above."""
    with out_of_memory_hint(memory_hint):
        yield from items

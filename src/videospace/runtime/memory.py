"""What is said when memory does not suffice."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import TypeVar

import torch

from videospace.runtime.errors import UserError

Item = TypeVar("Item")
SIGNS = ("not enough memory", "can't allocate memory", "out of memory")
"""What PyTorch says in a RuntimeError of no type of its own, on the CPU and in its libraries."""


@contextlib.contextmanager
def memory_errors_advise(what_to_lower: str) -> Iterator[None]:
    """Turn an error for want of memory into one line that says what needs less.

    Args:
        what_to_lower: A flag or several, in words.

    Raises:
        UserError: Memory did not suffice inside the block.

    Example:
        >>> with memory_errors_advise("--height"):
        ...     raise MemoryError("want 70 GiB")
        Traceback (most recent call last):
        ...
        videospace.runtime.errors.UserError: out of memory (want 70 GiB): lower --height
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        text = str(error).partition("\n")[0].rstrip(".")
        of_memory = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not of_memory and not any(sign in text for sign in SIGNS):
            raise
        reason = f" ({text})" if text else ""
        raise UserError(f"out of memory{reason}: lower {what_to_lower}") from error


def advised(items: Iterable[Item], what_to_lower: str) -> Iterator[Item]:
    """Pass items on; memory that does not suffice to make one is an error as above."""
    with memory_errors_advise(what_to_lower):
        yield from items

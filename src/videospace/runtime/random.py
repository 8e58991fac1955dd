"""Random streams by name: every purpose has its own generator, and no two streams coincide."""

import contextlib
import hashlib
from collections.abc import Iterator

import numpy as np
import torch

from videospace.runtime.errors import UserError


def random_stream(seed: int, name: str, *position: int) -> torch.Generator:
    """Return a generator on the CPU for one purpose of a run.

    Streams with different names or positions are independent.

    Args:
        seed: Seed of the run, at least 0.
        name: The purpose, such as ``"clip order"``.
        position: Position in the run, such as the number of a step; each at least 0 and below 2³².

    Raises:
        UserError: The seed is negative.

    Example:
        >>> first = torch.rand(2, generator=random_stream(0, "clip order", 7))
        >>> again = torch.rand(2, generator=random_stream(0, "clip order", 7))
        >>> other = torch.rand(2, generator=random_stream(0, "points", 7))
        >>> bool((first == again).all()), bool((first == other).any())
        (True, False)

    Source: NumPy's ``SeedSequence``, whose spawn key is the name's digest and the position.
    """
    if seed < 0:
        raise UserError(f"expected a seed of at least 0, got {seed}")
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    sequence = np.random.SeedSequence(seed, spawn_key=(key, *position))
    return torch.Generator().manual_seed(int(sequence.generate_state(1, np.uint64)[0]))


@contextlib.contextmanager
def global_random_stream(
    seed: int, name: str, *position: int, device: torch.device | None = None
) -> Iterator[None]:
    """Make PyTorch's global generators a random stream, and restore them after the block.

    It serves code that takes no generator, such as the initialization of modules and dropout.

    Args:
        seed: As in :func:`random_stream`.
        name: As in :func:`random_stream`.
        position: As in :func:`random_stream`.
        device: A GPU whose generator is used, too.

    Example:
        >>> with global_random_stream(0, "weights"):
        ...     first = torch.nn.Linear(2, 2)
        >>> with global_random_stream(0, "weights"):
        ...     again = torch.nn.Linear(2, 2)
        >>> bool((first.weight == again.weight).all())
        True
    """
    gpus = [device] if device is not None and device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        torch.manual_seed(random_stream(seed, name, *position).initial_seed())
        yield

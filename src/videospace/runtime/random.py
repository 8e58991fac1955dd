"""Random streams by name: whatever draws has a stream of its own, and no two are the same."""

import hashlib

import numpy as np
import torch


def random_stream(seed: int, name: str, *position: int) -> torch.Generator:
    """A generator on the CPU for one purpose of a run.

    Streams of different names, or at different positions, are independent.

    Args:
        seed: Of the run, at least 0.
        name: What is drawn, such as ``"clip order"``.
        position: Where in the stream to begin, such as the number of a step; each at least 0.

    Example:
        >>> first = torch.rand(2, generator=random_stream(0, "clip order", 7))
        >>> again = torch.rand(2, generator=random_stream(0, "clip order", 7))
        >>> other = torch.rand(2, generator=random_stream(0, "points", 7))
        >>> bool((first == again).all()), bool((first == other).any())
        (True, False)

    Source: NumPy's ``SeedSequence``, whose spawn key is the name's digest and the position.
    """
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    sequence = np.random.SeedSequence(seed, spawn_key=(key, *position))
    return torch.Generator().manual_seed(int(sequence.generate_state(1, np.uint64)[0]))

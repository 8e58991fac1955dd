"""Which clips a step of training on a person's clips looks at."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from videospace.lipreading.adaptation_config import AdaptationConfig
from videospace.lipreading.variational import VariationalConfig

Pair = tuple[int, int]
"""Rows of a clip of the source and of one of the target."""


def word_pairs(labels: Tensor, num_real: int, config: VariationalConfig | None) -> list[Pair]:
    """Clips of the source with a clip of the same word of the target; a clip with itself for cl."""
    numbers = range(len(labels))
    if config is None:
        return [(index, index) for index in numbers]
    has_second = num_real < len(labels)
    real, second = range(num_real), range(num_real, len(labels))
    sources, targets = (real, numbers)
    if config.source == "synthetic" and has_second:
        sources, targets = (second, real)
    of_word: dict[int, list[int]] = defaultdict(list)
    for index in sources:
        of_word[int(labels[index])].append(index)
    pairs = []
    for count, target in enumerate(targets):
        if partners := of_word[int(labels[target])]:
            pairs.append((partners[count % len(partners)], target))
    return pairs


def batches(
    pairs: Sequence[Pair], config: AdaptationConfig, generator: torch.Generator
) -> Iterator[list[Pair]]:
    """Batches of pairs for all epochs, each epoch in an order of its own."""
    for _ in range(config.epochs):
        order = torch.randperm(len(pairs), generator=generator).tolist()
        for start in range(0, len(order), config.batch):
            chosen = [pairs[index] for index in order[start : start + config.batch]]
            yield chosen if len(chosen) > 1 else chosen * 2  # batch statistics need two rows

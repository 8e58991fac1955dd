"""The convolutional stages of encoders."""

import itertools

from torch import nn

NUM_STAGES = 3
"""Convolutions of a backbone; each halves height and width, and all but the first double the
channels."""

NORM_GROUPS = 8
"""Groups of channels in each group normalization."""


def backbone(num_inputs: int, num_channels: int, side: int) -> tuple[nn.Sequential, int]:
    """Build a backbone, which returns a vector for each image.

    Args:
        num_inputs: Channels of the images.
        num_channels: Channels of the first convolution, a multiple of 8.
        side: Height and width of the images in px, a multiple of 8.

    Returns:
        The backbone and the width of its vectors.

    Example:
        >>> import torch
        >>> network, width = backbone(3, 8, 16)
        >>> network(torch.zeros(1, 3, 16, 16)).shape == (1, width)
        True
    """
    channels = [num_inputs, *(num_channels * 2**stage for stage in range(NUM_STAGES))]
    stages = [_stage(*pair) for pair in itertools.pairwise(channels)]
    return nn.Sequential(*stages, nn.Flatten()), channels[-1] * (side // 2**NUM_STAGES) ** 2


def _stage(num_in: int, num_out: int) -> nn.Sequential:
    convolution = nn.Conv2d(num_in, num_out, kernel_size=3, stride=2, padding=1)
    return nn.Sequential(convolution, nn.GroupNorm(NORM_GROUPS, num_out), nn.GELU())

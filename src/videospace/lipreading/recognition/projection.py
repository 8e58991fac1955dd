"""The projection of mouth features that comes with the package."""

import functools
from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from videospace.runtime.checkpoint import load_tensors

PROJECTION_FILE = Path(__file__).parents[2] / "pretrained" / "lip-projection" / "model.safetensors"
CARD_FILE = "README.md"


@functools.cache
def lip_projection() -> Float[Tensor, "feature projected"]:
    """Load the projection of the 429 detailed features, once.

    It was learned from one speaker (see the card beside the file), and brings clips of the same
    word nearer to each other for others, too.

    Raises:
        UserError: The installation is damaged.

    Example:
        >>> lip_projection().shape
        torch.Size([429, 80])
    """
    tensors, _ = load_tensors(PROJECTION_FILE)
    return tensors["projection"].float()

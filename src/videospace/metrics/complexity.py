"""The arithmetic cost of a render: multiply–adds of an INR, counted from its layer shapes."""

import dataclasses
from collections.abc import Sequence

from videospace.runtime.errors import UserError

INR_V_LAYERS: tuple[tuple[int, int], ...] = (
    (256, 63),
    (256, 256),
    (256, 256),
    (256, 256),
    (3, 256),
)
"""(out, in) of every layer of the published INR-V network."""


def multiply_adds(layer_shapes: Sequence[tuple[int, int]], num_points: int) -> int:
    """Count the multiply–adds of evaluating an MLP.

    Every weight is used once a point. Biases, activations, the positional encoding and the
    hypernetwork (which runs once a clip, whatever the size of the render) are left out.

    Args:
        layer_shapes: (out, in) of every linear layer.
        num_points: Points at which the network is evaluated: frames × height × width of a render.

    Returns:
        The number of multiply–adds.

    Raises:
        UserError: A negative number of points.

    Example:
        >>> multiply_adds([(8, 2), (3, 8)], num_points=10)
        400
    """
    if num_points < 0:
        raise UserError(f"expected 0 points or more, got {num_points}")
    return num_points * sum(out * in_ for out, in_ in layer_shapes)


@dataclasses.dataclass(frozen=True, kw_only=True)
class RenderCost:
    """One entry of the INR-V row of Table 3.7, and the counted cost."""

    num_frames: int
    """Frames of the render."""
    side_px: int
    """Height and width of the render."""
    published_gmac: float
    """10⁹ multiply–adds, as printed."""
    gmac: float
    """10⁹ multiply–adds, counted by :func:`multiply_adds`."""


def inr_v_render_costs() -> list[RenderCost]:
    """Recount the INR-V row of Table 3.7, whose printed values are about 52 times too low.

    The table gives 1.68 GMAC for 25 frames of 128×128. That is 4,096 multiply–adds for each point,
    but one of the three 256×256 layers alone needs 65,536 and the whole network 213,504, so the
    render takes 87.45 GMAC. (A counter that ignores custom linear layers would explain the printed
    value.) The cost grows with the number of points, as in the table.

    Returns:
        The printed and the counted cost for each size and each length in the table.

    Example:
        >>> [round(cost.gmac, 2) for cost in inr_v_render_costs()][:2]
        [87.45, 349.8]

    Source: the thesis on INR-V, Table 3.7 and section 3.5.4.
    """
    published = {
        (25, 128): 1.68,
        (25, 256): 6.71,
        (25, 512): 26.84,
        (25, 1024): 107.36,
        (50, 256): 13.42,
        (75, 256): 20.13,
        (100, 256): 26.84,
    }
    return [
        RenderCost(
            num_frames=num_frames,
            side_px=side,
            published_gmac=gmac,
            gmac=multiply_adds(INR_V_LAYERS, num_frames * side * side) / 1e9,
        )
        for (num_frames, side), gmac in published.items()
    ]

"""The arithmetic cost of a render: multiply–adds of an INR, counted from its layer shapes."""

from collections.abc import Sequence

from videospace.runtime.errors import UserError


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

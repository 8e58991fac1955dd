"""Synthetic handwriting: the ten digits, drawn with random variations."""

import numpy as np
from jaxtyping import Float, UInt8

SIZE = 28
"""Height and width of a digit in px, as in MNIST."""
Strokes = list[list[tuple[int | float, int | float]]]
NUM_OF_EACH = 200
"""How often each digit is drawn."""
_DIGITS: list[Strokes] = [
    [
        [(0.5, 0), (0.25, 0), (0, 0.25), (0, 0.75), (0.25, 1), (0.5, 1)],
        [(0.5, 1), (0.75, 1), (1, 0.75), (1, 0.25), (0.75, 0), (0.5, 0)],
    ],
    [[(0.25, 0.25), (0.55, 0)], [(0.55, 0), (0.5, 1)]],
    [[(0.05, 0.25), (0.2, 0), (0.8, -0.05), (1, 0.3), (0.6, 0.65), (0, 1)], [(0, 1), (1, 0.97)]],
    [
        [(0.05, 0.1), (0.4, -0.05), (1, 0.05), (0.9, 0.42), (0.4, 0.47)],
        [(0.4, 0.47), (1, 0.5), (1.1, 0.95), (0.5, 1.05), (0, 0.88)],
    ],
    [[(0.6, 0), (0.3, 0.35), (0, 0.65)], [(0, 0.65), (1, 0.62)], [(0.72, 0.3), (0.68, 1)]],
    [
        [(0.9, 0), (0.2, 0.02)],
        [(0.2, 0.02), (0.12, 0.42)],
        [(0.12, 0.42), (0.7, 0.3), (1.1, 0.6), (0.8, 1.05), (0.3, 1.02), (0, 0.88)],
    ],
    [[(0.75, 0), (0.2, 0.3), (-0.1, 0.8), (0.3, 1.1), (0.95, 0.95), (0.85, 0.5), (0.1, 0.65)]],
    [[(0, 0.05), (0.95, 0)], [(0.95, 0), (0.6, 0.5), (0.4, 1)]],
    [
        [(0.5, 0.48), (0, 0.35), (0.1, 0), (0.9, 0), (1, 0.35), (0.5, 0.48)],
        [(0.5, 0.48), (-0.1, 0.65), (0, 1.05), (1, 1.05), (1.1, 0.65), (0.5, 0.48)],
    ],
    [
        [(0.9, 0.3), (0.75, -0.05), (0.1, 0), (0, 0.5), (0.7, 0.55), (0.9, 0.3)],
        [(0.9, 0.2), (0.9, 0.6), (0.7, 1)],
    ],
]
"""The strokes of each digit before their corners are rounded: (x to the right, y downward), in
units of the digit's width and height."""


def drawn_digits(seed: int = 0, num_of_each: int = NUM_OF_EACH) -> UInt8[np.ndarray, "digit 28 28"]:
    """Draw digits with a round pen: all zeros, then all ones, and so on to nine.

    Size, slant, rotation, position and thickness of each drawing are random, and so are the corners
    of its strokes.

    Args:
        seed: The same seed gives the same digits.
        num_of_each: How often each digit is drawn.

    Returns:
        Bright digits with soft edges on 0.

    Example:
        >>> drawn_digits(num_of_each=2).shape
        (20, 28, 28)
    """
    generator = np.random.default_rng(seed)
    return np.concatenate([_draw(strokes, num_of_each, generator) for strokes in _DIGITS])


def _draw(
    strokes: Strokes, count: int, generator: np.random.Generator
) -> UInt8[np.ndarray, "count 28 28"]:
    """Draw the union of the strokes; a pixel's coverage is its depth within the pen's width."""
    center, transform = _random_pose(count, generator)
    radius = generator.uniform(0.8, 1.7, (count, 1))
    nearest = np.full((count, SIZE * SIZE), np.inf)
    for corners in strokes:
        jitter = generator.normal(0, 0.035, (count, len(corners), 2))
        jitter[:, [0, -1]] *= len(strokes) == 1  # so that several strokes still meet
        points = _rounded(np.array(corners) + jitter) - 0.5
        points = center + np.einsum("dij,dpj->dpi", transform, points)
        nearest = np.minimum(nearest, _distance(points))
    coverage = np.clip(radius + 0.5 - nearest, 0, 1)
    return np.rint(255 * coverage).astype(np.uint8).reshape(count, SIZE, SIZE)


def _random_pose(
    count: int, generator: np.random.Generator
) -> tuple[Float[np.ndarray, "count 1 2"], Float[np.ndarray, "count 2 2"]]:
    """The center of each digit in px, and the matrix from its units to px."""
    center = (SIZE - 1) / 2 + generator.uniform(-1, 1, (count, 1, 2))
    width, height = generator.uniform(9, 14, count), generator.uniform(15, 18, count)
    slant, angle = generator.uniform(-0.1, 0.3, count), generator.normal(0, 0.08, count)
    cosine, sine = np.cos(angle), np.sin(angle)
    rotation = np.array([[cosine, -sine], [sine, cosine]])
    scale = np.array([[width, -slant * height], [np.zeros(count), height]])
    return center, np.einsum("ijd,jkd->dik", rotation, scale)


def _rounded(
    corners: Float[np.ndarray, "count corner 2"],
) -> Float[np.ndarray, "count point 2"]:
    """Cut off the corners twice; the ends stay.

    Source: Chaikin (1974).
    """
    for _ in range(2 if corners.shape[1] > 2 else 0):
        before, after = corners[:, :-1], corners[:, 1:]
        cut = np.stack([0.75 * before + 0.25 * after, 0.25 * before + 0.75 * after], axis=2)
        inner = cut.reshape(len(corners), -1, 2)[:, 1:-1]
        corners = np.concatenate([corners[:, :1], inner, corners[:, -1:]], axis=1)
    return corners


def _distance(points: Float[np.ndarray, "count point 2"]) -> Float[np.ndarray, "count pixel"]:
    """The distance in px from every pixel center to a chain of straight lines."""
    rows, columns = np.divmod(np.arange(SIZE * SIZE), SIZE)
    pixels = np.stack([columns, rows], axis=1).astype(float)
    nearest = np.full((len(points), len(pixels)), np.inf)
    for index in range(points.shape[1] - 1):
        start, end = points[:, None, index], points[:, None, index + 1]
        along = end - start
        fraction = ((pixels - start) * along).sum(2) / np.maximum((along**2).sum(2), 1e-12)
        away = pixels - start - fraction.clip(0, 1)[..., None] * along
        nearest = np.minimum(nearest, np.hypot(away[..., 0], away[..., 1]))
    return nearest

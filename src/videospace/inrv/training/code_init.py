"""Where the codes of the clips start."""

import dataclasses
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from videospace.inrv.semantic.clip_pca import ClipReader, clip_components
from videospace.runtime.errors import UserError
from videospace.runtime.pca import column_signs
from videospace.runtime.random import random_stream
from videospace.runtime.renamed import renamed

MAX_LANDMARKS = 1000


@renamed(
    fields={"start": "method", "num_neighbours": "num_neighbors"},
    values={"method": {"components": "pca", "geodesic": "isomap"}},
)
@dataclasses.dataclass(frozen=True, kw_only=True)
class CodeInitConfig:
    """The start of the codes; training moves them from there."""

    method: Literal["gaussian", "pca", "isomap"] = "pca"
    """``gaussian``: independent noise, as published. ``pca``: principal components of the
    clips. ``isomap``: a map of the clips that keeps distances along chains of similar clips, so
    that a straight line between two codes runs past the clips between them."""
    deviation: float = 0.01
    """Standard deviation of ``gaussian`` codes."""
    offset: float = 1.0
    """Last number of every other code, in units of their root mean square: it keeps codes on one
    side of the origin, where any two of them span a well-defined arc."""
    num_neighbors: int = 6
    """Clips that count as similar to a clip; used by ``isomap``."""


def initial_codes(
    config: CodeInitConfig,
    read_clips: ClipReader,
    rows: list[int],
    width: int,
    seed: int,
    num_keyframes: int = 1,
) -> Float[Tensor, "clip code"]:
    """A code for every clip.

    Args:
        config: How.
        read_clips: Reads clips by row, uint8 (clip, time, height, width, 3).
        rows: The clips.
        width: Numbers in a code, for each of its keyframes.
        seed: Of the run.
        num_keyframes: Of a code.

    Returns:
        float32; unless Gaussian, with a root mean square of 1 (before the offset).
    """
    if config.method == "gaussian":
        codes = torch.randn(
            len(rows), num_keyframes * width, generator=random_stream(seed, "codes")
        )
        return codes * config.deviation
    if width < 2:
        raise UserError(f"expected codes of at least 2 numbers to lay clips out, got {width}")
    num_components = width - 1 if config.method == "pca" else min(len(rows) * num_keyframes, 256)
    codes, _ = clip_components(
        read_clips, rows, num_components, num_keyframes=num_keyframes, seed=seed
    )
    if config.method == "isomap":
        codes = geodesic_embedding(codes, width - 1, config.num_neighbors, seed)
    scale = codes.square().sum(dim=1).mean().div(width).sqrt()
    codes = codes / scale if scale > 0 else codes
    codes = functional.pad(codes, (0, 1), value=config.offset * width**0.5)
    return codes.view(len(rows), -1)


def geodesic_embedding(
    points: Float[Tensor, "clip feature"], width: int, num_neighbors: int, seed: int = 0
) -> Float[Tensor, "clip width"]:
    """Lay points out so that distances along the data become straight distances.

    Distances are shortest paths over a graph of nearest neighbors, joined by its minimum
    spanning tree, and are laid out by classical scaling. More than a thousand points are placed
    between their nearest neighbors among a thousand landmarks.

    Args:
        points: For example the scores of principal components.
        width: Columns of the result; those without a dimension of their own are zero.
        num_neighbors: Of every point in the graph.
        seed: Of the choice of landmarks.

    Returns:
        Centered coordinates, by falling variance.

    Source: Tenenbaum, de Silva and Langford (2000), Isomap; de Silva and Tenenbaum (2002) for
    landmarks.
    Departs: other points are placed by their neighbors, not by triangulation.
    """
    if len(points) > MAX_LANDMARKS:
        chosen = torch.randperm(len(points), generator=random_stream(seed, "landmarks"))[
            :MAX_LANDMARKS
        ]
        landmarks = geodesic_embedding(points[chosen], width, num_neighbors)
        near = torch.cdist(points, points[chosen]).topk(num_neighbors, largest=False)
        closeness = 1 / near.values.clamp(min=1e-12)
        weights = closeness / closeness.sum(dim=1, keepdim=True)
        return torch.einsum("cn,cnw->cw", weights, landmarks[near.indices])
    distances = _shortest_paths(torch.cdist(points.double(), points.double()), num_neighbors)
    squares = distances.square()
    centered = squares - squares.mean(dim=0) - squares.mean(dim=1, keepdim=True) + squares.mean()
    variances, directions = torch.linalg.eigh(-0.5 * centered)
    variances, directions = variances.flip(0).clamp(min=0), directions.flip(1)
    embedding = (directions * column_signs(directions) * variances.sqrt())[:, :width].float()
    return functional.pad(embedding, (0, width - embedding.shape[1]))


def _shortest_paths(
    distances: Float[Tensor, "clip clip"], num_neighbors: int
) -> Float[Tensor, "clip clip"]:
    """Floyd (1962) and Warshall over the neighbor graph and its minimum spanning tree."""
    nearest = distances.topk(min(num_neighbors + 1, len(distances)), largest=False).values[:, -1:]
    near = (distances <= nearest) | (distances <= nearest.T) | _spanning_tree(distances)
    paths = torch.where(near, distances, torch.inf)
    for via in range(len(paths)):
        paths = torch.minimum(paths, paths[:, via : via + 1] + paths[via : via + 1])
    return paths


def _spanning_tree(distances: Float[Tensor, "clip clip"]) -> Tensor:
    """Adjacency of the minimum spanning tree (Prim, 1957)."""
    tree = torch.zeros_like(distances, dtype=torch.bool)
    outside = torch.ones(len(distances), dtype=torch.bool)
    outside[0] = False
    distance, parent = distances[0].clone(), torch.zeros(len(distances), dtype=torch.int64)
    for _ in range(len(distances) - 1):
        new = torch.where(outside, distance, torch.inf).argmin()
        tree[new, parent[new]] = tree[parent[new], new] = True
        outside[new] = False
        closer = distances[new] < distance
        distance = torch.where(closer, distances[new], distance)
        parent[closer] = new
    return tree

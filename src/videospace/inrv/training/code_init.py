"""Initial codes of the clips."""

import dataclasses
from typing import Annotated, Literal

import numpy as np
import torch
from jaxtyping import Float, Float64
from msgspec import Meta
from scipy.sparse import csgraph
from torch import Tensor
from torch.nn import functional

from videospace.inrv.model.coordinates import axis_coordinates
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.tracks import path_weights
from videospace.inrv.semantic.clip_pca import ClipReader, clip_components
from videospace.inrv.tracking.find_tracks import CLIPS_AT_ONCE, find_tracks
from videospace.runtime.errors import UserError
from videospace.runtime.pca import column_signs, principal_components
from videospace.runtime.random import random_stream
from videospace.runtime.reading.bounds import NotNegative, check_bounds
from videospace.runtime.reading.renamed import renamed

MAX_LANDMARKS = 1000


@renamed(
    fields={"start": "method", "num_neighbours": "num_neighbors"},
    values={"method": {"components": "pca", "geodesic": "isomap"}},
)
@dataclasses.dataclass(frozen=True, kw_only=True)
class CodeInitConfig:
    """How the codes of the clips are initialized."""

    method: Literal["gaussian", "pca", "isomap"] = "pca"
    """``gaussian``: independent noise, as published. ``pca``: principal components of the
    clips. ``isomap``: an embedding that preserves distances along chains of similar clips, so
    that a straight line between two codes passes the codes of clips in between."""
    deviation: NotNegative = 0.01
    """Standard deviation of ``gaussian`` codes."""
    offset: Annotated[float, Meta(ge=-1e12, le=1e12)] = 1.0
    """Last number of ``pca`` and ``isomap`` codes, in units of their root mean square. It keeps all
    codes on one side of the origin, so that any two of them span a well-defined arc."""
    num_neighbors: Annotated[int, Meta(ge=1, le=10**6)] = 6
    """Nearest neighbors of a clip in the graph of ``isomap``."""

    __post_init__ = check_bounds


def initial_codes(
    config: CodeInitConfig,
    read_clips: ClipReader,
    rows: list[int],
    latent: LatentConfig,
    seed: int,
) -> Float[Tensor, "clip code"]:
    """Compute an initial code for every clip: of its content and, where there are some, its tracks.

    Args:
        config: The method and its options.
        read_clips: Reads clips by row, uint8 (clip, time, height, width, 3).
        rows: The clips.
        latent: The latents that the codes belong to.
        seed: Seed of the run.

    Returns:
        float32 codes.

    Raises:
        UserError: The width of a part is too small for the method.
    """
    num_keyframes = latent.num_keyframes if latent.semantic == "none" else 1
    width = (latent.effective_code_width - latent.tracks_width) // num_keyframes
    if latent.semantic == "none" and latent.constant_width:
        codes = codes_of_parts(config, read_clips, rows, latent, seed)
    else:
        codes = content_codes(config, read_clips, rows, width, seed, num_keyframes)
    if not latent.num_tracks:
        return codes
    tracks = track_codes(config, read_clips, rows, latent, seed)
    return torch.cat([codes, tracks.flatten(1)], dim=1)


def track_codes(
    config: CodeInitConfig,
    read_clips: ClipReader,
    rows: list[int],
    latent: LatentConfig,
    seed: int,
) -> Float[Tensor, "clip track number"]:
    """Find the tracks of clips, and compute an initial code for each: its look, then its path.

    Looks are principal components of the pictures of the tracks or, with ``gaussian`` codes, noise.

    Args:
        config: The method and its options.
        read_clips: Reads clips by row, uint8 (clip, time, height, width, 3).
        rows: The clips.
        latent: The number of tracks and the size of their parts.
        seed: Seed of the run.
    """
    found = []
    for start in range(0, len(rows), CLIPS_AT_ONCE):
        clips = torch.from_numpy(read_clips(rows[start : start + CLIPS_AT_ONCE]))
        found.append(find_tracks(clips, latent.num_tracks, seed=seed + start))
    paths = torch.cat([each.paths for each in found])
    times = axis_coordinates(paths.shape[2], "ends")
    fit = torch.linalg.pinv(path_weights(times, latent.num_path_keyframes))
    paths = torch.einsum("mt,cktx->ckmx", fit, paths)
    size = (len(rows) * latent.num_tracks, latent.look_width)
    if config.method == "gaussian":
        looks = torch.randn(size, generator=random_stream(seed, "looks")) * config.deviation
    else:
        pictures = torch.cat([each.pictures for each in found]).flatten(0, 1).flatten(1)
        scores = principal_components(
            pictures - pictures.mean(dim=0), latent.look_width - 1, seed=seed
        ).scores
        scores = functional.pad(scores, (0, latent.look_width - 1 - scores.shape[1]))
        looks = with_offset(scores, config.offset)
    looks = looks.unflatten(0, (-1, latent.num_tracks))
    return torch.cat([looks, paths.flatten(2)], dim=2)


def codes_of_parts(
    config: CodeInitConfig,
    read_clips: ClipReader,
    rows: list[int],
    latent: LatentConfig,
    seed: int,
) -> Float[Tensor, "clip code"]:
    """Compute initial codes whose constant part shows the mean picture, and keyframes the changes.

    Args:
        config: The method, ``gaussian`` or ``pca``, and its options.
        read_clips: Reads clips by row, uint8 (clip, time, height, width, 3).
        rows: The clips.
        latent: The size of the parts.
        seed: Seed of the run.

    Raises:
        UserError: The method is ``isomap``, or a part has fewer than 2 numbers.
    """
    if config.method == "gaussian":
        size = len(rows), latent.content_width
        return torch.randn(size, generator=random_stream(seed, "codes")) * config.deviation
    if config.method == "isomap" or min(latent.constant_width, latent.width) < 2:
        raise UserError(
            "with a constant part (--model.latent.constant-width), expected --code-init.method pca "
            f"and parts of at least 2 numbers, or gaussian, got {config.method} with "
            f"{latent.constant_width} and {latent.width} numbers"
        )
    constant, _ = clip_components(
        read_clips, rows, latent.constant_width - 1, part="constant", seed=seed
    )
    changes, _ = clip_components(
        read_clips,
        rows,
        latent.width - 1,
        num_keyframes=latent.num_keyframes,
        part="changes",
        seed=seed,
    )
    codes = [with_offset(part, config.offset) for part in (constant, changes)]
    return torch.cat([part.view(len(rows), -1) for part in codes], dim=1)


def with_offset(
    codes: Float[Tensor, "sample number"], offset: float
) -> Float[Tensor, "sample width"]:
    """Scale codes to a root mean square of 1, and append the offset as their last number."""
    width = codes.shape[1] + 1
    scale = codes.square().sum(dim=1).mean().div(width).sqrt()
    codes = codes / scale if scale > 0 else codes
    return functional.pad(codes, (0, 1), value=offset * width**0.5)


def content_codes(
    config: CodeInitConfig,
    read_clips: ClipReader,
    rows: list[int],
    width: int,
    seed: int,
    num_keyframes: int = 1,
) -> Float[Tensor, "clip code"]:
    """Compute an initial code for the content of every clip.

    Args:
        config: The method and its options.
        read_clips: Reads clips by row, uint8 (clip, time, height, width, 3).
        rows: The clips.
        width: Numbers of a code for each keyframe.
        seed: Seed of the run.
        num_keyframes: Keyframes of a code.

    Returns:
        float32 codes. Those of ``pca`` and ``isomap`` have a root mean square of 1 before the
        offset is added.

    Raises:
        UserError: The width is below 2 for ``isomap``, or for ``pca`` with several keyframes.
    """
    if config.method == "gaussian":
        codes = torch.randn(
            len(rows), num_keyframes * width, generator=random_stream(seed, "codes")
        )
        return codes * config.deviation
    if width == num_keyframes == 1 and config.method == "pca":
        return torch.full((len(rows), 1), config.offset)  # content that all clips share
    if width < 2:
        raise UserError(
            f"expected codes of at least 2 numbers for --code-init.method {config.method}, "
            f"got {width}"
        )
    num_components = width - 1 if config.method == "pca" else min(len(rows) * num_keyframes, 256)
    codes, _ = clip_components(
        read_clips, rows, num_components, num_keyframes=num_keyframes, seed=seed
    )
    if config.method == "isomap":
        codes = geodesic_embedding(codes, width - 1, config.num_neighbors, seed)
    return with_offset(codes, config.offset).view(len(rows), -1)


def geodesic_embedding(
    points: Float[Tensor, "clip feature"], width: int, num_neighbors: int, seed: int = 0
) -> Float[Tensor, "clip width"]:
    """Embed points so that straight distances approximate distances along the data (Isomap).

    Geodesic distances are shortest paths over a graph of nearest neighbors, which its minimum
    spanning tree connects. They are embedded by classical scaling. Of more than a thousand points,
    a thousand random landmarks are embedded, and the other points are placed between their nearest
    landmarks.

    Args:
        points: For example the scores of principal components.
        width: Columns of the result; columns beyond the dimension of the data are zero.
        num_neighbors: Nearest neighbors of each point in the graph.
        seed: Seed of the choice of landmarks.

    Returns:
        Centered coordinates, by falling variance.

    Source: Tenenbaum, de Silva and Langford (2000), Isomap; de Silva and Tenenbaum (2002) for
    landmarks.
    Departs: other points are placed by their nearest landmarks, not by triangulation.
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
    straight = torch.cdist(points.double(), points.double())
    squares = torch.from_numpy(_shortest_paths(straight.numpy(), num_neighbors)).square()
    centered = squares - squares.mean(dim=0) - squares.mean(dim=1, keepdim=True) + squares.mean()
    variances, directions = torch.linalg.eigh(-0.5 * centered)
    variances, directions = variances.flip(0).clamp(min=0), directions.flip(1)
    embedding = (directions * column_signs(directions) * variances.sqrt())[:, :width].float()
    return functional.pad(embedding, (0, width - embedding.shape[1]))


def _shortest_paths(
    distances: Float64[np.ndarray, "clip clip"], num_neighbors: int
) -> Float64[np.ndarray, "clip clip"]:
    """Shortest paths over the graph of nearest neighbors and its minimum spanning tree."""
    rank = min(num_neighbors, len(distances) - 1)
    farthest = np.partition(distances, rank, axis=1)[:, rank, None]  # of the nearest neighbors
    tree = csgraph.minimum_spanning_tree(distances).toarray() > 0
    edges = (distances <= farthest) | (distances <= farthest.T) | tree | tree.T
    graph = csgraph.csgraph_from_dense(np.where(edges, distances, np.inf), null_value=np.inf)
    return csgraph.shortest_path(graph, directed=False)

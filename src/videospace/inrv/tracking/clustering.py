"""First guesses of tracks: soft clusters of what differs from the background."""

import torch
from jaxtyping import Float
from torch import Tensor

NUM_ITERATIONS = 16
FIRST_DEVIATION, LAST_DEVIATION, DECAY = 0.5, 0.16, 0.87
"""Standard deviation of a cluster, which falls from iteration to iteration; a frame is 2 wide."""
REACH = 3.0
"""A cluster sees what lies within about this many of its standard deviations."""
STIFFNESS = 3.0
"""Weight of the squared acceleration of a path, in units of the mass that it follows."""
MAX_CELLS = 10
"""Cells on a side of the grid in which masses are gathered."""


def cell_masses(
    mass: Float[Tensor, "clip time height width"],
) -> tuple[Float[Tensor, "clip time cell"], Float[Tensor, "clip time cell hw=2"]]:
    """Gather masses in the cells of a coarse grid.

    Args:
        mass: How much each pixel differs from the background.

    Returns:
        The mass of every cell and its center of mass, in [-1, 1].
    """
    height, width = mass.shape[2:]
    axes = [(2 * torch.arange(n, device=mass.device) + 1) / n - 1 for n in (height, width)]
    boxes = [_boxes(n, mass.device) for n in (height, width)]
    rows, columns = boxes

    def gather(left: Tensor, right: Tensor) -> Float[Tensor, "clip time cell"]:
        return (left @ mass @ right.T).flatten(2)

    total = gather(rows, columns)
    moments = [gather(rows * axes[0], columns), gather(rows, columns * axes[1])]
    return total, torch.stack(moments, dim=-1) / total.clamp(min=1e-9)[..., None]


def _boxes(num: int, device: torch.device) -> Float[Tensor, "cell num"]:
    """A row for each cell: 1 for the samples in it."""
    cells = torch.arange(num, device=device) * min(num, MAX_CELLS) // num
    return torch.nn.functional.one_hot(cells).T.float()


def cluster_paths(
    mass: Float[Tensor, "clip time height width"],
    num_tracks: int,
    generator: torch.Generator,
    num_restarts: int = 4,
) -> Float[Tensor, "clip track time hw=2"]:
    """Follow the mass of clips with soft clusters, and keep the best of several restarts.

    Each iteration assigns the mass to the clusters, and moves their paths towards it. A quadratic
    penalty draws a path to constant velocity, so that its best course solves a linear system.

    Args:
        mass: How much each pixel differs from the background.
        num_tracks: Number of clusters.
        generator: For the starting points, on the CPU.
        num_restarts: Number of starts for each clip.

    Returns:
        Centers in every frame, in [-1, 1].

    Source: Dempster, Laird and Rubin (1977), with annealing as in Rose (1998); Kalman (1960) for
    the motion model, solved at once for all frames.
    """
    weights, centers = (part[:, None] for part in cell_masses(mass))
    num_clips, num_frames = mass.shape[:2]
    middle = weights[:, 0, num_frames // 2].cpu() + 1e-9
    start = torch.multinomial(
        middle, num_restarts * num_tracks, replacement=True, generator=generator
    ).to(mass.device)
    start = centers[:, 0, num_frames // 2].gather(1, start[..., None].expand(-1, -1, 2))
    paths = start.view(num_clips, num_restarts, num_tracks, 1, 2).repeat(1, 1, 1, num_frames, 1)
    roughness = _roughness(num_frames).to(mass.device)
    deviation = FIRST_DEVIATION
    for _ in range(NUM_ITERATIONS):
        squares = _squared_distances(centers, paths) / (2 * deviation**2)
        share = (
            torch.softmax(-squares, dim=2) * torch.exp(-squares / REACH**2) * weights[:, :, None]
        )
        paths = _smoothed(share, centers, roughness)
        deviation = max(LAST_DEVIATION, DECAY * deviation)
    nearest = _squared_distances(centers, paths).amin(dim=2)
    unexplained = (nearest * weights).sum(dim=(2, 3)) / weights.sum(dim=(2, 3)).clamp(min=1e-9)
    acceleration = paths.diff(n=2, dim=3).square().sum(dim=4).mean(dim=(2, 3))
    best = (unexplained + 2 * acceleration.nan_to_num()).argmin(dim=1)
    return paths[torch.arange(num_clips, device=mass.device), best]


def _squared_distances(
    points: Float[Tensor, "clip 1 time cell hw=2"],
    paths: Float[Tensor, "clip start track time hw=2"],
) -> Float[Tensor, "clip start track time cell"]:
    height, width = (
        (points[:, :, None, ..., axis] - paths[..., None, axis]).square() for axis in (0, 1)
    )
    return height + width


def _smoothed(
    share: Float[Tensor, "clip start track time cell"],
    centers: Float[Tensor, "clip 1 time cell hw=2"],
    roughness: Float[Tensor, "time time"],
) -> Float[Tensor, "clip start track time hw=2"]:
    """The smooth paths that follow the mass of each cluster best."""
    mass = share.sum(dim=4)
    moment = torch.einsum("crktp,ctpx->crktx", share, centers[:, 0])
    typical = mass.mean(dim=3).clamp(min=1e-9)[..., None, None]
    system = torch.diag_embed(mass / typical[..., 0]) + STIFFNESS * roughness
    system.diagonal(dim1=-2, dim2=-1).add_(1e-4)
    return torch.linalg.solve(system, moment / typical)


def _roughness(num_frames: int) -> Float[Tensor, "time time"]:
    """The matrix of the squared second differences of a path."""
    if num_frames < 3:
        return torch.zeros(num_frames, num_frames)
    differences = torch.eye(num_frames).diff(n=2, dim=0)
    return differences.T @ differences

"""Where things are while nobody sees them: paths that go on as those of similar clips do."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

NUM_NEIGHBORS = 20
"""Training paths from which a path goes on."""


def paths_everywhere(
    centers: Float[Tensor, "track time hw=2"],
    seen: Bool[Tensor, " time"],
    examples: Float[Tensor, "example time hw=2"],
    error: float,
) -> Float[Tensor, "track time hw=2"]:
    """Complete paths where they are not seen.

    The training paths that are most similar where the path is seen are taken, and what they do
    elsewhere is a linear function of what they do there. So things bounce where such things
    bounced, which the mean of all paths does not know.

    Args:
        centers: Where the things are; of no meaning in frames that are not seen.
        seen: The frames in which something is observed.
        examples: The training paths, at least one.
        error: Standard deviation of the error of a center.

    Returns:
        The same centers in frames that are seen.

    Example:
        >>> speeds = torch.linspace(-1, 1, 50)
        >>> examples = (speeds[:, None] * torch.linspace(0, 1, 4))[..., None].expand(-1, -1, 2)
        >>> seen = torch.tensor([True, True, False, False])
        >>> centers = torch.tensor([0.0, 0.2, 0.0, 0.0])[None, :, None].expand(-1, -1, 2)
        >>> paths_everywhere(centers, seen, examples, error=1e-3)[0, :, 0].round(decimals=2)
        tensor([0.0000, 0.2000, 0.4000, 0.6000])

    Source: Cleveland (1979), "Robust locally weighted regression", section 2, with a prior on the
    slopes that the error gives (ridge regression).
    """
    if seen.all() or not seen.any():
        return centers
    given, wanted = examples[:, seen].flatten(1), examples[:, ~seen].flatten(1)
    asked = centers[:, seen].flatten(1)
    noise = error**2 * torch.eye(given.shape[1], device=given.device)
    whole = torch.cov(given.T, correction=0).view_as(noise) + noise
    # In units of the usual differences, so that differences of speed count, too.
    units = torch.linalg.cholesky(whole.double().inverse()).to(given)
    distances = torch.cdist(asked @ units, given @ units)
    num = min(NUM_NEIGHBORS, len(examples))
    distances, nearest = distances.topk(num, dim=1, largest=False)
    farthest = distances[:, -1:].clamp(min=1e-9)
    weights = (1 - (distances / farthest).square()).clamp(min=1e-3)
    weights = (weights / weights.sum(dim=1, keepdim=True))[:, :, None]
    near, then = given[nearest], wanted[nearest]
    near_mean, then_mean = ((weights * part).sum(dim=1, keepdim=True) for part in (near, then))
    near, then = near - near_mean, then - then_mean
    within, across = near.mT @ (weights * near) + noise, near.mT @ (weights * then)
    slopes = torch.linalg.solve(within, across)
    guessed = then_mean[:, 0] + torch.einsum("kg,kgw->kw", asked - near_mean[:, 0], slopes)
    complete = centers.clone()
    complete[:, ~seen] = guessed.unflatten(1, (-1, 2))
    return complete

"""Seen detail: what a render misses of the observed pixels, kept there and carried through time.

A latent holds a clip in a few hundred numbers, so that its render is smoother than what was seen.
The difference is known wherever a pixel is observed, and most of it moves little between frames.
"""

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor
from torch.nn import functional

from videospace.inrv.inversion.contexts import Context
from videospace.runtime.errors import UserError

BACK_PROJECTIONS = 3
"""Passes over a render that is finer than its context."""


def with_seen_detail(
    render: UInt8[np.ndarray, "time height width 3"], context: Context
) -> UInt8[np.ndarray, "time height width 3"]:
    """Bring a render into agreement with what was seen.

    Observed pixels become what they were. Between two moments at which a place was observed, what
    the render misses there fades from one to the other; before the first and after the last it
    stays; a place that was never observed is left as it is rendered. Where the context is coarser
    than the render, its difference from the filtered render is enlarged (bicubic) and added.

    Args:
        render: Of the context's frames, at any size, in [0, 255].
        context: What was seen.

    Raises:
        UserError: The render has another number of frames.

    Example:
        >>> seen = np.full((3, 4, 4, 3), 100, np.uint8)
        >>> observed = np.zeros((3, 4, 4), bool)
        >>> observed[[0, 2]] = True
        >>> render = np.full((3, 4, 4, 3), 90, np.uint8)
        >>> with_seen_detail(render, Context(video=seen, observed=observed))[1, 0, 0]
        array([100, 100, 100], dtype=uint8)

    Source: Irani and Peleg (1991), iterative back-projection, for coarse contexts.
    """
    if len(render) != len(context.video):
        raise UserError(
            f"expected a render of the {len(context.video)} frames that were seen, "
            f"got {len(render)}"
        )
    size = context.video.shape[1:3]
    observed, seen = torch.tensor(context.observed), torch.tensor(context.video)
    same_size = render.shape[1:3] == size
    completed = torch.from_numpy(render.copy())
    for _ in range(1 if same_size else BACK_PROJECTIONS):
        missed = torch.stack(
            [
                frame - _resized(now, size)
                for frame, now in zip(seen.float(), completed, strict=True)
            ]
        )
        carried = _through_time(missed, observed)
        for time, missing in enumerate(carried):  # frame by frame, so that large renders fit
            corrected = completed[time] + _resized(missing, render.shape[1:3])
            completed[time] = corrected.round().clamp(0, 255).to(torch.uint8)
    return completed.numpy()


def _through_time(
    values: Float[Tensor, "time height width 3"], observed: Bool[Tensor, "time height width"]
) -> Float[Tensor, "time height width 3"]:
    """Linear interpolation in time between the observed values of each place; 0 where none is."""
    num_frames = len(values)
    times = torch.arange(num_frames)[:, None, None]
    before = torch.where(observed, times, -1).cummax(dim=0).values
    after = torch.where(observed, times, num_frames).flip(0).cummin(dim=0).values.flip(0)
    is_before, is_after = before >= 0, after < num_frames
    ratio = (times - before) / (after - before).clamp(min=1)
    ratio = torch.where(is_before & is_after, ratio, is_after.float())[..., None]
    first = torch.where(is_before, before, after).clamp(max=num_frames - 1)
    last = torch.where(is_after, after, before).clamp(min=0)
    start, end = (
        values.gather(0, index[..., None].expand(-1, -1, -1, 3)) for index in (first, last)
    )
    found = (is_before | is_after)[..., None]
    return torch.where(found, torch.lerp(start, end, ratio), 0.0)


def _resized(frame: Tensor, size: tuple[int, ...]) -> Float[Tensor, "height width 3"]:
    """Means over the pixels that are covered, or bicubic enlargement."""
    if frame.shape[:2] == size:
        return frame.float()
    picture = frame.float().permute(2, 0, 1)[None]
    finer = size[0] > frame.shape[0] or size[1] > frame.shape[1]
    resized = functional.interpolate(picture, size, mode="bicubic" if finer else "area")
    return resized[0].permute(1, 2, 0)

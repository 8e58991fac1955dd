"""Back-projection: correct a render so that it agrees with the observed pixels.

A latent describes a clip by a few hundred numbers, so a render is smoother than the clip itself.
The residual is known at observed pixels, and is interpolated in time between them.
"""

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor
from torch.nn import functional

from videospace.inrv.inversion.contexts import Context
from videospace.runtime.errors import UserError

BACK_PROJECTIONS = 3
"""Iterations for a render that is finer than its context."""


def back_project(
    render: UInt8[np.ndarray, "time height width 3"], context: Context
) -> UInt8[np.ndarray, "time height width 3"]:
    """Correct a render so that it agrees with the observed pixels.

    The residual, observed color less rendered color, is added at observed pixels. At other times
    the residual of a pixel is interpolated linearly between the frames in which it is observed,
    and constant before the first and after the last of them. Pixels that are never observed stay
    as they are rendered. If the context is coarser than the render, the residual is computed at
    its size and enlarged bicubically.

    Args:
        render: The frames of the context, at any size, in [0, 255].
        context: The observed pixels.

    Returns:
        The corrected frames, at the size of the render.

    Raises:
        UserError: The render has another number of frames.

    Example:
        >>> video = np.full((3, 4, 4, 3), 100, np.uint8)
        >>> observed = np.zeros((3, 4, 4), bool)
        >>> observed[[0, 2]] = True
        >>> render = np.full((3, 4, 4, 3), 90, np.uint8)
        >>> back_project(render, Context(video=video, observed=observed))[1, 0, 0]
        array([100, 100, 100], dtype=uint8)

    Source: Irani and Peleg (1991), iterative back-projection, for coarse contexts.
    """
    if len(render) != len(context.video):
        raise UserError(
            f"expected a render of the context's {len(context.video)} frames, got {len(render)}"
        )
    size = context.video.shape[1:3]
    observed, video = torch.tensor(context.observed), torch.tensor(context.video)
    same_size = render.shape[1:3] == size
    completed = torch.from_numpy(render.copy())
    for _ in range(1 if same_size else BACK_PROJECTIONS):
        residual = torch.stack(
            [
                frame - _resized(rendered, size)
                for frame, rendered in zip(video.float(), completed, strict=True)
            ]
        )
        interpolated = _interpolated_in_time(residual, observed)
        for time, correction in enumerate(interpolated):  # by frames, to bound the memory
            corrected = completed[time] + _resized(correction, render.shape[1:3])
            completed[time] = corrected.round().clamp(0, 255).to(torch.uint8)
    return completed.numpy()


def _interpolated_in_time(
    values: Float[Tensor, "time height width 3"], observed: Bool[Tensor, "time height width"]
) -> Float[Tensor, "time height width 3"]:
    """Interpolate linearly in time between the observed values of each pixel, or 0 without any."""
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
    """Reduce a frame by a box filter, or enlarge it bicubically."""
    if frame.shape[:2] == size:
        return frame.float()
    picture = frame.float().permute(2, 0, 1)[None]
    finer = size[0] > frame.shape[0] or size[1] > frame.shape[1]
    resized = functional.interpolate(picture, size, mode="bicubic" if finer else "area")
    return resized[0].permute(1, 2, 0)

"""Baselines by task: simple methods that complete a context without a video space.

A baseline takes a context and the height and width to return, and uses the observed pixels only.
The baselines that fit or average (components, nearest clip, mean frame) use the weights of a
context; the others ignore them.

Example:
    >>> from videospace.inrv.inversion.tasks import PUBLISHED_TASKS
    >>> video = np.zeros((5, 8, 8, 3), np.uint8)
    >>> for name, baseline in BASELINES["predict"].items():
    ...     print(name, baseline(PUBLISHED_TASKS["predict"](video), (8, 8)).shape)
    mean frame (5, 8, 8, 3)
    last frame (5, 8, 8, 3)
"""

import functools
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8

from videospace.baselines.frame_interpolation import cross_fade, optical_flow
from videospace.baselines.inpainting import navier_stokes, telea
from videospace.baselines.linear import LinearSpace
from videospace.baselines.motionless import last_frame, mean_frame
from videospace.baselines.nearest import nearest_clip
from videospace.baselines.pixels import Baseline
from videospace.baselines.upscaling import bicubic, lanczos
from videospace.inrv.inversion.tasks import Task

BASELINES: dict[Task, dict[str, Baseline]] = {
    "invert": {"mean frame": mean_frame},
    "inpaint": {"mean frame": mean_frame, "Telea": telea, "Navier-Stokes": navier_stokes},
    "predict": {"mean frame": mean_frame, "last frame": last_frame},
    "interpolate": {
        "mean frame": mean_frame,
        "cross-fade": cross_fade,
        "optical flow": optical_flow,
    },
    "sparse": {"mean frame": mean_frame, "Telea": telea, "Navier-Stokes": navier_stokes},
    "upscale": {"bicubic": bicubic, "Lanczos": lanczos},
}
"""The baselines of each task that need no training clips."""


def learned_baselines(
    clips: UInt8[np.ndarray, "clip time height width 3"], widths: Sequence[int] = (128, 256)
) -> dict[str, Baseline]:
    """Create the baselines that learn from training clips; they serve every task.

    Args:
        clips: The training clips.
        widths: Numbers of components, each of which gives a linear space.

    Returns:
        Baselines by name, such as ``components 128`` and ``nearest clip``.

    Raises:
        UserError: There is no clip, or a width is below 1.

    Example:
        >>> list(learned_baselines(np.zeros((2, 4, 4, 4, 3), np.uint8)))
        ['components 128', 'components 256', 'nearest clip']
    """
    spaces = {f"components {width}": LinearSpace.fit(clips, width).complete for width in widths}
    return {**spaces, "nearest clip": functools.partial(nearest_clip, clips)}

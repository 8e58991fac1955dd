"""The page of the demo: one file of HTML beside the media that it plays."""

import shlex
from pathlib import Path
from typing import Any

from videospace.inrv.space.video_space import VideoSpace
from videospace.reports import pages
from videospace.reports.demo.scores import LABELS
from videospace.reports.demo.videos import PageVideos

PLOT_SIZE, PLOT_MARGIN = 100, 5
"""Side of the square plot of the ball's height, and its margin on the left and right."""


def write_page(folder: Path, scores: dict[str, Any], videos: PageVideos, space: VideoSpace) -> Path:
    """Write ``index.html``, which works from the disk, without a server or a network.

    Args:
        folder: Folder of the demo, which holds the media, ``loss.png`` and ``scores.json``.
        scores: The result of :func:`videospace.reports.demo.scores.measure`.
        videos: The media.
        space: The trained space.

    Returns:
        The path of the page.
    """
    explorer = videos.explorer
    names = ("width", "height", "num_frames", "fps", "ball_heights")
    path = folder / "index.html"
    pages.write_page(
        path,
        "demo.html",
        program="videospace demo",
        scores=scores,
        meanings=LABELS,
        clip=space.clip,
        latent_width=space.latents.shape[1],
        videos=videos,
        explorer=explorer,
        explorer_data={name: getattr(explorer, name) for name in names},
        plot=plot_points(explorer.ball_heights),
        space_path=shlex.quote(str(folder / "space")),
    )
    return path


def plot_points(heights: list[float | None]) -> list[tuple[float, float]]:
    """Where the plot shows the ball's height at every step, x from the left and y from the top.

    Args:
        heights: Fractions of the picture's height, 0 at the top; None for a step without a ball,
            which has no point.

    Example:
        >>> plot_points([0.25, None, 0.5])
        [(5.0, 25.0), (95.0, 50.0)]
    """
    step = (PLOT_SIZE - 2 * PLOT_MARGIN) / (len(heights) - 1)
    return [
        (PLOT_MARGIN + step * index, PLOT_SIZE * height)
        for index, height in enumerate(heights)
        if height is not None
    ]

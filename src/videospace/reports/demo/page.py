"""The page of the demo: one file of HTML beside the media it plays."""

import html
import importlib.resources
import json
import shlex
from collections.abc import Iterable
from pathlib import Path
from string import Template
from typing import Any

from videospace.inrv.space.video_space import VideoSpace
from videospace.reports.demo.explorer import Explorer
from videospace.reports.demo.films import Film, Films
from videospace.reports.demo.scores import MEANINGS
from videospace.runtime.files import atomic_write

PLOT_SIDE = 100


def write_page(folder: Path, scores: dict[str, Any], films: Films, space: VideoSpace) -> Path:
    """Write ``index.html``, which works from the disk, without a server or a network.

    Args:
        folder: Of the demo; holds the media, ``loss.png`` and ``scores.json``.
        scores: As measured by :func:`videospace.reports.demo.scores.measure`.
        films: What the page plays.
        space: What it is about.

    Returns:
        The page.
    """
    explorer, clip = films.explorer, space.clip
    page = Template(_part("demo.html")).substitute(
        top=page_top("A space of videos", "videospace demo"),
        js=_part("demo.js"),
        num_clips=scores["num_clips"],
        num_frames=clip.num_frames,
        size=f"{clip.height} × {clip.width}",
        latent_width=space.latents.shape[1],
        train_seconds=f"{scores['train_seconds']:.0f}",
        psnr_db=f"{scores['psnr_db']:.1f}",
        valid=percent(scores["valid_interpolations"]),
        num_interpolations=scores["num_interpolations"],
        reconstructions=_figures(films.reconstructions),
        steps=_figure(films.steps),
        explorer_json=_explorer_json(explorer),
        explorer_path=html.escape(explorer.path),
        explorer_width=explorer.width,
        explorer_height=explorer.height,
        explorer_last=len(explorer.ball_heights) - 1,
        explorer_start=html.escape(explorer.start),
        explorer_end=html.escape(explorer.end),
        plot=height_plot(explorer.ball_heights),
        samples=_figures(films.samples),
        sizes=_figures(films.sizes),
        aspect=_figure(films.aspect),
        frame_rate=_figure(films.frame_rate),
        scores=_score_rows(scores),
        space_path=html.escape(shlex.quote(str(folder / "space"))),
    )
    path = folder / "index.html"
    with atomic_write(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return path


def page_top(title: str, program: str, more_css: str = "") -> str:
    """All above the content of a page that plays films: its head, and what controls them.

    Args:
        title: Of the page.
        program: The command that made it.
        more_css: Rules besides those that the pages share.
    """
    return Template(_part("page_top.html")).substitute(
        title=title, program=program, css=_part("demo.css") + more_css
    )


def percent(share: float) -> str:
    """A share in [0, 1] as a whole percentage.

    Example:
        >>> percent(0.97)
        '97 %'
    """
    return f"{100 * share:.0f} %"


def _part(name: str) -> str:
    return (
        importlib.resources.files("videospace.reports")
        .joinpath("templates", name)
        .read_text(encoding="utf-8")
    )


def _figures(films: Iterable[Film]) -> str:
    return "\n".join(_figure(film) for film in films)


def _figure(film: Film) -> str:
    return (
        f'<figure><video src="{html.escape(film.path)}" width="{film.width}" '
        f'height="{film.height}" aria-label="{html.escape(film.label)}" '
        "muted loop autoplay playsinline preload=auto></video>"
        f"<figcaption>{html.escape(film.caption)}</figcaption></figure>"
    )


def _explorer_json(explorer: Explorer) -> str:
    content = {
        "width": explorer.width,
        "height": explorer.height,
        "num_frames": explorer.num_frames,
        "fps": explorer.fps,
        "ball_heights": explorer.ball_heights,
    }
    return json.dumps(content).replace("<", "\\u003c")  # nothing may end the script element


def height_plot(heights: list[float | None]) -> str:
    r"""Draw the ball's height at every step as the inside of an SVG of 100 by 100 units.

    Args:
        heights: As shares of the picture, 0 at the top; None where there is no ball.

    Returns:
        A line through the steps that have a ball, and a dot for each.

    Example:
        >>> print(height_plot([0.2, 0.6]).replace("><", ">\n<"))
        <polyline points="5.0,20.0 95.0,60.0"/>
        <circle cx="5.0" cy="20.0" r="1"/>
        <circle cx="95.0" cy="60.0" r="1"/>
    """
    margin = 5
    step = (PLOT_SIDE - 2 * margin) / (len(heights) - 1)
    points = [
        (f"{margin + step * index:.1f}", f"{PLOT_SIDE * height:.1f}")
        for index, height in enumerate(heights)
        if height is not None
    ]
    line = " ".join(f"{x},{y}" for x, y in points)
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="1"/>' for x, y in points)
    return f'<polyline points="{line}"/>{dots}'


def _score_rows(scores: dict[str, Any]) -> str:
    return "\n".join(
        f'<tr><th scope="row"><code>{name}</code><br>{html.escape(meaning)}</th>'
        f"<td>{html.escape(_text(scores[name]))}</td></tr>"
        for name, meaning in MEANINGS.items()
    )


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return value

"""HTML pages from the templates of this package; each is one file that needs no network."""

from pathlib import Path
from typing import Any

import jinja2

from videospace.runtime.files import atomic_write

_environment = jinja2.Environment(
    loader=jinja2.PackageLoader("videospace.reports"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def percent(fraction: float) -> str:
    """A fraction in [0, 1] as a whole percentage.

    Example:
        >>> percent(0.97)
        '97 %'
    """
    return f"{100 * fraction:.0f} %"


def figure(value: float | int | str | None) -> str:
    """A score for a table: four significant digits, thousands grouped, a dash for None.

    Example:
        >>> figure(3.14159), figure(None), figure(12)
        ('3.142', '–', '12')
    """
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return value


_environment.filters |= {"percent": percent, "figure": figure}


def render_page(template: str, **context: Any) -> str:
    """Fill in a template; everything that is filled in is escaped.

    Args:
        template: A file in ``templates``, such as ``demo.html``.
        **context: Values for the variables of the template.
    """
    return _environment.get_template(template).render(context)


def write_page(path: Path, template: str, **context: Any) -> None:
    """Fill in a template and write the page.

    Args:
        path: The file to write.
        template: As for :func:`render_page`.
        **context: As for :func:`render_page`.

    Raises:
        UserError: The file cannot be written.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(render_page(template, **context), encoding="utf-8")

"""Collects the texts of the pages and the server, and brings the catalogues up to date.

Run ``python -m videospace.studio.languages.extraction`` after a text was added or changed. It needs
nothing but the package's own files.
"""

import html.parser
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import write_po

from videospace.studio.languages.catalogues import FOLDER, SOURCE, languages, load_catalogue

PACKAGE = Path(__file__).parents[2]
PAGES = PACKAGE / "studio" / "static"
SERVER = ("lipreading", "clips", "inrv", "runtime", "studio")
ATTRIBUTES = ("aria-label", "placeholder", "title", "alt", "data-empty")
LEFT_OUT = {"script", "style", "kbd"}
VOID = {"meta", "link", "img", "input", "br", "hr"}
HAS_WORDS = re.compile(r"[^\W\d_]{2}")
"""Texts without two letters in a row need no translation. All this is as in ``words.js``."""


class _Page(html.parser.HTMLParser):
    """The texts of a page: of its elements, its attributes, and whole sentences with elements."""

    def __init__(self, text: str):
        super().__init__()
        self.found: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self._text = ""
        self._num_parts: int | None = None  # inside a sentence: the elements in it so far
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_left_out = self._is_left_out() or tag in LEFT_OUT or given.get("translate") == "no"
        if not is_left_out:
            self.found += [given[name] or "" for name in ATTRIBUTES if name in given]
        if self._num_parts is not None:
            self._num_parts += 1
            self._text += f"<{self._num_parts}>"
        else:
            self._end_text()
        if tag not in VOID:
            self._open.append((tag, is_left_out))
        if "data-sentence" in given:
            self._num_parts, self._sentence = 0, len(self._open)

    def handle_endtag(self, tag: str) -> None:
        if self._num_parts is not None and len(self._open) > self._sentence:
            self._text += f"</{self._num_parts}>"
        else:
            self._num_parts = None
            self._end_text()
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if not self._is_left_out():
            self._text += data

    def _is_left_out(self) -> bool:
        return any(is_left_out for _, is_left_out in self._open)

    def _end_text(self) -> None:
        self.found.append(" ".join(self._text.split()))
        self._text = ""


def page_texts(text: str) -> list[str]:
    """The texts of a page that are to be translated, in order.

    Args:
        text: The page as HTML.

    Example:
        >>> page_texts('<p>Good day <kbd>Esc</kbd></p><input placeholder="Name">')
        ['Good day', 'Name']
        >>> page_texts("<p data-sentence>Go to <a>Data</a>.</p>")
        ['Go to <1>Data</1>.']
    """
    return [found for found in _Page(text).found if HAS_WORDS.search(found)]


def all_texts() -> Iterator[tuple[str | tuple[str, str], str]]:
    """Every text that is to be translated, and the file that has it."""
    for path in sorted(PAGES.rglob("*.html")):
        for text in page_texts(path.read_text(encoding="utf-8")):
            yield text, _name(path)
    for path in sorted(PAGES.rglob("*.js")):
        yield from _calls(path, "javascript", {"gettext": None, "ngettext": (1, 2)})
    for path in sorted(path for name in SERVER for path in (PACKAGE / name).rglob("*.py")):
        yield from _calls(path, "python", {"Message": None})


def _calls(path: Path, kind: str, keywords: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    """The texts in the calls of some functions."""
    with path.open("rb") as file:
        for _, text, _, _ in extract(kind, file, keywords, options={"parse_template_string": True}):
            yield text, _name(path)


def template() -> Catalog:
    """A catalogue of all texts, without translations."""
    catalogue = Catalog(project="videospace", charset="utf-8")
    for text, name in all_texts():
        if text:
            catalogue.add(text, locations=[(name, 0)])
    return catalogue


def update_catalogues(folder: Path = FOLDER) -> None:
    """Give every catalogue the texts of today. What is no longer used is removed from it.

    Args:
        folder: Where they are written.
    """
    texts = template()
    for language in languages():
        if language == SOURCE:
            continue
        catalogue = load_catalogue(language)
        catalogue.update(texts, no_fuzzy_matching=True, update_creation_date=False)
        catalogue.obsolete.clear()
        content = io.BytesIO()
        write_po(content, catalogue, width=100, omit_header=False, include_lineno=False)
        (folder / f"{language}.po").write_bytes(content.getvalue())


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


if __name__ == "__main__":
    update_catalogues()

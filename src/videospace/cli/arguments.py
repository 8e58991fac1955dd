"""Parsing the arguments of a command, including flags and values of the version before."""

import contextlib
import dataclasses
import io
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import tyro

from videospace.runtime.files import check_output

RENAMED_FLAGS = {
    "--codes.start": "--code-init.method",
    "--codes.num-neighbours": "--code-init.num-neighbors",
    "--codes.": "--code-init.",
    "--optimiser.": "--optimizer.",
    "--batch.important-share": "--batch.important-fraction",
    "--batch.num-shares": "--batch.num-shards",
    "--episode.reversed-share": "--episode.reversed-fraction",
    "--episode.spliced-share": "--episode.spliced-fraction",
    "--model.latent.num-moments": "--model.latent.num-keyframes",
    "--model.latent.normalise": "--model.latent.normalize",
    "--model.latent.no-normalise": "--model.latent.no-normalize",
    "--model.latent.mixer-hidden-width": "--model.latent.map-hidden-width",
    "--model.latent.mixer-hidden-layers": "--model.latent.map-hidden-layers",
    "--model.hypernetwork.published-initialisation": "--model.hypernetwork.published-initialization",  # noqa: E501
    "--model.hypernetwork.no-published-initialisation": "--model.hypernetwork.no-published-initialization",  # noqa: E501
}
"""New names of flags, or beginnings of flags, of version 0.1; the old ones still work."""

RENAMED_FLAGS_OF = {
    "videospace complete": {
        "--share": "--fraction",
        "--seen": "--observed",
        "--keep-detail": "--back-projection",
        "--no-keep-detail": "--no-back-projection",
    },
    "videospace upscale": {
        "--keep-detail": "--back-projection",
        "--no-keep-detail": "--no-back-projection",
    },
}
"""Flags of version 0.1 that have a new name in one command only."""

OUTPUTS = ("out", "json", "page", "csv")
"""The fields of commands that name what is written."""

RENAMED_VALUES = {
    "--crop": {"centre": "center"},
    "--code-init.method": {"components": "pca", "geodesic": "isomap"},
    "--frame-encoder": {"components": "pca"},
    "--model.coordinates.space": {"centres": "centers"},
    "--strategy": {"dtw-normalised": "dtw-normalized"},
}
"""Values of version 0.1, by today's flag."""


def parse(command: Any, arguments: Sequence[str], prog: str) -> Any:
    """Build a command from its arguments.

    Flags and values of version 0.1 are accepted, with a line on standard error that gives the new
    name.

    Args:
        command: A dataclass; its fields are the flags.
        arguments: The arguments as the user typed them.
        prog: Name of the command, for its help.
    """
    today = list(_in_new_names(arguments, prog))
    with (
        _plain_output(contextlib.redirect_stdout, sys.stdout),
        _plain_output(contextlib.redirect_stderr, sys.stderr),
    ):
        parsed = tyro.cli(command, args=today, prog=prog)
    for name in OUTPUTS:
        if isinstance(out := getattr(parsed, name, None), Path):
            check_output(out, list(_input_paths(parsed)))
    return parsed


class _HelpText(io.StringIO):
    """Collects a text for a stream, formatted as the stream itself would need it."""

    def __init__(self, stream: Any):
        super().__init__()
        self.stream = stream

    def isatty(self) -> bool:
        return self.stream.isatty()

    def fileno(self) -> int:
        return self.stream.fileno()

    @property
    def encoding(self) -> str | None:  # type: ignore[override]
        return self.stream.encoding


@contextlib.contextmanager
def _plain_output(redirect: Callable[[Any], Any], stream: Any) -> Iterator[None]:
    """Write what is printed to a stream through :func:`plain_help`."""
    text = _HelpText(stream)
    try:
        with redirect(text):
            yield
    finally:
        stream.write(plain_help(text.getvalue()))


def plain_help(text: str) -> str:
    """Replace the names between double backticks, which docstrings have, in a help text.

    The name of a field becomes its flag, if the text has it, and any other name stands in quotes.

    Example:
        >>> print(plain_help("--frames INT  See ``num_frames``, or ``auto``."))
        --frames INT  See --frames, or 'auto'.
    """
    flags = set(re.findall(r"--[\w-]+", text))

    def plain(found: re.Match[str]) -> str:
        name = found[1].strip("\"'")
        for field in (name, name.removeprefix("num_")):
            if (flag := "--" + field.replace("_", "-")) in flags:
                return flag
        return f"'{name}'"

    lines = []
    for line in text.splitlines(keepends=True):
        replaced = re.sub(r"``([^`]+)``", plain, line)
        missing = len(line) - len(replaced)  # a line of a box ends where the others end
        lines.append(re.sub(r"((\x1b\[[\d;]*m)*[│|]\S*\s*)$", " " * missing + r"\1", replaced))
    return "".join(lines)


def _input_paths(command: Any) -> Iterator[Path]:
    """All paths among the arguments but the output, those of latent files by name, too."""
    for field in dataclasses.fields(command):
        value = getattr(command, field.name)
        for each in value if isinstance(value, (list, tuple)) else [value]:
            if field.name not in OUTPUTS and isinstance(each, (str, Path)):
                yield Path(each)
                yield Path(str(each).rpartition(":")[0] or each)


def _in_new_names(arguments: Sequence[str], prog: str) -> Iterator[str]:
    flag = ""
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if name.startswith("--"):
            flag = _renamed_flag(name, prog)
            if flag != name:
                print(f"{prog}: {name} is now called {flag}", file=sys.stderr)
            yield flag + equals + (_renamed_value(flag, value, prog) if equals else "")
        else:
            yield _renamed_value(flag, argument, prog)


def _renamed_flag(name: str, prog: str) -> str:
    spelled = name.replace("_", "-")  # as tyro takes both
    for old, new in (RENAMED_FLAGS | RENAMED_FLAGS_OF.get(prog, {})).items():
        if spelled == old or (old.endswith(".") and spelled.startswith(old)):
            return new + spelled[len(old) :]
    return name


def _renamed_value(flag: str, value: str, prog: str) -> str:
    new = RENAMED_VALUES.get(flag, {}).get(value, value)
    if new != value:
        print(f"{prog}: {flag} {value} is now called {new}", file=sys.stderr)
    return new

"""The command line: ``videospace COMMAND ...``.

A command is a module of this package with a function ``main(arguments)``. Only the module of the
requested command is imported, so that ``videospace --help`` does not load PyTorch.
"""

import errno
import importlib
import os
import sys
from collections.abc import Sequence

from videospace.runtime.errors import AlreadyReportedError, UserError
from videospace.runtime.interrupts import end_signals_as_interrupt

COMMANDS = {
    "demo": "train a space on bouncing balls, and write a page that shows what it can do",
    "prepare": "cut videos, frame folders or lists of them into clips",
    "train": "train a space on clips; the same command again resumes",
    "encoder": "train a network that estimates the latents of new videos",
    "prior": "learn how clips are distributed in a space, to sample new ones",
    "info": "print the facts and scores of a space or a store",
    "reconstruct": "render clips from their latents",
    "sample": "render new videos",
    "interpolate": "render an interpolation between two clips",
    "mix": "render what one clip shows with the motion of another",
    "invert": "find the latents of given videos",
    "complete": "fill in the missing parts of a video: regions, frames, pixels or its future",
    "upscale": "render a video at a higher resolution",
    "evaluate": "score a space on the clips of a store",
    "compare": "measure how near generated videos are to real ones",
    "lipread": "learn and recognize the words that a person mouths",
    "studio": "open the browser app for lipreading and video spaces",
}

MODULES = {
    **{name: f"rendering.{name}" for name in ("reconstruct", "sample", "interpolate", "mix")},
    **{name: f"inversion.{name}" for name in ("invert", "complete", "upscale")},
}
"""Modules of the commands that lie in folders."""

INTERRUPTED = 130
USAGE = 2
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Of the file to which the output goes, or of one that no command expected to fail."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: The command and its arguments; None means those of the process.

    Returns:
        The exit status: 0, 2 after an error of the user, or 130 after an interrupt by Ctrl-C or
        SIGTERM.
    """
    name, *rest = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        with end_signals_as_interrupt():
            status = _run(name, rest)
            sys.stdout.flush()
            return status
    except AlreadyReportedError:
        return USAGE
    except UserError as error:
        print(f"{_full_name(name, rest)}: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print(f"{_full_name(name, rest)}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # nobody reads our output any more
        _drop_output()
        return 0
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        _drop_output()
        print(f"{_full_name(name, rest)}: cannot write: {error.strerror}", file=sys.stderr)
        return USAGE


def _run(name: str, rest: list[str]) -> int:
    if name in ("-h", "--help"):
        print(_help())
    elif name == "--version":
        print(_version())
    elif name not in COMMANDS:
        expected = ", ".join(COMMANDS)
        print(f"videospace: no command '{name}': expected one of {expected}", file=sys.stderr)
        return USAGE
    else:
        importlib.import_module(f"videospace.cli.{MODULES.get(name, name)}").main(rest)
    return 0


def _drop_output() -> None:
    """Write what is still to be printed nowhere, so that the end of the process does not fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _full_name(name: str, rest: Sequence[str]) -> str:
    """The command with its subcommand, if it has one: 'videospace lipread train'."""
    if name == "lipread" and rest:
        from videospace.cli.lipread import COMMANDS as LIPREAD_COMMANDS

        name = " ".join([name, *(word for word in rest[:1] if word in LIPREAD_COMMANDS)])
    return f"videospace {name}"


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {what}" for name, what in COMMANDS.items()]
    return "\n".join(
        [
            "usage: videospace COMMAND ...",
            "",
            "Learned, continuous spaces of videos, in which one point is a whole clip.",
            "",
            *lines,
            "",
            "Start with 'videospace demo'. See 'videospace COMMAND --help' for each command.",
        ]
    )


def _version() -> str:
    from importlib.metadata import version

    return f"videospace {version('videospace')}"

"""The command line: ``videospace COMMAND ...``.

A command is a module of this package with a function ``main(arguments)``. Only the module of the
command at hand is imported, so that help and mistakes are answered at once.
"""

import importlib
import os
import sys
from collections.abc import Sequence

from videospace.runtime.errors import AlreadyReportedError, UserError

COMMANDS = {
    "demo": "train on bouncing balls from nothing, and show what a space can do",
    "prepare": "cut videos, frame folders or lists of them into clips",
    "train": "train a space on clips; the same command again resumes",
    "encoder": "train a network that guesses where new videos lie in a space",
    "info": "say what a space or a store is, and what it scores",
    "reconstruct": "render clips from their latents",
    "sample": "render new videos",
    "interpolate": "render the way from one clip to another",
    "invert": "find the points of a space that are given videos",
    "complete": "fill in what a video does not show: regions, frames, pixels, its future",
    "upscale": "render a video at a higher resolution",
    "evaluate": "score a space on the clips of a store",
    "lipread": "learn and recognize the words that a person mouths",
    "studio": "the page that listens to lips, in a browser",
}

INTERRUPTED = 130
USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0, 2 for what a user can put right, or 130."""
    name, *rest = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if name in ("-h", "--help"):
        print(_help())
        return 0
    if name == "--version":
        print(_version())
        return 0
    if name not in COMMANDS:
        print(f"videospace: no command '{name}'; there are {', '.join(COMMANDS)}", file=sys.stderr)
        return USAGE
    try:
        importlib.import_module(f"videospace.cli.{name}").main(rest)
        sys.stdout.flush()
    except AlreadyReportedError:
        return USAGE
    except UserError as error:
        print(f"videospace {name}: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print(f"videospace {name}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone; nothing is left to tell it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {what}" for name, what in COMMANDS.items()]
    return "\n".join(
        [
            "usage: videospace COMMAND ...",
            "",
            "Learned, continuous spaces of videos: one point is a whole clip.",
            "",
            *lines,
            "",
            "Begin with 'videospace demo'. 'videospace COMMAND --help' says more about each.",
        ]
    )


def _version() -> str:
    from importlib.metadata import version

    return f"videospace {version('videospace')}"

"""``videospace lipread COMMAND ...``: recognize a person's mouthed words.

Each command is a module with a function ``main(arguments)``.
"""

import importlib
import sys

from videospace.runtime.errors import UserError

COMMANDS = {
    "new": "make a profile for a person",
    "add": "add a word, recordings of it, or both",
    "words": "add a list of words, rename a word, or change how it is spoken",
    "recordings": "list recordings, write one as a film, or move one to another word",
    "train": "learn the words of a profile",
    "recognize": "name the likeliest words of a recording",
    "say": "speak a text into a WAV file",
    "bank": "keep the person's own voice, or a picture, for a word or phrase",
    "evaluate": "measure how well the words are recognized",
    "history": "show how well words were recognized in use",
    "models": "list the models of a profile, or go back to an older one",
    "info": "list the words, clips and models of a profile",
    "export": "write a profile to one zip file",
    "import": "make a profile from an exported zip file",
    "delete": "delete a clip, a word or a whole profile for good",
    "lock": "lock deletions and settings in the studio by a PIN, or remove the lock",
    "pretrain": "train a model on the mouths of other people",
}

MODULES = {"import": "import_profile", "recordings": "kept_recordings"}
"""Modules of the commands whose name is taken."""


def main(arguments: list[str]) -> None:
    """Run one of the commands."""
    name, *rest = arguments or ["--help"]
    if name in ("-h", "--help"):
        print(_help())
        sys.exit(0)
    if name not in COMMANDS:
        raise UserError(f"no command '{name}'; there are {', '.join(COMMANDS)}")
    module = MODULES.get(name, name)
    importlib.import_module(f"videospace.cli.lipread.{module}").main(rest)


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {what}" for name, what in COMMANDS.items()]
    return "\n".join(
        [
            "usage: videospace lipread COMMAND ...",
            "",
            "Recognize the silently mouthed words of one person, from one recording of each.",
            "",
            *lines,
            "",
            "Begin with 'videospace lipread new'. 'videospace lipread COMMAND --help' says more.",
        ]
    )

"""``videospace studio``."""

import importlib.util

from videospace.cli.arguments import parse
from videospace.runtime.errors import UserError
from videospace.runtime.native_libraries import sleep_while_waiting

NEEDS = ("fastapi", "uvicorn", "cryptography", "segno", "babel")


def main(arguments: list[str]) -> None:
    """Parse and run."""
    if any(importlib.util.find_spec(name) is None for name in NEEDS):
        raise UserError('the studio needs its extra: pip install "videospace[studio,lipreading]"')
    sleep_while_waiting()  # leave the cores to the browser and to a training
    from videospace.studio.server.serve import StudioConfig, run_studio

    run_studio(parse(StudioConfig, arguments, "videospace studio"))

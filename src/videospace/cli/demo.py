"""``videospace demo``."""

import tyro

from videospace.reports.demo.run import DemoConfig, run_demo


def main(arguments: list[str]) -> None:
    """Parse and run."""
    run_demo(tyro.cli(DemoConfig, args=arguments, prog="videospace demo"))

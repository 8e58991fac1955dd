"""``videospace demo``."""

from videospace.cli.arguments import parse
from videospace.reports.demo.run import DemoConfig, run_demo


def main(arguments: list[str]) -> None:
    """Parse the arguments and run the demo."""
    run_demo(parse(DemoConfig, arguments, "videospace demo"))

"""``videospace prepare``."""

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import tyro

from videospace.clips.prepare import SYNTHETIC, PrepareConfig, prepare


def main(arguments: list[str]) -> None:
    """Choose the settings that fit the source, parse, prepare, report."""
    kind = next((SYNTHETIC[word] for word in arguments if word in SYNTHETIC), PrepareConfig)
    command: Any = tyro.cli(_command(kind), args=arguments, prog="videospace prepare")
    report = prepare(command.sources, command.out, command.config)
    again = f", {report.num_present} were there already" if report.num_present else ""
    print(f"wrote {command.out}: {report.num_added} clips in {report.seconds:.1f} s{again}")
    if report.skipped:
        print(f"skipped {len(report.skipped)} sources, named in {command.out / 'skipped.jsonl'}:")
        for reason, count in Counter(item.reason for item in report.skipped).most_common(5):
            print(f"  {count} × {reason}")


def _command(kind: type) -> type:
    """The command with the settings of one kind of source as its flags."""

    @dataclasses.dataclass(frozen=True)
    class Prepare:
        """Cut videos into clips of one size.

        A source is a video file, a folder of frames, a folder of either, or a text file with one
        path a line. 'bouncing-ball' and 'moving-mnist' make their clips; each has flags of its
        own, shown by 'videospace prepare moving-mnist --help'. Running the same command again
        continues where it stopped and adds only what is new.
        """

        sources: Annotated[list[str], tyro.conf.Positional, tyro.conf.arg(metavar="SOURCE...")]
        """Where the clips come from."""
        out: Annotated[Path, tyro.conf.arg(metavar="STORE")]
        """Folder of the clips; made, or added to."""
        config: Annotated[kind, tyro.conf.arg(name="")] = dataclasses.field(default_factory=kind)  # type: ignore[valid-type]

    return Prepare

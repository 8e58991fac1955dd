"""``videospace prepare``."""

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import tyro

from videospace.cli.arguments import parse
from videospace.clips.prepare import SYNTHETIC, PrepareConfig, PrepareReport, prepare
from videospace.clips.synthetic.moving_mnist import MovingMnistConfig
from videospace.clips.work_shard import unfinished_shards


def main(arguments: list[str]) -> None:
    """Choose the settings that fit the source, parse, prepare, report."""
    kind = next((SYNTHETIC[word] for word in arguments if word in SYNTHETIC), PrepareConfig)
    command: Any = parse(_command(kind), arguments, "videospace prepare")
    report = prepare(command.sources, command.out, command.config, shard=command.shard)
    again = f", {report.num_present} were there already" if report.num_present else ""
    what = f"shard {command.shard} of {command.out}" if command.shard else command.out
    print(f"wrote {what}: {report.num_added} clips in {report.seconds:.1f} s{again}")
    if isinstance(command.config, MovingMnistConfig) and command.config.digits is None:
        print("the digits are drawn; --digits FILE takes handwritten ones, of an MNIST images file")
    if command.shard:
        _print_waiting(command.out)
    _print_skipped(report, None if command.shard else command.out / "skipped.jsonl")


def _print_waiting(store: Path) -> None:
    waiting = unfinished_shards(store)
    if not waiting:
        print("all shards are there: the same command without --shard joins them")
        return
    more = f" and {len(waiting) - 8} more" if len(waiting) > 8 else ""
    print(f"not finished: {', '.join(map(str, waiting[:8]))}{more}")


def _print_skipped(report: PrepareReport, named_in: Path | None) -> None:
    if report.skipped:
        where = f", named in {named_in}" if named_in else ""
        print(f"skipped {len(report.skipped)} sources{where}:")
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
        shard: Annotated[str | None, tyro.conf.arg(metavar="I/N")] = None
        """Decode only a share of the videos, such as 2/4, while other processes, on any machines
        that share STORE, decode the others; the same command without --shard then joins them."""
        config: Annotated[kind, tyro.conf.arg(name="")] = dataclasses.field(default_factory=kind)  # type: ignore[valid-type]

    return Prepare

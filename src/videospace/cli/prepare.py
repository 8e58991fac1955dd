"""``videospace prepare``."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import tyro

from videospace.cli.arguments import parse
from videospace.clips.prepare import SYNTHETIC, PrepareConfig, prepare
from videospace.clips.sources import SkippedSource
from videospace.clips.synthetic.moving_mnist import MovingMnistConfig
from videospace.clips.work_shard import unfinished_shards
from videospace.runtime.errors import UserError
from videospace.runtime.text import counted


def main(arguments: list[str]) -> None:
    """Parse the arguments, prepare, and print what was done."""
    kind = next((SYNTHETIC[word] for word in arguments if word in SYNTHETIC), PrepareConfig)
    set_name = next((name for name, config in SYNTHETIC.items() if config is kind), None)
    prog = " ".join(["videospace prepare", *([set_name] if set_name else [])])
    command: Any = parse(_command(kind), arguments, prog)
    if set_name and command.shard:
        raise UserError(f"a synthetic set such as {set_name} has no shards: leave out --shard")
    report = prepare(command.sources, command.out, command.config, shard=command.shard)
    present = f", {report.num_present} were there already" if report.num_present else ""
    what = f"shard {command.shard} of {command.out}" if command.shard else command.out
    print(f"wrote {what}: {counted(report.num_added, 'clip')} in {report.seconds:.1f} s{present}")
    if isinstance(command.config, MovingMnistConfig) and command.config.digits is None:
        print("the digits are drawn; for handwritten ones, give an MNIST images file with --digits")
    if command.shard:
        _print_unfinished(command.out)
    list_file = None if command.shard else command.out / "skipped.jsonl"
    if report.num_resampled:
        were = "was" if report.num_resampled == 1 else "were"
        print(
            f"the frame rates differ: {counted(report.num_resampled, 'video')} {were} brought to "
            f"{report.fps:g} frames per second (choose another rate with --fps)"
        )
    _print_sources("damaged, but used", report.damaged, list_file)
    _print_sources("skipped", report.skipped, list_file)


def _print_unfinished(store: Path) -> None:
    unfinished = unfinished_shards(store)
    if not unfinished:
        print("all shards are finished: run the same command without --shard to merge them")
        return
    more = f" and {len(unfinished) - 8} more" if len(unfinished) > 8 else ""
    print(f"not finished: {', '.join(map(str, unfinished[:8]))}{more}")


def _print_sources(what: str, items: Sequence[SkippedSource], list_file: Path | None) -> None:
    if not items:
        return
    where = f", listed in {list_file}" if list_file else ""
    print(f"{what}: {counted(len(items), 'source')}{where}")
    by_reason: dict[str, list[str]] = {}
    for item in items:
        by_reason.setdefault(item.reason, []).append(item.source)
    commonest = sorted(by_reason.items(), key=lambda found: -len(found[1]))
    for reason, sources in commonest[:5]:
        print(f"  {len(sources)} × {reason}: {sources[0]}" + ", ..." * (len(sources) > 1))


def _command(kind: type) -> type:
    """Make the command; its flags are the settings of one kind of source."""

    @dataclasses.dataclass(frozen=True)
    class Prepare:
        """Cut videos into clips of one size.

        A source is a video file, a folder of frames, a folder of videos or of such folders, or a
        text file with one path on each line. 'bouncing-ball' and 'moving-mnist' are synthetic sets
        with flags of their own: see 'videospace prepare moving-mnist --help'. Running the same
        command again continues where it stopped, and adds only new clips.
        """

        sources: Annotated[list[str], tyro.conf.Positional, tyro.conf.arg(metavar="SOURCE...")]
        """Videos, folders or lists of them, or the name of a synthetic set."""
        out: Annotated[Path, tyro.conf.arg(metavar="STORE")]
        """Folder of the clips; made, or added to."""
        shard: Annotated[str | None, tyro.conf.arg(metavar="I/N")] = None
        """Decode only shard I of N of the videos, such as 2/4. Start N processes, on any machines
        that can write to STORE; when all have finished, the same command without --shard merges
        their clips."""
        config: Annotated[kind, tyro.conf.arg(name="")] = dataclasses.field(default_factory=kind)  # type: ignore[valid-type]

    return Prepare

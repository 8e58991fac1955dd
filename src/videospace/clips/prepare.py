"""From videos to a store of clips: ``videospace prepare``."""

import contextlib
import dataclasses
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from videospace.clips.cutting import DecodedClip, SourceEnd
from videospace.clips.parallel_decoding import decode_sources, require_guard
from videospace.clips.prepare_config import PrepareConfig
from videospace.clips.sharded_prepare import (
    PartReader,
    begin_part,
    delete_parts,
    finish_part,
    require_count,
)
from videospace.clips.sources import SkippedSource, list_sources
from videospace.clips.store.clip_store import ClipStore
from videospace.clips.store.json_lines import read_json_lines
from videospace.clips.store.writer import StoreWriter
from videospace.clips.synthetic.bouncing_ball import BouncingBallConfig, write_bouncing_ball
from videospace.clips.synthetic.moving_mnist import MovingMnistConfig, write_moving_mnist
from videospace.clips.work_shard import Shard, shards_of
from videospace.runtime.errors import UserError
from videospace.runtime.files import folder_held, written_whole

SYNTHETIC = {
    "bouncing-ball": BouncingBallConfig,
    "moving-mnist": MovingMnistConfig,
}
"""Names of the sets that are drawn, and how each is configured."""
Decoder = Callable[
    [Sequence[str], PrepareConfig], Generator[tuple[str, Iterator[DecodedClip | SourceEnd]]]
]
"""`decode_sources`, or what reads the clips of sources from elsewhere."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PrepareReport:
    """What a preparation did."""

    num_added: int
    """Clips that are new in the store."""
    num_present: int
    """Clips of these sources that were there before."""
    skipped: tuple[SkippedSource, ...]
    """What could not be used."""
    seconds: float
    """Time taken."""


def prepare(
    sources: Sequence[str | Path],
    out: Path | str,
    config: PrepareConfig | BouncingBallConfig | MovingMnistConfig | None = None,
    *,
    shard: str | None = None,
    progress: bool = True,
) -> PrepareReport:
    """Cut videos into clips and add them to a store, or draw one of the synthetic sets.

    After an interrupt the same call continues where it stopped; repeated, it adds nothing. It
    decodes in processes of its own, so a script that calls it needs the usual
    ``if __name__ == "__main__":``, unless ``workers=1``.

    Args:
        sources: Video files, folders of them, folders of frames and text files with a path a
            line (see `list_sources`); or ``["bouncing-ball"]`` or ``["moving-mnist"]``.
        out: Folder of the store, new or one of this shape.
        config: How to cut, or how to draw; None means the defaults.
        shard: ``"2/4"`` to decode only the second of four shares of the videos, as one of four
            calls at once, on any machines that share the folder. When all have finished, the same
            call without it joins them. None decodes everything, or joins.
        progress: Show a progress bar, if standard error is a terminal.

    Raises:
        UserError: When a source does not exist, none gives a clip, the store is of another shape
            or another process is writing to it, a shard has not finished, or the guard is missing.

    Example:
        >>> import tempfile
        >>> config = BouncingBallConfig(num_clips=3)
        >>> prepare(["bouncing-ball"], tempfile.mkdtemp(), config).num_added
        3
    """
    started = time.monotonic()
    kind = SYNTHETIC.get(str(sources[0]), PrepareConfig) if len(sources) == 1 else PrepareConfig
    config = kind() if config is None else config
    if not isinstance(config, kind):
        raise UserError(
            f"expected a {kind.__name__} for {', '.join(map(str, sources))}, "
            f"got a {type(config).__name__}"
        )
    if isinstance(config, PrepareConfig):
        share = None if shard is None else Shard.parse(shard)
        if config.workers != 1:
            require_guard()
        names, skipped = list_sources(sources)
        if share:
            require_count(Path(out), share)
            with folder_held(share.folder(Path(out))):
                return _prepare_shard(names, Path(out), share, config, progress, started)
        with folder_held(Path(out)):
            return _prepare_videos(names, skipped, Path(out), config, progress, started)
    if shard is not None:
        raise UserError(
            f"expected videos to divide into shards, got {sources[0]}: leave out {shard}"
        )
    with folder_held(Path(out)):
        return _draw(out, config, progress, started)


def _draw(
    out: Path | str,
    config: BouncingBallConfig | MovingMnistConfig,
    progress: bool,
    started: float,
) -> PrepareReport:
    num_before = len(ClipStore.open(out)) if (Path(out) / "store.json").exists() else 0
    if isinstance(config, BouncingBallConfig):
        store = write_bouncing_ball(out, config)
    else:
        store = write_moving_mnist(out, config, progress=progress)
    num_added = len(store) - num_before
    return PrepareReport(
        num_added=num_added,
        num_present=config.num_clips - num_added,
        skipped=(),
        seconds=time.monotonic() - started,
    )


def _prepare_videos(
    names: list[str],
    skipped: list[SkippedSource],
    out: Path,
    config: PrepareConfig,
    progress: bool,
    started: float,
) -> PrepareReport:
    decode = PartReader(out, config).decode if shards_of(out) else decode_sources
    names = names[: config.max_sources]
    store = _store(out, config)
    splits = _splits(names, store, config)
    writer = StoreWriter(store, config)
    for group, max_clips in _groups(splits, config.max_clips):
        skipped += _prepare_group(group, splits, max_clips, config, writer, decode, progress)
    _write_skipped(store.folder / "skipped.jsonl", skipped, names)
    if not writer.num_added + writer.num_present:
        reasons = Counter(item.reason for item in skipped).most_common(3)
        reasons_text = "; ".join(f"{reason} ({count} of them)" for reason, count in reasons)
        raise UserError(f"none of the {len(skipped)} sources can be used: {reasons_text}")
    del decode  # and with it the memory maps of the parts
    delete_parts(out)
    return _report(writer, skipped, started)


def _prepare_shard(
    names: list[str],
    out: Path,
    shard: Shard,
    config: PrepareConfig,
    progress: bool,
    started: float,
) -> PrepareReport:
    """Decode a share of the sources into a part; what the whole store has by now is left out."""
    folder = shard.folder(out)
    begin_part(folder, shard, config)
    names = names[: config.max_sources]
    own = set(shard.share(names))
    whole = _store(out, config) if (out / "store.json").exists() else None
    splits = _splits(names, whole, config)
    writer = StoreWriter(_store(folder, config), config)
    joined = StoreWriter(whole, config) if whole else None
    skipped: list[SkippedSource] = []
    for group, max_clips in _groups(splits, config.max_clips):
        present = {
            source: joined.skip_if_finished(source) if joined else 0
            for source in group
            if source in own
        }
        waiting = [source for source in present if not present[source]]
        # One clip more than there is room for: where it is met, the joining stops too.
        room = max_clips + 1 - sum(present.values())
        skipped += _prepare_group(waiting, splits, room, config, writer, decode_sources, progress)
    _write_skipped(folder / "skipped.jsonl", skipped, sorted(own))
    finish_part(folder, config)
    return _report(writer, skipped, started)


def _store(folder: Path, config: PrepareConfig) -> ClipStore:
    height, width = config.height_width
    return ClipStore.create(folder, num_frames=config.num_frames, height=height, width=width)


def _splits(names: list[str], store: ClipStore | None, config: PrepareConfig) -> dict[str, str]:
    """The side of every source: the one that it is on in the store, or else by its place."""
    num_held_out = config.num_held_out(len(names)) if names else 0
    splits = dict.fromkeys(names, "train") | dict.fromkeys(
        names[len(names) - num_held_out :], "holdout"
    )
    present = store.records if store else []
    return splits | {record.source: record.split for record in present if record.source in splits}


def _report(writer: StoreWriter, skipped: Sequence[SkippedSource], started: float) -> PrepareReport:
    return PrepareReport(
        num_added=writer.num_added,
        num_present=writer.num_present,
        skipped=tuple(skipped),
        seconds=time.monotonic() - started,
    )


def _groups(splits: dict[str, str], max_clips: int | None) -> list[tuple[list[str], int | float]]:
    """Sources and the clips to take from them; with a limit, training and holdout apart."""
    if max_clips is None:
        return [(list(splits), math.inf)]
    held_out = [source for source, split in splits.items() if split == "holdout"]
    train = [source for source, split in splits.items() if split == "train"]
    share = round(max_clips * len(held_out) / max(1, len(splits)))
    max_held_out = min(max(share, 1), max_clips - 1) if held_out and train else share
    return [(train, max_clips - max_held_out), (held_out, max_held_out)]


def _prepare_group(
    sources: list[str],
    splits: dict[str, str],
    max_clips: int | float,
    config: PrepareConfig,
    writer: StoreWriter,
    decode: Decoder,
    progress: bool,
) -> list[SkippedSource]:
    """Take clips from some sources up to a limit; returns the sources that gave none."""
    finished = {source: writer.skip_if_finished(source) for source in sources}
    room = max_clips - sum(finished.values())
    waiting = [source for source in sources if not finished[source]] if room > 0 else []
    num_clips: Counter[str] = Counter()
    skipped = []
    bar = tqdm(unit="clip", disable=None if progress else True)
    with bar, contextlib.closing(decode(waiting, config)) as decoded:
        messages = ((source, message) for source, clips in decoded for message in clips)
        for source, message in messages:
            if isinstance(message, DecodedClip):
                if num_clips.total() >= room:
                    break
                writer.add(source, message, splits[source])
                num_clips[source] += 1
                to_come = max(0, message.num_expected - num_clips[source])
                per_source = (num_clips.total() + to_come) / len(num_clips)
                bar.total = round(min(room, per_source * len(waiting)))
                bar.update()
            elif message.reason is None:
                writer.finish(source, num_clips[source])
            else:
                skipped.append(SkippedSource(source=source, reason=message.reason))
    writer.flush()
    return skipped


def _write_skipped(path: Path, skipped: list[SkippedSource], sources: list[str]) -> None:
    """Bring ``skipped.jsonl`` up to date; what other runs have skipped stays in it."""
    now = {item.source: item.reason for item in skipped}
    lines, _ = read_json_lines(path)
    before = {line.get("source"): line.get("reason") for line in lines}
    reasons = {source: reason for source, reason in before.items() if source not in sources} | now
    items = [{"source": source, "reason": reason} for source, reason in reasons.items()]
    with written_whole(path) as unfinished:
        unfinished.write_text("".join(json.dumps(item) + "\n" for item in items))

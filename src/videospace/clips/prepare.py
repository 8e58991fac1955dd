"""Cutting videos into a store of clips, or drawing a synthetic set: ``videospace prepare``."""

import contextlib
import dataclasses
import json
import math
import os
import statistics
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from videospace.clips.cutting import DecodedClip, SourceEnd
from videospace.clips.decoding.video_input import probe
from videospace.clips.parallel_decoding import decode_sources, require_guard
from videospace.clips.prepare_config import PrepareConfig
from videospace.clips.shard_stores import (
    ShardReader,
    begin_shard,
    delete_shards,
    finish_shard,
    require_same_count,
)
from videospace.clips.sources import SkippedSource, list_sources
from videospace.clips.store.clip_store import DESCRIPTION_FILE, SKIPPED_FILE, ClipStore
from videospace.clips.store.json_lines import read_json_lines
from videospace.clips.store.writer import StoreWriter, known_names, rates_of_sources
from videospace.clips.synthetic.bouncing_ball import BouncingBallConfig, write_bouncing_ball
from videospace.clips.synthetic.moving_mnist import MovingMnistConfig, write_moving_mnist
from videospace.clips.work_shard import Shard, shards_of
from videospace.runtime.errors import UnreadableVideo, UserError
from videospace.runtime.files import atomic_write, folder_lock

SYNTHETIC = {
    "bouncing-ball": BouncingBallConfig,
    "moving-mnist": MovingMnistConfig,
}
"""The configuration of each synthetic set, by name."""
NUM_PROBED = 64
"""About how many videos tell the common frame rate of a new store."""
Decoder = Callable[
    [Sequence[str], PrepareConfig], Generator[tuple[str, Iterator[DecodedClip | SourceEnd]]]
]
"""`decode_sources`, or `ShardReader.decode`, which reads decoded clips."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PrepareReport:
    """The result of :func:`prepare`."""

    num_added: int
    """Clips added to the store."""
    num_present: int
    """Clips of these sources that the store had already."""
    skipped: tuple[SkippedSource, ...]
    """Sources that could not be used."""
    damaged: tuple[SkippedSource, ...] = ()
    """Sources that gave clips, but of which something is missing."""
    fps: float | None = None
    """The frame rate to which videos of other rates were brought."""
    num_resampled: int = 0
    """How many videos were brought to it."""
    seconds: float
    """How long it took."""


def prepare(
    sources: Sequence[str | Path],
    out: Path | str,
    config: PrepareConfig | BouncingBallConfig | MovingMnistConfig | None = None,
    *,
    shard: str | None = None,
    progress: bool = True,
) -> PrepareReport:
    """Cut videos into clips and add them to a store, or draw a synthetic set.

    After an interrupt, the same call continues where it stopped. A call with sources that are in
    the store already adds nothing. Videos are decoded in worker processes, so a script that calls
    this needs the usual ``if __name__ == "__main__":``, unless ``workers=1``.

    Args:
        sources: Video files, folders of them, folders of frames, and text files with one path on
            each line (see `list_sources`); or ``["bouncing-ball"]`` or ``["moving-mnist"]``.
        out: Folder of the store; made, or added to if its clips have this shape.
        config: A :class:`PrepareConfig` for videos, or the configuration of the synthetic set;
            None means the defaults.
        shard: ``"2/4"`` decodes only the second quarter of the videos, so that four processes, on
            any machines that can write to the folder, do the work together. When all four have
            finished, the same call with None merges their clips.
        progress: Show a progress bar if standard error is a terminal.

    Returns:
        How many clips were added, and which sources were skipped.

    Raises:
        UserError: A source does not exist, no source gives a clip, the store has another shape or
            is in use by another process, a shard is not finished, or the calling script lacks the
            guard.

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
        work_shard = None if shard is None else Shard.parse(shard)
        if config.workers != 1:
            require_guard()
        names, skipped = list_sources(sources)
        if work_shard:
            require_same_count(Path(out), work_shard)
            with folder_lock(work_shard.folder(Path(out))):
                return _prepare_shard(names, Path(out), work_shard, config, progress, started)
        with folder_lock(Path(out)):
            outcome = _Outcome(skipped=skipped)
            return _prepare_videos(names, outcome, Path(out), config, progress, started)
    if shard is not None:
        raise UserError(
            f"expected videos to divide into shards, got {sources[0]}: leave out {shard}"
        )
    with folder_lock(Path(out)):
        return _draw(out, config, progress, started)


def _draw(
    out: Path | str,
    config: BouncingBallConfig | MovingMnistConfig,
    progress: bool,
    started: float,
) -> PrepareReport:
    num_before = len(ClipStore.open(out)) if (Path(out) / DESCRIPTION_FILE).exists() else 0
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


@dataclasses.dataclass
class _Outcome:
    """What is to be said about the sources, collected while they are decoded."""

    skipped: list[SkippedSource] = dataclasses.field(default_factory=list)
    damaged: list[SkippedSource] = dataclasses.field(default_factory=list)
    num_resampled: int = 0
    decoded: set[str] = dataclasses.field(default_factory=set)

    def add(self, source: str, end: SourceEnd) -> None:
        self.decoded.add(source)
        if end.reason is not None:
            self.skipped.append(SkippedSource(source=source, reason=end.reason))
        elif end.note:
            self.damaged.append(SkippedSource(source=source, reason=end.note))
        self.num_resampled += end.is_resampled

    def report(self, writer: StoreWriter, config: PrepareConfig, started: float) -> PrepareReport:
        return PrepareReport(
            num_added=writer.num_added,
            num_present=writer.num_present,
            skipped=tuple(self.skipped),
            damaged=tuple(self.damaged),
            fps=config.fps,
            num_resampled=self.num_resampled,
            seconds=time.monotonic() - started,
        )

    def why_nothing(self) -> str:
        """Why no source can be used: the commonest reasons, each with a source that has it."""
        by_reason: dict[str, list[str]] = {}
        for item in self.skipped:
            by_reason.setdefault(item.reason, []).append(item.source)
        commonest = sorted(by_reason.items(), key=lambda item: -len(item[1]))[:3]
        return "; ".join(
            f"{reason} ('{sources[0]}'"
            + (f" and {len(sources) - 1} more)" if len(sources) > 1 else ")")
            for reason, sources in commonest
        )


def _prepare_videos(
    names: list[str],
    outcome: _Outcome,
    out: Path,
    config: PrepareConfig,
    progress: bool,
    started: float,
) -> PrepareReport:
    decode = ShardReader(out, config).decode if shards_of(out) else decode_sources
    is_new = not (out / DESCRIPTION_FILE).exists()
    store = _store(out, config)
    names = known_names(names[: config.max_sources], store.folder)
    at_rate = _with_common_rate(config, names, store.folder)
    splits = _splits(names, store, config)
    writer = StoreWriter(store, config)
    for group, max_clips in _groups(splits, config.max_clips):
        _prepare_group(group, splits, max_clips, at_rate, writer, decode, outcome, progress)
    _write_skipped(store.folder / SKIPPED_FILE, outcome)
    if not writer.num_added + writer.num_present:
        if is_new:  # or it would refuse clips of another shape
            (out / DESCRIPTION_FILE).unlink()
        raise UserError(
            f"none of the {len(outcome.skipped)} sources can be used: {outcome.why_nothing()}"
        )
    del decode  # closes the memory maps of the shards
    delete_shards(out)
    return outcome.report(writer, at_rate, started)


def _prepare_shard(
    names: list[str],
    out: Path,
    shard: Shard,
    config: PrepareConfig,
    progress: bool,
    started: float,
) -> PrepareReport:
    """Decode one shard of the sources; sources that the whole store has already are left out."""
    folder = shard.folder(out)
    begin_shard(folder, shard, config)
    whole = _store(out, config) if (out / DESCRIPTION_FILE).exists() else None
    names = known_names(names[: config.max_sources], out)
    own = set(shard.select(names))
    at_rate = _with_common_rate(config, names, out)
    splits = _splits(names, whole, config)
    writer = StoreWriter(_store(folder, config), config)
    merged = StoreWriter(whole, config) if whole else None
    outcome = _Outcome()
    for group, max_clips in _groups(splits, config.max_clips):
        present = dict.fromkeys((source for source in group if source in own), 0)
        if merged:
            present = _num_finished(merged, list(present), outcome)
        waiting = [source for source in present if not present[source]]
        # One clip more than there is room for: merging stops at that clip too.
        room = max_clips + 1 - sum(present.values())
        _prepare_group(waiting, splits, room, at_rate, writer, decode_sources, outcome, progress)
    _write_skipped(folder / SKIPPED_FILE, outcome)
    finish_shard(folder, config)
    return outcome.report(writer, at_rate, started)


def _store(folder: Path, config: PrepareConfig) -> ClipStore:
    height, width = config.height_width
    return ClipStore.create(folder, num_frames=config.num_frames, height=height, width=width)


def _with_common_rate(config: PrepareConfig, names: list[str], folder: Path) -> PrepareConfig:
    """The settings with the frame rate to which videos of other rates are brought.

    It is the median of the videos in the store, or else of some of those to come.
    """
    if config.fps is not None:
        return config
    rates = rates_of_sources(folder)
    for name in names[:: -(-len(names) // NUM_PROBED)] if not rates and names else ():
        if not os.path.isdir(name):
            with contextlib.suppress(UserError, OSError):
                rates.append(probe(name).fps)
    return dataclasses.replace(config, fps=statistics.median_high(rates) if rates else None)


def _num_finished(writer: StoreWriter, sources: list[str], outcome: _Outcome) -> dict[str, int]:
    """The clips that the store has of each source; replaced sources are left out, and said."""
    found = {}
    for source in sources:
        try:
            found[source] = writer.skip_if_finished(source)
        except UnreadableVideo as error:
            outcome.add(source, SourceEnd(reason=error.reason))
    return found


def _splits(names: list[str], store: ClipStore | None, config: PrepareConfig) -> dict[str, str]:
    """The split of every source: its split in the store, or else by its position in the list.

    Only sources that seem to give clips are held out.
    """
    in_store = {record.source: record.split for record in (store.records if store else [])}
    room = config.num_held_out(len(names)) if names else 0
    splits = dict.fromkeys(names, "train")
    for name in reversed(names):
        if not room:
            break
        if name in in_store or _seems_long_enough(name, config):
            splits[name] = "holdout"
            room -= 1
    return splits | {name: split for name, split in in_store.items() if name in splits}


def _seems_long_enough(source: str, config: PrepareConfig) -> bool:
    try:
        return probe(source).num_frames >= config.num_frames * config.every
    except (UserError, OSError):
        return False


def _groups(splits: dict[str, str], max_clips: int | None) -> list[tuple[list[str], int | float]]:
    """Sources and the limit of their clips; if there is one, training and holdout separately."""
    if max_clips is None:
        return [(list(splits), math.inf)]
    held_out = [source for source, split in splits.items() if split == "holdout"]
    train = [source for source, split in splits.items() if split == "train"]
    in_proportion = round(max_clips * len(held_out) / max(1, len(splits)))
    both = held_out and train
    max_held_out = min(max(in_proportion, 1), max_clips - 1) if both else in_proportion
    return [(train, max_clips - max_held_out), (held_out, max_held_out)]


def _prepare_group(
    sources: list[str],
    splits: dict[str, str],
    max_clips: int | float,
    config: PrepareConfig,
    writer: StoreWriter,
    decode: Decoder,
    outcome: _Outcome,
    progress: bool,
) -> None:
    """Add the clips of some sources, up to a limit."""
    finished = _num_finished(writer, sources, outcome)
    sources = list(finished)
    room = max_clips - sum(finished.values())
    waiting = [source for source in sources if not finished[source]] if room > 0 else []
    num_clips: Counter[str] = Counter()
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
            else:
                outcome.add(source, message)
                if message.reason is None:
                    writer.finish(source, num_clips[source], fps=message.own_fps)
    writer.flush()


def _write_skipped(path: Path, outcome: _Outcome) -> None:
    """Update ``skipped.jsonl``; it keeps what earlier runs with other sources have skipped."""
    now = {item.source: item.reason for item in (*outcome.damaged, *outcome.skipped)}
    lines, _ = read_json_lines(path)
    before = {line.get("source"): line.get("reason") for line in lines}
    kept = {source: reason for source, reason in before.items() if source not in outcome.decoded}
    reasons = kept | now
    items = [{"source": source, "reason": reason} for source, reason in reasons.items()]
    with atomic_write(path) as temporary:
        temporary.write_text("".join(json.dumps(item) + "\n" for item in items))

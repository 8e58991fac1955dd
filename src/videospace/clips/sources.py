"""Finding the videos in files, folders and lists, always in the same order."""

import dataclasses
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from videospace.clips.decoding.frame_folder import IMAGE_SUFFIXES, natural_order
from videospace.runtime.errors import UserError

VIDEO_SUFFIXES = frozenset(
    (".mp4", ".m4v", ".webm", ".mkv", ".mov", ".mpg", ".mpeg", ".gif", ".avi", ".ogv", ".ts")
)
LIST_SUFFIX = ".txt"


@dataclasses.dataclass(frozen=True, kw_only=True)
class SkippedSource:
    """One line of ``skipped.jsonl``: a source that cannot be used."""

    source: str
    """The path as the user named it, or below a folder that the user named."""
    reason: str
    """Why, in a few words."""


def list_sources(sources: Sequence[str | Path]) -> tuple[list[str], list[SkippedSource]]:
    """Find the videos in files, folders and lists.

    A folder is searched with all its subfolders, in natural order (``take2`` before ``take10``);
    a folder of images is one video. A text file (``.txt``) names one source on each line, relative
    to its own folder, and its order is kept; blank lines and lines that begin with ``#`` are
    ignored. A video that is named twice is listed once. Hidden files and clip stores are ignored.

    Args:
        sources: Video files, folders of frames, folders of videos, and text files.

    Returns:
        The videos, as paths of files and of folders of frames, and the files that are no videos.

    Raises:
        UserError: No source is given, or one of them does not exist.
    """
    if not sources:
        raise UserError("expected at least one video, folder or list of them, got none")
    missing = [str(source) for source in sources if not os.path.exists(source)]
    if missing:
        raise UserError(f"no such file or folder: {', '.join(missing)}")
    found: dict[str, None] = {}
    skipped: dict[SkippedSource, None] = {}
    for source in sources:
        for item in _expand(Path(source), frozenset()):
            if isinstance(item, SkippedSource):
                skipped[item] = None
            else:
                found[os.path.normpath(item)] = None
    return list(found), list(skipped)


def _expand(path: Path, parents: frozenset[Path]) -> Iterator[Path | SkippedSource]:
    """The videos in one source; ``parents`` detects links and lists that contain themselves."""
    real_path = path.resolve()
    if real_path in parents:
        yield SkippedSource(source=str(path), reason="contains itself")
    elif not path.exists():
        yield SkippedSource(source=str(path), reason="no such file or folder")
    elif path.is_dir():
        yield from _expand_folder(path, parents | {real_path})
    elif path.suffix.lower() == LIST_SUFFIX:
        yield from _expand_list(path, parents | {real_path})
    else:
        yield path


def _expand_folder(folder: Path, parents: frozenset[Path]) -> Iterator[Path | SkippedSource]:
    try:
        visible = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
        entries = sorted(visible, key=lambda entry: natural_order(entry.name))
    except OSError as error:
        yield SkippedSource(source=str(folder), reason=f"cannot be read: {error.strerror}")
        return
    if any(entry.name == "store.json" for entry in entries):
        return
    suffixes = {entry.suffix.lower() for entry in entries if entry.is_file()}
    has_videos = bool(suffixes & VIDEO_SUFFIXES)
    if suffixes & IMAGE_SUFFIXES and not has_videos:
        yield folder
    for entry in entries:
        suffix = entry.suffix.lower()
        if entry.is_dir():
            yield from _expand(entry, parents)
        elif suffix in VIDEO_SUFFIXES:
            yield entry
        elif suffix in IMAGE_SUFFIXES and has_videos:
            yield SkippedSource(source=str(entry), reason="an image beside videos")
        elif suffix not in IMAGE_SUFFIXES:
            yield SkippedSource(source=str(entry), reason="not a video by its suffix")
    if not entries:
        yield SkippedSource(source=str(folder), reason="an empty folder")


def _expand_list(path: Path, parents: frozenset[Path]) -> Iterator[Path | SkippedSource]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        yield SkippedSource(source=str(path), reason="cannot be read as a list of paths")
        return
    for line in lines:
        entry = line.strip()
        if entry and not entry.startswith("#"):
            yield from _expand(path.parent / entry, parents)

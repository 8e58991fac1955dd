"""Finding the videos in files, folders and lists, always in the same order."""

import dataclasses
import os
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from videospace.clips.decoding.frame_folder import IMAGE_SUFFIXES, is_animation, natural_order
from videospace.clips.decoding.streams import is_video_content
from videospace.clips.store.clip_store import DESCRIPTION_FILE
from videospace.runtime.errors import UserError

VIDEO_SUFFIXES = frozenset(
    (
        *(".mp4", ".m4v", ".mov", ".qt", ".3gp", ".3g2", ".f4v", ".webm", ".mkv", ".avi", ".divx"),
        *(".mpg", ".mpeg", ".m1v", ".m2v", ".vob", ".ts", ".mts", ".m2ts", ".m2t", ".mxf", ".dv"),
        *(
            ".wmv",
            ".asf",
            ".flv",
            ".ogv",
            ".ogm",
            ".rm",
            ".rmvb",
            ".h264",
            ".264",
            ".h265",
            ".hevc",
        ),
        *(".ivf", ".nut", ".y4m", ".mjpg", ".mjpeg", ".gif", ".apng"),
    )
)
LIST_SUFFIXES = frozenset((".txt", ".lst", ".csv", ".tsv", ".ffconcat"))
NO_VIDEO_SUFFIXES = frozenset(
    (
        *(".json", ".jsonl", ".xml", ".yaml", ".yml", ".md", ".html", ".pdf", ".log", ".py"),
        *(".srt", ".vtt", ".ass", ".sub", ".wav", ".mp3", ".m4a", ".aac", ".flac", ".ogg", ".opus"),
        *(".zip", ".tar", ".gz", ".7z", ".rar", ".npy", ".npz", ".h5", ".pt", ".safetensors"),
    )
)
"""Files that are no videos whatever they hold, so that they need not be opened."""
JUNK_NAMES = frozenset(("Thumbs.db", "desktop.ini", "__MACOSX"))
"""Files that systems leave behind, of which nobody wants to hear."""
UNREADABLE_IMAGES = frozenset((".heic", ".heif", ".tif", ".tiff", ".jp2", ".exr", ".dng", ".raw"))
"""Images that are not read, with what to do."""
_FFCONCAT_DIRECTIVE = re.compile(r"(ffconcat version|duration|inpoint|outpoint|stream|option)\b")
CONVERT = "images of this format are not read: convert them to .png or .jpg"


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
    found: dict[str, str] = {}  # by its real path, so that links do not count twice
    skipped: dict[SkippedSource, None] = {}
    for source in sources:
        for item in _expand(Path(source), frozenset()):
            if isinstance(item, SkippedSource):
                skipped[item] = None
            else:
                found.setdefault(os.path.realpath(item), os.path.normpath(item))
    return list(found.values()), list(skipped)


def _expand(path: Path, parents: frozenset[Path]) -> Iterator[Path | SkippedSource]:
    """The videos in one source; ``parents`` detects links and lists that contain themselves."""
    real_path = path.resolve()
    if real_path in parents:
        yield SkippedSource(source=str(path), reason="contains itself")
    elif not path.exists():
        yield SkippedSource(source=str(path), reason="no such file or folder")
    elif path.is_dir():
        yield from _expand_folder(path, parents | {real_path})
    elif path.suffix.lower() in LIST_SUFFIXES:
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
    if any(entry.name == DESCRIPTION_FILE for entry in entries):
        return
    files = [entry for entry in entries if entry.is_file() and entry.name not in JUNK_NAMES]
    animations = {
        entry for entry in files if entry.suffix.lower() in IMAGE_SUFFIXES and is_animation(entry)
    }
    videos = animations | {entry for entry in files if _is_video(entry)}
    stills = {entry for entry in files if entry.suffix.lower() in IMAGE_SUFFIXES} - animations
    is_frame_folder = videos == animations and len(stills) > len(videos)
    if is_frame_folder:
        yield folder
        videos = set()
    passed_over: dict[str, list[Path]] = {}
    for entry in entries:
        if entry.name in JUNK_NAMES:
            continue
        if entry.is_dir():
            yield from _expand(entry, parents)
        elif entry in videos:
            yield entry
        elif is_frame_folder and entry.suffix.lower() in IMAGE_SUFFIXES:
            continue
        elif entry.suffix.lower() not in IMAGE_SUFFIXES:
            reason = CONVERT if entry.suffix.lower() in UNREADABLE_IMAGES else "not a video"
            passed_over.setdefault(reason, []).append(entry)
        elif videos:
            passed_over.setdefault("an image beside videos", []).append(entry)
    for reason, paths in passed_over.items():
        for path in paths[:1] if reason == CONVERT else paths:
            count = f" ({len(paths)} files)" if reason == CONVERT and len(paths) > 1 else ""
            yield SkippedSource(source=str(path), reason=reason + count)
    if not entries:
        yield SkippedSource(source=str(folder), reason="an empty folder")


def _is_video(path: Path) -> bool:
    """Whether a file is a video by its suffix, or else by its content."""
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return True
    known = IMAGE_SUFFIXES | LIST_SUFFIXES | NO_VIDEO_SUFFIXES | UNREADABLE_IMAGES
    return suffix not in known and is_video_content(path)


def _expand_list(path: Path, parents: frozenset[Path]) -> Iterator[Path | SkippedSource]:
    try:
        content = _decoded_list(path.read_bytes())
    except (OSError, UnicodeDecodeError):
        reason = "cannot be read as a list of paths: save it as UTF-8 text"
        yield SkippedSource(source=str(path), reason=reason)
        return
    found: list[Path] = []
    missing: list[SkippedSource] = []
    lines = content.split("\0") if "\0" in content else content.splitlines()
    for number, line in enumerate(lines, start=1):
        entry = line.strip()
        if not entry or entry.startswith("#") or _FFCONCAT_DIRECTIVE.match(entry):
            continue
        named = _named_by(entry, path.parent)
        found += named
        if not named and (number > 1 or not _is_header(entry)):
            shown = entry if len(entry) <= 60 else entry[:57] + "..."
            reason = f"names '{shown}', which is not there: correct the line"
            missing.append(SkippedSource(source=f"{path}, line {number}", reason=reason))
    if not found and len(missing) == 1 and len(missing[0].reason) < 120:
        yield missing[0]
        return
    if not found:
        reason = "a text file that names no videos: give the videos or their folder"
        yield SkippedSource(source=str(path), reason=reason)
        return
    for entry in found:
        yield from _expand(entry, parents)
    yield from missing


def _decoded_list(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    if content[1::2].count(0) > len(content) // 4:  # UTF-16 without its mark
        return content.decode("utf-16-le")
    return content.decode("utf-8-sig")


def _named_by(entry: str, folder: Path) -> list[Path]:
    """The sources that a line of a list names; empty where there are none.

    The line as it stands may name anything. A part of it, such as a column or what is quoted, may
    name videos and folders of frames only, since a label may be called like a folder.
    """
    whole = [entry, entry.removeprefix("file://"), os.path.expanduser(entry)]
    for text in (*whole, *(each.replace("\\", "/") for each in whole)):
        if text not in (".", "..") and _exists(folder / text):
            return [folder / text]
    readings = [_words(entry), [entry.removeprefix("file ").strip()]]
    readings += [[part.strip()] for mark in ",;\t" for part in entry.split(mark)]
    readings += [[entry.rsplit(" ", 1)[0].strip()], [entry.split(" #")[0].strip()]]
    readings += [[word] for word in _words(entry)]
    for texts in readings:
        texts = [os.path.expanduser(text.strip("\"'").replace("\\", "/")) for text in texts if text]
        paths = [folder / text for text in texts]
        if paths and all(map(_is_source, paths)):
            return paths
    return []


def _words(entry: str) -> list[str]:
    """The words of a line, quoted as in a shell, without the ``file`` of FFmpeg's lists."""
    try:
        words = shlex.split(entry.replace("\\", "/") if "'" not in entry else entry)
    except ValueError:  # a quotation mark too many
        return []
    return words[1:] if words[:1] == ["file"] else words


def _is_source(path: Path) -> bool:
    if not _exists(path):
        return False
    if path.is_file():
        return True
    return any(entry.suffix.lower() in IMAGE_SUFFIXES for entry in path.iterdir())


def _is_header(line: str) -> bool:
    """Whether a line may name the columns of a table, such as ``path,label``."""
    return not re.search(r"[./\\]", line)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # such as a name that is too long
        return False

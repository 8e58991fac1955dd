"""Load corpora of labeled word clips from several speakers."""

import dataclasses
import itertools
import os
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import Literal

from videospace.clips.decoding.frame_folder import natural_order
from videospace.clips.sources import VIDEO_SUFFIXES
from videospace.lipreading.mouth.detectors import FaceDetector
from videospace.lipreading.mouth.image_files import OpenZip, is_image
from videospace.lipreading.mouth.mouth_clip import MODEL_FPS, MouthClip
from videospace.lipreading.mouth.reading import read_crops, read_mouth
from videospace.runtime.errors import UserError

Domain = Literal["real", "synthetic"]
LAYOUT = "SPEAKER/WORD/TAKE, where a take is a folder of images, a zip of images or a video"


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class LabeledClip:
    """A clip of a mouth with the word that it says."""

    word: str
    """The word, as the person's vocabulary or the corpus spells it."""
    speaker: str
    """Name of the speaker."""
    take: str
    """Name that distinguishes the clips of one word by one speaker; they are in natural order."""
    domain: Domain
    """``real`` for a recording of the person, ``synthetic`` for anything that replaces one."""
    clip: MouthClip
    """The clip."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Source:
    """A clip of a corpus before it is read."""

    speaker: str
    word: str
    take: str
    path: Path
    names: tuple[str, ...] = ()
    """Images inside the zip at the path; empty where the path itself is the take."""


def read_corpus(
    folder: Path | str,
    *,
    speakers: Collection[str] | None = None,
    fps: float = MODEL_FPS,
    domain: Domain = "real",
    detector: FaceDetector | None = None,
) -> list[LabeledClip]:
    """Read a corpus from folders, zips or both.

    The folder contains SPEAKER/WORD/TAKE, where a take is a folder of images, a zip of images or a
    video. A zip directly in the folder contains the same tree. A word may have several levels, such
    as ``words/01``. Hidden files, and files other than images and videos, are ignored.

    Args:
        folder: The corpus, or one zip that contains it.
        speakers: Names of the speakers to read; None reads all.
        fps: Frames per second of the images; a video has its own.
        domain: Domain of all clips.
        detector: Finds the mouths in videos; None for videos that show only a mouth.

    Returns:
        The clips, sorted by speaker, word and take in natural order.

    Raises:
        UserError: The corpus is missing or empty, a speaker is missing, the tree has too few
            levels, two clips have the same name, or a file cannot be read.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> take = Path(tempfile.mkdtemp()) / "anna" / "yes" / "01"
        >>> take.mkdir(parents=True)
        >>> Image.new("L", (96, 54)).save(take / "frame_1.png")
        >>> [(clip.speaker, clip.word, clip.take) for clip in read_corpus(take.parents[2])]
        [('anna', 'yes', '01')]
    """
    folder = Path(folder)
    if not folder.exists():
        raise UserError(f"expected a corpus at '{folder}', but there is no such file or folder")
    sources = list(_sources(folder))
    if not sources:
        raise UserError(f"expected clips in '{folder}' as {LAYOUT}, got none")
    if speakers is not None:
        known = {source.speaker for source in sources}
        if missing := sorted(set(speakers) - known):
            raise UserError(
                f"no clips of {', '.join(missing)} in '{folder}', which has "
                f"{', '.join(sorted(known, key=natural_order))}"
            )
        sources = [source for source in sources if source.speaker in speakers]
    sources.sort(key=lambda source: [natural_order(part) for part in _name(source)])
    for one, other in itertools.pairwise(sources):
        if _name(one) == _name(other):
            raise UserError(f"the clip {'/'.join(_name(one))} comes twice in '{folder}'")
    return list(_read(sources, fps, domain, detector))


def _name(source: _Source) -> tuple[str, str, str]:
    return source.speaker, source.word, source.take


def _read(
    sources: list[_Source], fps: float, domain: Domain, detector: FaceDetector | None
) -> Iterator[LabeledClip]:
    for path, clips in itertools.groupby(sources, key=lambda source: source.path):
        takes = list(clips)
        if takes[0].names:
            with OpenZip(path) as archive:
                for take in takes:
                    clip = MouthClip(frames=archive.read(take.names), fps=fps)
                    yield _labeled(take, domain, clip)
        else:
            yield _labeled(takes[0], domain, _read_take(path, fps, detector))


def _labeled(source: _Source, domain: Domain, clip: MouthClip) -> LabeledClip:
    speaker, word, take = _name(source)
    return LabeledClip(word=word, speaker=speaker, take=take, domain=domain, clip=clip)


def _read_take(path: Path, fps: float, detector: FaceDetector | None) -> MouthClip:
    if not _is_video(path):
        return read_crops(path, fps=fps)
    return read_crops(path) if detector is None else read_mouth(path, detector)[0]


def _is_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEO_SUFFIXES and path.is_file()


def _sources(corpus: Path) -> Iterator[_Source]:
    if corpus.is_file():
        yield from _sources_in_zip(corpus)
        return
    for parent, folders, files in os.walk(corpus):
        folders[:] = [name for name in folders if not name.startswith((".", "__MACOSX"))]
        here = Path(parent)
        if any(map(is_image, files)):
            yield _source(here.relative_to(corpus).parts, here)
        for name in files:
            path = here / name
            is_zip = path.suffix.lower() == ".zip"
            if name.startswith("."):
                continue
            if is_zip and here == corpus:
                yield from _sources_in_zip(path)
            elif is_zip or _is_video(path):
                yield _source((*here.relative_to(corpus).parts, path.stem), path)


def _sources_in_zip(path: Path) -> Iterator[_Source]:
    takes: dict[tuple[str, ...], list[str]] = {}
    with OpenZip(path) as archive:
        for name in archive.image_names:
            takes.setdefault(PurePosixPath(name).parts[:-1], []).append(name)
    for parts, names in takes.items():
        yield _source(parts, path, tuple(names))


def _source(parts: tuple[str, ...], path: Path, names: tuple[str, ...] = ()) -> _Source:
    if len(parts) < 3:
        found = "/".join(parts) or "images"
        raise UserError(f"expected {LAYOUT}, got {found} in '{path}'")
    speaker, *word, take = parts
    return _Source(speaker=speaker, word="/".join(word), take=take, path=path, names=names)

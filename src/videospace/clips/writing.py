"""Writing the frames of one or several clips to a video file, one time step at a time.

The suffix of the file's name chooses the format. Only a few frames are in memory at a time,
whatever the length of the video.
"""

import contextlib
import math
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence, Sized
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, cast

import av
import av.error
import av.filter
import numpy as np
from av.video.stream import VideoStream
from einops import rearrange
from jaxtyping import UInt8
from PIL import Image

from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write, cannot_write

MAX_GIF_FPS = 50
"""Browsers slow down a GIF with a higher rate than this."""

_GAP_PX = 2


class _Codec(NamedTuple):
    name: str
    pixel_format: str
    codec_options: dict[str, str]
    container_options: dict[str, str]


_CODECS = {
    ".mp4": _Codec("libx264", "yuv420p", {"crf": "16"}, {"movflags": "+faststart"}),
    ".webm": _Codec(
        "libvpx-vp9",
        "yuv420p",
        {"crf": "16", "b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"},
        {},
    ),
    ".gif": _Codec("gif", "pal8", {}, {}),
}
SUFFIXES = (*_CODECS, ".png", ".npy")
"""The formats that :func:`write_video` knows."""


LOWEST_FPS, LOWEST_GIF_FPS = 1 / 3600, 1 / 600
"""Slow videos are time lapses; a GIF counts the time of a frame in 16 bits."""


def write_video(
    path: Path | str,
    frames: Iterable[UInt8[np.ndarray, "clip height width 3"]],
    *,
    fps: float | int,
    num_frames: int | None = None,
    names: Sequence[str] | None = None,
    num_columns: int = 8,
) -> Path | list[Path]:
    """Write clips to a video file, a picture, an array, or a folder of videos.

    ``.mp4`` (H.264), ``.webm`` (VP9) and ``.gif`` show several clips as a :func:`mosaic`. In the
    first two, sides of odd length are padded by a copy of their last row or column, and color has
    half the resolution of brightness. A GIF above 50 fps skips frames. ``.png`` is a contact sheet:
    a row for each clip, and a column for each of several evenly spaced time steps. ``.npy`` is the
    exact array (clip, time, height, width, 3). A path without suffix is a folder with one ``.mp4``
    for each clip. A file appears under its name only when it is complete.

    Args:
        path: File or folder to write; missing parent folders are made.
        frames: The frames of all clips for each time step.
        fps: Frames per second, from one an hour (of a GIF one in ten minutes) to 1000.
        num_frames: Number of time steps; None means the length of ``frames``. If ``frames`` has
            none, ``.png`` and ``.npy`` collect all frames in memory first.
        names: File names, without suffix, of the clips in a folder; None numbers them. Other
            formats ignore it.
        num_columns: The most time steps that a contact sheet shows.

    Returns:
        The file, or the list of files in the folder.

    Raises:
        UserError: The suffix is unknown, the frames differ in shape or are not as many as
            ``num_frames``, fps is out of range, the names do not fit, or the file cannot be
            written.

    Example:
        >>> import tempfile
        >>> frames = np.zeros((4, 1, 6, 8, 3), np.uint8)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.load(write_video(Path(folder) / "black.npy", frames, fps=25)).shape
        (1, 4, 6, 8, 3)
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix and suffix not in SUFFIXES:
        raise UserError(
            f"expected a file name that ends in {', '.join(SUFFIXES)} (or a folder, without a "
            f"suffix), got {path.name!r}"
        )
    lowest = LOWEST_GIF_FPS if suffix == ".gif" else LOWEST_FPS
    if not lowest <= fps <= 1000:
        raise UserError(
            f"expected from {lowest:g} to 1000 frames per second for {path.name}, got {fps}"
        )
    if num_columns < 1:
        raise UserError(f"expected a contact sheet of 1 column or more, got {num_columns}")
    if num_frames is None and isinstance(frames, Sized):
        num_frames = len(frames)
    if num_frames is None and suffix in (".png", ".npy"):
        frames = list(frames)
        num_frames = len(frames)
    checked = _checked(frames, path, num_frames)
    try:
        first, num_frames = next(checked), num_frames or 0
        path.parent.mkdir(parents=True, exist_ok=True)
        if not suffix:
            return _write_folder(path, first, checked, fps, names)
        with atomic_write(path) as part:
            if suffix == ".png":
                _write_contact_sheet(part, first, checked, num_frames, num_columns)
            elif suffix == ".npy":
                _write_array(part, first, checked, num_frames)
            else:
                _write_mosaic(part, first, checked, fps)
        return path
    except (OSError, av.error.FFmpegError) as error:
        raise cannot_write(path, cast(OSError, error)) from error


def mosaic(frames: UInt8[np.ndarray, "clip height width 3"]) -> UInt8[np.ndarray, "high wide 3"]:
    """Arrange the frames of several clips in an almost square grid with thin white gaps.

    Args:
        frames: One frame of each clip; they fill the grid row by row.

    Returns:
        One picture; empty cells are white. The frame of a single clip is returned without a copy.

    Example:
        >>> mosaic(np.zeros((3, 10, 20, 3), np.uint8)).shape
        (22, 42, 3)
    """
    if len(frames) == 1:
        return frames[0]
    num_columns = math.ceil(math.sqrt(len(frames)))
    num_rows = math.ceil(len(frames) / num_columns)
    empty = np.full((num_rows * num_columns - len(frames), *frames.shape[1:]), 255, np.uint8)
    cells = np.concatenate([frames, empty])
    return _tile(rearrange(cells, "(row col) h w rgb -> row col h w rgb", row=num_rows))


def _tile(
    cells: UInt8[np.ndarray, "row column height width 3"],
) -> UInt8[np.ndarray, "high wide 3"]:
    gaps = ((0, 0), (0, 0), (0, _GAP_PX), (0, _GAP_PX), (0, 0))
    padded = np.pad(cells, gaps, constant_values=255)
    return rearrange(padded, "row col h w rgb -> (row h) (col w) rgb")[:-_GAP_PX, :-_GAP_PX]


def _rational_rate(fps: float | int) -> Fraction:
    """The rate as a fraction of small numbers, such as 30000/1001.

    Example:
        >>> str(_rational_rate(30000 / 1001)), str(_rational_rate(1 / 3600))
        ('30000/1001', '1/3600')
    """
    if fps < 1:
        return 1 / Fraction(1 / fps).limit_denominator(1001)
    return Fraction(fps).limit_denominator(1001)


def _checked(
    frames: Iterable[np.ndarray], path: Path, num_frames: int | None
) -> Generator[np.ndarray, None, None]:
    """Yield the frames, and check that they have one shape and the expected number."""
    count, shape = 0, None
    frames = iter(frames)
    while True:
        try:
            frame = next(frames)
        except StopIteration:
            break
        except OSError as error:  # else it would be reported as an error of writing
            raise UserError(f"cannot read the frames for {path.name}: {error}") from error
        shape = shape or frame.shape
        fits = frame.ndim == 4 and frame.shape[-1] == 3 and frame.size > 0
        if not fits or frame.dtype != np.uint8 or frame.shape != shape:
            raise UserError(
                f"expected uint8 frames (clip, height, width, 3) of one shape for {path.name}, "
                f"got time step {count} of shape {frame.shape} and type {frame.dtype}"
            )
        count += 1
        yield frame
    if count == 0 or count != (num_frames or count):
        expected = f"{num_frames} time steps" if num_frames else "at least one time step"
        raise UserError(f"expected {expected} for {path.name}, got {count}")


def _write_mosaic(
    path: Path, first: np.ndarray, rest: Iterator[np.ndarray], fps: float | int
) -> None:
    step = math.ceil(fps / MAX_GIF_FPS) if path.suffix.lower() == ".gif" else 1
    picture = mosaic(first)
    with _encoder(path, picture.shape[:2], fps / step) as add:
        add(picture)
        for index, frames in enumerate(rest, start=1):
            if index % step == 0:
                add(mosaic(frames))


def _write_folder(
    folder: Path,
    first: np.ndarray,
    rest: Iterator[np.ndarray],
    fps: float | int,
    names: Sequence[str] | None,
) -> list[Path]:
    if names is None:
        names = [f"{clip:03d}" for clip in range(len(first))]
    unsuitable = any(not name or Path(name).name != name for name in names)
    if len(set(names)) != len(first) or len(names) != len(first) or unsuitable:
        raise UserError(
            f"expected {len(first)} different plain file names for the clips in {folder}, "
            f"got {', '.join(map(repr, names[:8]))}"
        )
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{name}.mp4" for name in names]
    with contextlib.ExitStack() as files:
        parts = [files.enter_context(atomic_write(path)) for path in paths]
        adders = [files.enter_context(_encoder(part, first.shape[1:3], fps)) for part in parts]
        for add, frame in zip(adders, first, strict=True):
            add(frame)
        for frames in rest:
            for add, frame in zip(adders, frames, strict=True):
                add(frame)
    return paths


@contextlib.contextmanager
def _encoder(
    path: Path, size: tuple[int, ...], fps: float | int
) -> Iterator[Callable[[np.ndarray], None]]:
    """Open a video file; the yielded function adds one picture of the given height and width."""
    codec = _CODECS[path.suffix.lower()]
    is_gif = codec.name == "gif"
    height, width = size if is_gif else (side + side % 2 for side in size)
    rate = _rational_rate(fps)
    # The format is given because FFmpeg does not know suffixes in capitals.
    kind = path.suffix.lower().removeprefix(".")
    with av.open(str(path), "w", format=kind, options=codec.container_options) as container:
        stream = cast(
            VideoStream, container.add_stream(codec.name, rate=rate, options=codec.codec_options)
        )
        stream.height, stream.width, stream.pix_fmt = height, width, codec.pixel_format
        if not is_gif:  # name the matrix from RGB to YUV, since players guess differently
            stream.codec_context.colorspace = 6  # BT.601, what swscale converts with
            stream.codec_context.color_range = 1  # 16 to 235
        reduce_colors = _palette_filter(height, width, rate) if is_gif else lambda frame: frame
        num_added = 0

        def add(picture: np.ndarray) -> None:
            nonlocal num_added
            if picture.shape[:2] != (height, width):
                padding = ((0, height - picture.shape[0]), (0, width - picture.shape[1]), (0, 0))
                picture = np.pad(picture, padding, mode="edge")
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = num_added, 1 / rate
            container.mux(stream.encode(reduce_colors(frame)))
            num_added += 1

        yield add
        container.mux(stream.encode(None))


def _palette_filter(
    height: int, width: int, rate: Fraction
) -> Callable[[av.VideoFrame], av.VideoFrame]:
    """A function that reduces each frame to its best 256 colors."""
    graph = av.filter.Graph()
    rgb = av.VideoFormat("rgb24", width, height)
    source = graph.add_buffer(width=width, height=height, format=rgb, time_base=1 / rate)
    split = graph.add("split")
    palette = graph.add("palettegen", "stats_mode=single")
    use = graph.add("paletteuse", "new=1:dither=bayer:bayer_scale=5")
    sink = graph.add("buffersink")
    source.link_to(split)
    split.link_to(use, 0, 0)
    split.link_to(palette, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()

    def reduce_colors(frame: av.VideoFrame) -> av.VideoFrame:
        graph.push(frame)
        return cast(av.VideoFrame, graph.pull())

    return reduce_colors


def _write_contact_sheet(
    path: Path, first: np.ndarray, rest: Iterator[np.ndarray], num_frames: int, num_columns: int
) -> None:
    shown = np.linspace(0, num_frames - 1, min(num_columns, num_frames)).round().astype(int)
    columns = [first.copy()]
    for index, frames in enumerate(rest, start=1):
        if index in shown:
            columns.append(frames.copy())
    Image.fromarray(_tile(np.stack(columns, axis=1))).save(path)


def _write_array(
    path: Path, first: np.ndarray, rest: Iterator[np.ndarray], num_frames: int
) -> None:
    """Write an .npy file without a memory map, so that a full disk is no bus error."""
    num_clips, *frame_shape = first.shape
    header = {
        "descr": np.lib.format.dtype_to_descr(first.dtype),
        "fortran_order": False,
        "shape": (num_clips, num_frames, *frame_shape),
    }
    with open(path, "wb") as file:
        np.lib.format.write_array_header_2_0(file, header)
        start = file.tell()

        def write(index: int, frames: np.ndarray) -> None:
            for clip, frame in enumerate(frames):
                file.seek(start + (clip * num_frames + index) * frame.size)
                file.write(frame.tobytes())

        write(0, first)
        for index, frames in enumerate(rest, start=1):
            write(index, frames)

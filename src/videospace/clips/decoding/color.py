"""Tone-map HDR, deinterlace, and make pixels square."""

import contextlib
import functools
import tempfile
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.filter import Graph
from av.video.reformatter import ColorTrc, VideoReformatter
from jaxtyping import Float, UInt8

from videospace.clips.decoding.frame_folder import over_white

HDR_TRANSFERS = {int(ColorTrc.SMPTE2084): "pq", int(ColorTrc.ARIB_STD_B67): "hlg"}
"""The transfer curves of HDR by their number in a stream."""

WHITE_NITS = 203.0
"""Luminance of HDR's reference white, which becomes SDR's white. Source: ITU-R BT.2408-7."""

PEAK_NITS = 1000.0
"""Luminance that the brightest pixel of the result stands for."""

HLG_WHITE = 0.265
"""Scene light of HLG's reference white, which is 75 % of the signal. Source: ITU-R BT.2408-7."""

KNEE = 0.8
"""Fraction of SDR's range below which tone mapping changes nothing."""

MAX_RATIO = 10
"""A pixel that is said to be wider or higher than this is taken as square: the file is damaged."""

MIN_FILTERED_PX = 4
"""Frames of a smaller side have no lines to interpolate between."""

CUBE_SIDE = 45
"""Entries along each side of the table by which HDR colors are converted."""

BT2020_TO_BT709 = np.array(
    [
        [1.660491, -0.587641, -0.072850],
        [-0.124550, 1.132900, -0.008349],
        [-0.018151, -0.100579, 1.118730],
    ]
)
"""From linear BT.2020 to linear BT.709. Source: ITU-R BT.2087-0."""


class ShownPixels:
    """Converts the decoded frames of one stream to RGB as a player shows them.

    A frame in plain colors is converted at once. Interlaced frames and HDR pass through a filter
    graph of FFmpeg, which holds a frame back: frames come out in their order, as many as went in.

    Args:
        sample_aspect_ratio: Width of a pixel divided by its height.
        num_threads: Threads that convert pixels.

    Departs: FFmpeg converts HDR by zscale, which the builds that PyAV carries lack. The tone curve
        is computed here and handed to FFmpeg's lut3d.
    """

    def __init__(self, sample_aspect_ratio: Fraction | None, num_threads: int):
        ratio = sample_aspect_ratio or Fraction(1)
        self._ratio = ratio if 1 / MAX_RATIO <= ratio <= MAX_RATIO else Fraction(1)
        # One for all frames: each of its own would start threads.
        self._converter = VideoReformatter()
        self._num_threads = num_threads
        self._graph: Any = None
        self._kind: Any = None
        self._deinterlaces = False
        self._waiting: deque[Any] = deque()

    def needs_every(self, frame: av.VideoFrame) -> bool:
        """Whether the frame has to be pushed even if it is not wanted: filters look at all."""
        return self._graph is not None or bool(frame.interlaced_frame)

    def push(self, frame: av.VideoFrame, label: Any) -> Iterator[tuple[np.ndarray, Any]]:
        """Convert a frame.

        Args:
            frame: As it was decoded.
            label: Comes out beside the frame's pixels.

        Yields:
            The frames that are ready, uint8 RGB, each with its label.
        """
        hdr = HDR_TRANSFERS.get(int(frame.color_trc or 0))
        is_large = min(frame.width, frame.height) >= MIN_FILTERED_PX
        self._deinterlaces = is_large and (self._deinterlaces or bool(frame.interlaced_frame))
        is_filtered = hdr or self._deinterlaces
        kind = (frame.width, frame.height, frame.format.name, hdr, self._deinterlaces)
        if self._graph is not None and self._kind != kind:
            yield from self.flush()
        if self._graph is None and not is_filtered:
            yield self._convert(frame), label
            return
        if self._graph is None:
            self._graph, self._kind = _filter_graph(frame, hdr, self._deinterlaces), kind
        self._waiting.append(label)
        self._graph.push(frame)
        yield from self._pull()

    def flush(self) -> Iterator[tuple[np.ndarray, Any]]:
        """Yield the frames that were held back."""
        if self._graph is not None:
            self._graph.push(None)
            yield from self._pull()
            self._graph = None
            self._waiting.clear()

    def _pull(self) -> Iterator[tuple[np.ndarray, Any]]:
        while self._waiting:
            try:
                frame = self._graph.pull()
            except (BlockingIOError, EOFError):
                return
            yield self._convert(frame), self._waiting.popleft()

    def _convert(self, frame: av.VideoFrame) -> np.ndarray:
        height, width = shown_size(frame.height, frame.width, self._ratio)
        parts = frame.format.components
        has_alpha = frame.format.has_palette or any(part.is_alpha for part in parts)
        pixels = self._converter.reformat(
            frame,
            width=width,
            height=height,
            format="rgba" if has_alpha else "rgb24",
            threads=self._num_threads,
        ).to_ndarray()
        return over_white(pixels) if has_alpha else pixels


def shown_size(height: int, width: int, sample_aspect_ratio: Fraction) -> tuple[int, int]:
    """Height and width in square pixels; the side that is stored too short is stretched.

    Example:
        >>> shown_size(576, 720, Fraction(64, 45))
        (576, 1024)
        >>> shown_size(576, 720, Fraction(8, 9))
        (648, 720)
    """
    if sample_aspect_ratio >= 1:
        return height, round(width * sample_aspect_ratio)
    return round(height / sample_aspect_ratio), width


def _filter_graph(frame: av.VideoFrame, hdr: str | None, deinterlaces: bool) -> Any:
    """A graph that deinterlaces where a frame is interlaced, and converts HDR to SDR."""
    graph = Graph()
    time_base = frame.time_base or Fraction(1, 1000)
    chain = [
        graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=time_base
        ),
    ]
    if deinterlaces:
        chain.append(graph.add("bwdif", "mode=send_frame:deint=interlaced"))
    if hdr:
        chain += [
            graph.add("scale", "in_color_matrix=bt2020:flags=accurate_rnd"),
            graph.add("format", "gbrp16le"),
        ]
        with _cube_file(hdr) as cube:
            chain.append(graph.add("lut3d", f"file={cube}:interp=tetrahedral"))
            return _linked(graph, chain)
    return _linked(graph, chain)


def _linked(graph: Any, chain: list[Any]) -> Any:
    chain.append(graph.add("buffersink"))
    graph.link_nodes(*chain)
    graph.configure()
    return graph


@contextlib.contextmanager
def _cube_file(hdr: str) -> Iterator[Path]:
    """The table of an HDR curve as a file that FFmpeg's lut3d reads."""
    with tempfile.TemporaryDirectory(prefix="videospace-") as folder:
        path = Path(folder) / f"{hdr}.cube"
        path.write_text(_cube_text(hdr))
        yield path


@functools.cache
def _cube_text(hdr: str) -> str:
    """SDR colors of all HDR colors of the table, red varying fastest, as a .cube file."""
    levels = np.linspace(0, 1, CUBE_SIDE)
    blue, green, red = np.meshgrid(levels, levels, levels, indexing="ij")
    colors = sdr_colors(np.stack([red, green, blue], axis=-1).reshape(-1, 3), hdr)
    lines = map("{:.5f} {:.5f} {:.5f}".format, *colors.T.tolist())
    return f"LUT_3D_SIZE {CUBE_SIDE}\n" + "\n".join(lines) + "\n"


def sdr_colors(signal: Float[np.ndarray, "color 3"], hdr: str) -> Float[np.ndarray, "color 3"]:
    """Convert HDR colors to SDR: reference white stays white, what is brighter is compressed.

    Args:
        signal: R'G'B' of BT.2020 in [0, 1].
        hdr: ``"pq"`` or ``"hlg"``.

    Returns:
        R'G'B' of BT.709 in [0, 1].

    Example:
        >>> white = np.full((1, 3), 0.75)  # HLG's reference white
        >>> bool(sdr_colors(white, "hlg").min() > 0.9)
        True

    Source: the inverse curves of ITU-R BT.2100-2; the knee as in Reinhard et al. (2002), Eq. 4.
    """
    nits = _pq_to_nits(signal) if hdr == "pq" else _hlg_to_nits(signal)
    linear = np.maximum(nits / WHITE_NITS @ BT2020_TO_BT709.T, 0)
    brightest = linear.max(axis=-1, keepdims=True)
    linear = linear * (_compressed(brightest) / np.maximum(brightest, 1e-9))
    return np.clip(linear, 0, 1) ** (1 / 2.2)


def _compressed(value: np.ndarray) -> np.ndarray:
    """Leave what lies below the knee, and bring the rest up to the peak into what is left."""
    room, peak = 1 - KNEE, PEAK_NITS / WHITE_NITS
    above = np.maximum(value - KNEE, 0) / room
    largest = (peak - KNEE) / room
    return np.minimum(value, KNEE) + room * above * (1 + above / largest**2) / (1 + above)


def _pq_to_nits(signal: np.ndarray) -> np.ndarray:
    root = signal ** (1 / 78.84375)
    return 10000 * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (
        1 / 0.1593017578125
    )


def _hlg_to_nits(signal: np.ndarray) -> np.ndarray:
    """Scene light, without the gamma of a bright display: an SDR display shows it as it is."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return scene * (WHITE_NITS / HLG_WHITE)


def upright(
    pixels: UInt8[np.ndarray, "height width 3"], display_matrix: Any
) -> UInt8[np.ndarray, "shown_height shown_width 3"]:
    """Turn and mirror a frame by its display matrix: (x, y) goes to (a x + c y, b x + d y)."""
    if display_matrix is None:
        return pixels
    a, b, _, c, d = np.frombuffer(bytes(display_matrix), np.int32)[:5].tolist()
    if abs(b) > abs(a):
        pixels, horizontal, vertical = pixels.swapaxes(0, 1), c, b
    else:
        horizontal, vertical = a, d
    pixels = pixels[:, ::-1] if horizontal < 0 else pixels
    pixels = pixels[::-1] if vertical < 0 else pixels
    return np.ascontiguousarray(pixels)

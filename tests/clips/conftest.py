"""Writers of small videos for tests."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

CODECS = {
    ".mp4": ("libx264", "yuv420p"),
    ".webm": ("libvpx-vp9", "yuv420p"),
    ".mkv": ("ffv1", "bgr0"),
    ".mov": ("libx264", "yuv420p"),
    ".mpg": ("mpeg1video", "yuv420p"),
    ".gif": ("gif", "gray"),
    ".avi": ("mjpeg", "yuvj420p"),
    ".ts": ("libx264", "yuv420p"),
}


def write_file(
    path: Path,
    frames: np.ndarray,
    *,
    fps: float | Fraction = 25,
    codec: str | None = None,
    pixel_format: str | None = None,
    times: Sequence[int] | None = None,
    container_options: dict[str, str] | None = None,
    codec_options: dict[str, str] | None = None,
) -> Path:
    """Encode frames (time, height, width, 3 or 4); ``times`` are presentation times in 1/fps."""
    default_codec, default_format = CODECS[path.suffix]
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", container_options=container_options or {}) as container:
        stream = container.add_stream(codec or default_codec, rate=Fraction(fps))
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pixel_format or default_format
        stream.options = codec_options or {}
        for number, pixels in enumerate(frames):
            source_format = "rgba" if frames.shape[3] == 4 else "rgb24"
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format=source_format)
            frame.pts = number if times is None else times[number]
            frame.time_base = 1 / Fraction(fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def make_video() -> Callable[..., Path]:
    """`write_file` as a fixture."""
    return write_file


def gray_levels(num_frames: int, height: int = 32, width: int = 48, first: int = 0) -> np.ndarray:
    """Plain frames whose level tells their number: ``8 * (number + 1)``."""
    levels = 8 * (np.arange(first, first + num_frames) + 1)
    shape = (num_frames, height, width, 3)
    return np.broadcast_to(levels[:, None, None, None], shape).astype(np.uint8)


@pytest.fixture
def make_levels() -> Callable[..., np.ndarray]:
    """`gray_levels` as a fixture."""
    return gray_levels


@pytest.fixture
def numbers() -> Callable[..., list[int]]:
    """Reads the frame numbers back from frames made by `gray_levels`."""

    def read(frames: Sequence[np.ndarray] | np.ndarray) -> list[int]:
        return [round(float(frame.mean()) / 8) - 1 for frame in frames]

    return read

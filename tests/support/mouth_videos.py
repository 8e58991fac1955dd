"""Videos of a drawn mouth that opens in another rhythm for each word."""

import io
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np

FPS = 25
CAMERA_FPS = 20
CAMERA_HEIGHT, CAMERA_WIDTH = 240, 320


def mouth_frames(
    word: int, take: int = 0, *, height: int = 120, width: int = 160, num_frames: int = 20
) -> np.ndarray:
    """RGB frames: a dark mouth in the middle of a face, at rest at both ends."""
    chance = np.random.default_rng([word, take])
    time = np.linspace(0, 1, num_frames)
    opening = np.sin(np.pi * time) * (0.4 + np.abs(np.sin(np.pi * time * (1 + word % 4))))
    side = height / 4
    down = side * (0.08 + 0.45 * opening)
    across = side * (0.75 - 0.3 * opening * (word % 2) + 0.02 * chance.normal())
    rows, columns = np.mgrid[:height, :width]
    rows, columns = rows - height / 2, columns - width / 2
    inside = (rows / down[:, None, None]) ** 2 + (columns / across[:, None, None]) ** 2 < 1
    skin = 150 + 20 * np.sin(columns / 9) + 15 * np.cos(rows / 5)
    gray = np.where(inside, 40.0, skin) + chance.normal(0, 4, (num_frames, height, width))
    tint = np.array([1.0, 0.85, 0.75])
    return (gray[..., None] * tint).clip(0, 255).astype(np.uint8)


def encoded_video(frames: np.ndarray, kind: str = "webm") -> bytes:
    """Frames as a WebM or MP4 file."""
    codec = {"webm": "libvpx", "mp4": "libx264"}[kind]
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream = cast(av.VideoStream, container.add_stream(codec, rate=Fraction(FPS)))
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], "yuv420p"
        stream.bit_rate = 2_000_000
        for pixels in frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def word_video(word: int, take: int = 0, kind: str = "webm") -> bytes:
    """A mouthed word as a video file."""
    return encoded_video(mouth_frames(word, take), kind)


def camera_video(path: Path, word: int) -> Path:
    """A video for a fake camera: a rest, a mouthed word, and a rest. The camera repeats it.

    Words differ in rhythm and in how the mouth is rounded.
    """
    time = np.concatenate([np.zeros(8), np.linspace(0, 1, 22), np.zeros(10)])
    opening = np.sin(np.pi * time) * np.abs(np.sin(np.pi * time * (1 + 2 * word)))
    rows, columns = np.mgrid[:CAMERA_HEIGHT, :CAMERA_WIDTH]
    rows, columns = rows - CAMERA_HEIGHT / 2, columns - CAMERA_WIDTH / 2
    skin = 150 + 25 * np.sin(columns / 11) * np.cos(rows / 7)
    chance = np.random.default_rng(word)
    content = io.BytesIO()
    with av.open(content, "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=CAMERA_FPS)
        stream.height, stream.width, stream.pix_fmt = CAMERA_HEIGHT, CAMERA_WIDTH, "yuvj420p"
        for opened in opening:
            down, across = 4 + 34 * opened, 48 - 24 * opened * word
            inside = (rows / down) ** 2 + (columns / across) ** 2 < 1
            gray = np.where(inside, 35.0, skin) + chance.normal(0, 4, skin.shape)
            pixels = (gray[..., None] * [1.0, 0.85, 0.75]).clip(0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    path.write_bytes(content.getvalue())
    return path

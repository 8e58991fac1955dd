"""Films of a drawn mouth, as a camera would make them; each word opens in its own rhythm."""

import io
from fractions import Fraction
from typing import cast

import av
import numpy as np

FPS = 25


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


def film(frames: np.ndarray, kind: str = "webm") -> bytes:
    """The frames as a WebM or MP4 file."""
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


def word_film(word: int, take: int = 0, kind: str = "webm") -> bytes:
    """One mouthed word."""
    return film(mouth_frames(word, take), kind)

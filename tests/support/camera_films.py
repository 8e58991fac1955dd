"""What the camera of a browser shows: a rest, a mouthed word, a rest."""

import io
from pathlib import Path

import av
import numpy as np

FPS = 20
HEIGHT, WIDTH = 240, 320


def camera_film(path: Path, word: int) -> Path:
    """Half a second of rest, a mouthed word, and rest again, for a camera that shows it for ever.

    Words differ in rhythm and in how the mouth is rounded.
    """
    time = np.concatenate([np.zeros(8), np.linspace(0, 1, 22), np.zeros(10)])
    opening = np.sin(np.pi * time) * np.abs(np.sin(np.pi * time * (1 + 2 * word)))
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    rows, columns = rows - HEIGHT / 2, columns - WIDTH / 2
    skin = 150 + 25 * np.sin(columns / 11) * np.cos(rows / 7)
    chance = np.random.default_rng(word)
    content = io.BytesIO()
    with av.open(content, "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=FPS)
        stream.height, stream.width, stream.pix_fmt = HEIGHT, WIDTH, "yuvj420p"
        for opened in opening:
            down, across = 4 + 34 * opened, 48 - 24 * opened * word
            inside = (rows / down) ** 2 + (columns / across) ** 2 < 1
            gray = np.where(inside, 35.0, skin) + chance.normal(0, 4, skin.shape)
            pixels = (gray[..., None] * [1.0, 0.85, 0.75]).clip(0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    path.write_bytes(content.getvalue())
    return path

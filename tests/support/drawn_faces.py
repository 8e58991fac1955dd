"""A drawn face that mouths words: what a camera sees where nobody is to be filmed."""

import dataclasses
import io
from pathlib import Path

import av
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 640, 480
MOUTH_BELOW_CENTER_PX = 92
FINER = 2
"""Drawn so many times as large and shrunk, for soft edges."""
SKIN, SHADE, HAIR, DARK = (224, 178, 152), (196, 150, 128), (60, 44, 38), (62, 24, 28)


@dataclasses.dataclass(frozen=True, kw_only=True)
class FacePose:
    """How the face is drawn."""

    opened: float = 0.0
    """How far the mouth is open, in [0, 1]."""
    rounded: float = 0.0
    """How round the lips are, in [0, 1]."""
    x_px: float = WIDTH / 2
    """Middle of the face."""
    y_px: float = 235.0
    """Middle of the face; the mouth is 92 px below it at scale 1."""
    scale: float = 1.0
    """1 for a face of 300 px."""


def draw_face(pose: FacePose) -> UInt8[np.ndarray, "480 640 3"]:
    """One picture, RGB; dlib finds the face from a scale of 0.5 on.

    Example:
        >>> draw_face(FacePose(opened=0.5)).shape
        (480, 640, 3)
    """
    picture = Image.new("RGB", (WIDTH * FINER, HEIGHT * FINER), (190, 200, 196))
    brush = ImageDraw.Draw(picture)

    def box(x: float, y: float, half_width: float, half_height: float) -> tuple[float, ...]:
        left, top = _place(pose, x - half_width, y - half_height)
        return left, top, *_place(pose, x + half_width, y + half_height)

    def oval(x: float, y: float, half_width: float, half_height: float, color: tuple) -> None:
        brush.ellipse(box(x, y, half_width, half_height), fill=color)

    oval(0, 330, 210, 150, (70, 98, 110))
    brush.rectangle(box(0, 170, 48, 60), fill=SHADE)
    oval(0, -40, 128, 150, HAIR)
    for side in (-1, 1):
        oval(side * 110, 15, 16, 32, SHADE)
    oval(0, 20, 108, 150, SKIN)
    for side in (-1, 1):
        oval(side * 46, -18, 27, 14, (190, 140, 118))
        oval(side * 46, -14, 22, 10, (246, 244, 240))
        oval(side * 46, -14, 9.5, 9.5, (72, 58, 50))
        brow = [_place(pose, side * x, y) for x, y in ((22, -44), (46, -52), (72, -42))]
        brush.line(brow, fill=HAIR, width=round(9 * pose.scale * FINER))
        oval(side * 11, 48, 7, 4.5, (150, 98, 84))
    nose = [_place(pose, x, y) for x, y in ((-6, -20), (6, -20), (17, 46), (-17, 46))]
    brush.polygon(nose, fill=(214, 164, 138))
    half_width, half_height = 42 - 14 * pose.rounded, 3 + 24 * pose.opened
    oval(0, MOUTH_BELOW_CENTER_PX, half_width, half_height + 8, (176, 92, 88))
    oval(0, MOUTH_BELOW_CENTER_PX, half_width - 9, half_height, DARK)
    small = picture.resize((WIDTH, HEIGHT), Image.Resampling.BOX)
    return _lit(np.asarray(small.filter(ImageFilter.GaussianBlur(0.7 * pose.scale))))


def word_opening(word: int, num_frames: int) -> Float[np.ndarray, " time"]:
    """How far the mouth is open through a word, in [0, 1]; each word has a rhythm of its own.

    Example:
        >>> word_opening(1, 3).round(2).tolist()
        [0.0, 1.0, 0.0]
    """
    time = np.linspace(0, 1, num_frames)
    return np.sin(np.pi * time) * np.abs(np.sin(np.pi * time * (1 + 2 * word)))


def camera_file(
    path: Path,
    word: int,
    *,
    rest_frames: int = 20,
    word_frames: int = 30,
    shrink: int = 1,
    noise: float = 3.0,
) -> Path:
    """Write what Chromium shows as its camera, for ever: rest, a mouthed word, and rest again.

    Args:
        path: A ``.mjpeg`` file.
        word: Which one.
        rest_frames: Frames of rest at either end.
        word_frames: Frames of the word.
        shrink: How many times smaller than 640×480.
        noise: Standard deviation of the camera's noise in gray levels.
    """
    opening = word_opening(word, word_frames)
    poses = [FacePose(opened=opened, rounded=opened * (word % 2)) for opened in opening]
    moving = [_small(draw_face(pose), shrink) for pose in poses]
    rest = [_small(draw_face(FacePose()), shrink)] * rest_frames
    chance = np.random.default_rng(word)
    content = io.BytesIO()
    with av.open(content, "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=30)
        stream.height, stream.width = HEIGHT // shrink, WIDTH // shrink
        stream.pix_fmt = "yuvj420p"
        for face in rest + moving + rest:
            noisy = face + chance.normal(0, noise, (*face.shape[:2], 1))
            pixels = noisy.clip(0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    path.write_bytes(content.getvalue())
    return path


def _small(picture: UInt8[np.ndarray, "480 640 3"], shrink: int) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).reduce(shrink))


def _place(pose: FacePose, x: float, y: float) -> tuple[float, float]:
    return (pose.x_px + x * pose.scale) * FINER, (pose.y_px + y * pose.scale) * FINER


def _lit(picture: UInt8[np.ndarray, "480 640 3"]) -> UInt8[np.ndarray, "480 640 3"]:
    """Brighter towards the upper left, as by a window."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    light = 1.06 - 0.12 * columns / WIDTH - 0.1 * rows / HEIGHT
    return (picture * light[..., None]).clip(0, 255).astype(np.uint8)

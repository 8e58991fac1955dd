"""Videos of a drawn face that a fake detector finds, so that no test needs a person."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from videospace.lipreading.mouth.pose import MouthPose

LIPS = (200, 30, 30)


def picture(
    *mouths: tuple[float, float], height: int = 120, width: int = 160, size: int = 12
) -> np.ndarray:
    """A gray picture with a red square of lips at each place (x, y), for `find_red`."""
    frame = np.full((height, width, 3), 120, np.uint8)
    for x, y in mouths:
        rows = slice(max(0, round(y) - size // 2), max(0, round(y) + size // 2))
        columns = slice(max(0, round(x) - size // 2), max(0, round(x) + size // 2))
        frame[rows, columns] = LIPS
    return frame


def find_red(frame: np.ndarray) -> list[MouthPose]:
    """A detector: one mouth, four times as wide as the red part, where anything is red."""
    red = (frame[..., 0] > 160) & (frame[..., 1] < 80)
    if not red.any():
        return []
    y, x = np.nonzero(red)
    side = 4.0 * np.sqrt(red.sum())
    return [MouthPose(float(x.mean()) + 0.5, float(y.mean()) + 0.5, float(side), 0.0)]


def find_red_halves(frame: np.ndarray) -> list[MouthPose]:
    """The same for a mouth in each half of the picture."""
    middle = frame.shape[1] // 2
    right = [pose._replace(x_px=pose.x_px + middle) for pose in find_red(frame[:, middle:])]
    return sorted(find_red(frame[:, :middle]) + right, key=lambda pose: -pose.side_px)


def write_film(path: Path, frames: np.ndarray, fps: float = 25) -> Path:
    """Encode frames without loss of color."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps))
        stream.height, stream.width, stream.pix_fmt = *frames.shape[1:3], "yuv444p"
        stream.options = {"crf": "4", "g": "10", "bf": "0"}
        for pixels in frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def make_picture() -> Callable[..., np.ndarray]:
    return picture


@pytest.fixture
def detector() -> Callable[[np.ndarray], list[MouthPose]]:
    return find_red


@pytest.fixture
def detector_of_two() -> Callable[[np.ndarray], list[MouthPose]]:
    return find_red_halves


@pytest.fixture
def make_film() -> Callable[..., Path]:
    return write_film

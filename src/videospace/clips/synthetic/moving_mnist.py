"""Moving-MNIST: digits that move through a dark frame and bounce off its sides."""

import dataclasses
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from jaxtyping import Float, Int, UInt8
from tqdm import tqdm

from videospace.clips.store.clip_store import ClipRecord, ClipStore
from videospace.clips.synthetic.drawn_digits import drawn_digits
from videospace.runtime.errors import UserError

STEP = 0.1
"""How far a digit moves from one frame to the next, as a fraction of its range."""
BLOCK = 128
"""How many clips are drawn together; another number would draw other clips."""

MAX_IDX_BYTES = 1 << 30
"""Unpacked size of an idx file; the largest set of the MNIST family has half of it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class MovingMnistConfig:
    """The settings of the set; the defaults are those of the published set.

    Raises:
        UserError: A number is below 1, or ``size`` is below the 28 px of a digit.
    """

    digits: Path | None = None
    """An MNIST images file, idx or idx.gz. None draws digits that look like handwriting, so that no
    download is needed; another seed draws other digits."""
    num_clips: int = 10_000
    """Number of clips. A longer set begins with the clips of a shorter one."""
    num_frames: Annotated[int, tyro.conf.arg(name="frames")] = 20
    """Frames of every clip."""
    size: int = 64
    """Height and width in px."""
    digits_per_clip: int = 2
    """Number of digits in each clip."""
    seed: int = 0
    """Seed of the digits and their paths."""
    split: str = "train"
    """``"train"`` or ``"holdout"``."""
    fps: float = 25.0
    """Frames per second."""

    def __post_init__(self) -> None:
        _check(self.num_clips, self.num_frames, self.size, self.digits_per_clip, self.seed)


def moving_mnist(
    digits: UInt8[np.ndarray, "digit 28 28"],
    *,
    num_clips: int = 10_000,
    num_frames: int = 20,
    size: int = 64,
    digits_per_clip: int = 2,
    seed: int = 0,
) -> Iterator[UInt8[np.ndarray, "clip time height width 3"]]:
    """Draw clips of moving digits, block by block.

    Each digit starts at a uniformly random position, in a uniformly random direction. It keeps its
    speed and bounces off the sides; if digits overlap, the brighter pixel is shown. A longer set
    begins with the clips of a shorter one.

    Args:
        digits: Images to draw from, with replacement; bright on 0.
        num_clips: Number of clips.
        num_frames: Frames of every clip.
        size: Height and width in px, at least 28.
        digits_per_clip: Number of digits in each clip.
        seed: Seed of the digits and their paths.

    Yields:
        Blocks of at most `BLOCK` clips.

    Raises:
        UserError: A digit does not fit into the frame, or a number is below 1.

    Example:
        >>> digits = np.full((10, 28, 28), 255, np.uint8)
        >>> [block.shape for block in moving_mnist(digits, num_clips=2, num_frames=3)]
        [(2, 3, 64, 64, 3)]

    Source: Srivastava, Mansimov and Salakhutdinov (2015), section 4.1.
    """
    _check(num_clips, num_frames, size, digits_per_clip, seed)
    if not len(digits):
        raise UserError("expected at least one digit, got none")
    for first in range(0, num_clips, BLOCK):
        generator = np.random.default_rng([seed, first])
        chosen = generator.integers(len(digits), size=(BLOCK, digits_per_clip))
        positions = _trajectories((BLOCK, digits_per_clip), num_frames, generator)
        corners = (positions * (size - 28)).astype(np.int64)
        count = min(BLOCK, num_clips - first)
        yield _draw(digits[chosen[:count]], corners[:count], size)


def write_moving_mnist(
    out: Path | str, config: MovingMnistConfig, *, progress: bool = True
) -> ClipStore:
    """Draw a set and write it to a store, with ids such as ``mnist-00000-3fa9c1d2e4``.

    Clips that the store has already are kept, so an interrupted call can be repeated.

    Args:
        out: Folder of the store; new, or with clips of this shape.
        config: The settings of the set.
        progress: Show a progress bar if standard error is a terminal.

    Returns:
        The store.

    Raises:
        UserError: The digits cannot be read, or the store has another shape.
    """
    digits = drawn_digits(config.seed) if config.digits is None else _read_digits(config.digits)
    settings = f"size={config.size} digits_per_clip={config.digits_per_clip} seed={config.seed}"
    content = f"{config.num_frames} {settings}".encode() + digits.tobytes()
    key = hashlib.sha256(content).hexdigest()[:10]
    name = "drawn" if config.digits is None else Path(config.digits).name
    source = f"moving-mnist {name} {settings}"
    blocks = moving_mnist(
        digits,
        num_clips=config.num_clips,
        num_frames=config.num_frames,
        size=config.size,
        digits_per_clip=config.digits_per_clip,
        seed=config.seed,
    )
    store = ClipStore.create(
        out, num_frames=config.num_frames, height=config.size, width=config.size
    )
    silent = None if progress else True
    with tqdm(total=config.num_clips, unit="clip", disable=silent) as bar:
        for first, block in zip(range(0, config.num_clips, BLOCK), blocks, strict=True):
            clips = []
            for number, pixels in enumerate(block, start=first):
                clip_id = f"mnist-{number:05d}-{key}"
                record = ClipRecord(
                    id=clip_id, source=source, first_frame=0, fps=config.fps, split=config.split
                )
                if clip_id not in store:
                    clips.append((record, pixels))
            store.append(clips)
            bar.update(len(block))
    return store


def _read_digits(path: Path | str) -> UInt8[np.ndarray, "digit 28 28"]:
    digits = read_idx(path)
    if digits.shape[1:] != (28, 28):
        raise UserError(f"expected images of 28x28 px in {path}, got shape {digits.shape}")
    return digits


def _check(num_clips: int, num_frames: int, size: int, digits_per_clip: int, seed: int) -> None:
    if size < 28:
        raise UserError(f"expected a size of at least the 28 px of a digit, got {size}")
    if min(num_clips, num_frames, digits_per_clip) < 1 or seed < 0:
        raise UserError(
            "expected num_clips, num_frames and digits_per_clip of at least 1 and a seed of at "
            f"least 0, got {num_clips}, {num_frames}, {digits_per_clip} and {seed}"
        )


def _trajectories(
    shape: tuple[int, int], num_frames: int, generator: np.random.Generator
) -> Float[np.ndarray, "clip digit time 2"]:
    """The positions of digits in the unit square (row, column) as they bounce off its sides."""
    positions = generator.random((*shape, 2))
    angles = generator.uniform(0, 2 * np.pi, shape)
    steps = STEP * np.stack([np.sin(angles), np.cos(angles)], axis=-1)
    paths = np.empty((*shape, num_frames, 2))
    for time in range(num_frames):
        positions = positions + steps
        steps = np.where((positions <= 0) | (positions >= 1), -steps, steps)
        positions = positions.clip(0, 1)
        paths[:, :, time] = positions
    return paths


def _draw(
    digits: UInt8[np.ndarray, "clip digit 28 28"],
    corners: Int[np.ndarray, "clip digit time 2"],
    size: int,
) -> UInt8[np.ndarray, "clip time {size} {size} 3"]:
    num_clips, digits_per_clip, num_frames = corners.shape[:3]
    frames = np.zeros((num_clips, num_frames, size, size), np.uint8)
    windows = np.lib.stride_tricks.sliding_window_view(
        frames, (28, 28), axis=(2, 3), writeable=True
    )
    clip, time = np.ogrid[:num_clips, :num_frames]
    for digit in range(digits_per_clip):
        index = (clip, time, corners[:, digit, :, 0], corners[:, digit, :, 1])
        windows[index] = np.maximum(windows[index], digits[:, digit, None])
    return np.repeat(frames[..., None], 3, axis=-1)


def read_idx(path: Path | str) -> UInt8[np.ndarray, "..."]:
    """Read an array of bytes from an idx file, gzipped or not.

    Args:
        path: For example ``train-images-idx3-ubyte.gz``.

    Returns:
        uint8, in the shape that the file names.

    Raises:
        UserError: The file does not exist, is no idx file of bytes, or has the wrong length.

    Source: LeCun, Cortes and Burges, "The MNIST database": the idx format.
    """
    data = _read_bytes(Path(path))
    if len(data) < 4 or data[:3] != b"\x00\x00\x08":
        raise UserError(
            f"expected an idx file of bytes, which begins with 000008, got {data[:3].hex()} "
            f"in {path}"
        )
    num_axes = data[3]
    start = 4 + 4 * num_axes
    if len(data) < start:
        raise UserError(f"expected {start} bytes of idx header in {path}, got {len(data)}")
    shape = tuple(np.frombuffer(data, ">u4", num_axes, offset=4).tolist())
    num_values = int(np.prod(shape, dtype=object))
    if len(data) - start != num_values:
        shape_text = "x".join(map(str, shape))
        raise UserError(
            f"expected {num_values} values ({shape_text}) in {path}, got {len(data) - start}: "
            "is the file complete?"
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def _read_bytes(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            is_packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if is_packed else open(path, "rb") as file:
            data = file.read(MAX_IDX_BYTES + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"expected a complete gzip file, got a damaged one: {path}") from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    if len(data) > MAX_IDX_BYTES:
        raise UserError(f"expected at most {MAX_IDX_BYTES:,} bytes in {path}, got more")
    return data

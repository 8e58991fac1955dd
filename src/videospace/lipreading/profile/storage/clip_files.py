"""Mouth clips as .npz files, which NumPy alone can read."""

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np

from videospace.lipreading.mouth.mouth_clip import (
    MAX_LANDMARKS,
    MAX_SECONDS,
    MOUTH_SIZE,
    MouthClip,
)
from videospace.lipreading.profile.storage.checks import MAX_FPS
from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write
from videospace.runtime.reading.bounded_zip import read_npz

FRAME_BYTES = MOUTH_SIZE**2 + 8 * MAX_LANDMARKS
"""The most bytes of a frame with its landmarks."""
_MAX_FRAMES = int(MAX_SECONDS * MAX_FPS)
_HEADER_BYTES = 2**12
"""More than a file of a clip holds beside its frames."""


def clip_id(clip: MouthClip) -> str:
    """Hash the frames of a clip to sixteen hexadecimal digits.

    Example:
        >>> clip_id(MouthClip(frames=np.zeros((2, 88, 88), np.uint8), fps=25.0))
        '787857ffbf80480c'
    """
    return hashlib.sha256(np.ascontiguousarray(clip.frames).data).hexdigest()[:16]


def save_clip(path: Path, clip: MouthClip) -> None:
    """Write a clip, and wait until it is on the disk under its name.

    Raises:
        UserError: The disk is full, or the folder cannot be written to.
    """
    with atomic_write(path) as unfinished, open(unfinished, "wb") as file:
        arrays: dict[str, Any] = {"frames": clip.frames, "fps": np.float64(clip.fps)}
        if clip.landmarks is not None:
            arrays["landmarks"] = clip.landmarks
        np.savez_compressed(file, **arrays)
    sync_folder(path.parent)


def load_clip(path: Path, num_frames: int | None = None) -> MouthClip:
    """Read a clip, in bounded memory.

    Args:
        path: The file.
        num_frames: How many frames it should have; None takes what it has.

    Raises:
        UserError: The file is missing or damaged; the message has no path.
    """
    most = _MAX_FRAMES if num_frames is None else num_frames
    try:
        content = read_npz(path, max_bytes=most * FRAME_BYTES + _HEADER_BYTES)
        clip = MouthClip(
            frames=content["frames"],
            fps=content["fps"].item(),
            landmarks=content.get("landmarks"),
        )
    except FileNotFoundError as error:
        raise UserError("its file is missing") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"its file is damaged ({error})") from error
    if num_frames not in (None, len(clip.frames)):
        raise UserError(f"its file has {len(clip.frames)} frames, expected {num_frames}")
    return clip


def max_file_bytes(num_frames: int) -> int:
    """The most bytes that the file of a clip may have: those of frames that cannot be packed."""
    return num_frames * FRAME_BYTES * 101 // 100 + _HEADER_BYTES


def sync_folder(folder: Path) -> None:
    """Wait until the file names in a folder are on the disk, where the system supports it."""
    with contextlib.suppress(OSError):  # Windows cannot open folders, and does not need this
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

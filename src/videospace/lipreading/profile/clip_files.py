"""Mouth clips as .npz files, which NumPy alone can read."""

import contextlib
import hashlib
import os
import zipfile
import zlib
from pathlib import Path

import numpy as np

from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write


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
        np.savez_compressed(file, frames=clip.frames, fps=np.float64(clip.fps))
    sync_folder(path.parent)


def load_clip(path: Path) -> MouthClip:
    """Read a clip.

    Raises:
        UserError: The file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            return MouthClip(frames=content["frames"], fps=float(content["fps"]))
    except FileNotFoundError as error:
        raise UserError(f"expected the clip '{path}', but it is not there") from error
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(
            f"the clip '{path}' is damaged ({error}): restore it from a copy, or delete it"
        ) from error


def sync_folder(folder: Path) -> None:
    """Wait until the file names in a folder are on the disk, where the system supports it."""
    with contextlib.suppress(OSError):  # Windows cannot open folders, and does not need this
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

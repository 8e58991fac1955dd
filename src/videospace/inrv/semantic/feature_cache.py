"""The frame features of a store's clips, computed once and kept beside them."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float, Float16, UInt8
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from tqdm import tqdm

from videospace.inrv.semantic.clip_frame_encoder import ClipFrameEncoder
from videospace.inrv.semantic.clip_pca import ClipReader
from videospace.inrv.semantic.frame_encoders import ComponentFrameEncoder, FrameEncoder
from videospace.runtime.checkpoint import save_tensors
from videospace.runtime.errors import UserError

SAVE_EVERY_SECONDS = 60.0

Features = dict[str, Float16[Tensor, "time feature"]]
"""Frame features by clip id."""


@runtime_checkable
class StoredClips(Protocol):
    """What is asked of a clip store here."""

    @property
    def folder(self) -> Path:
        """Where the store lies."""
        ...

    @property
    def ids(self) -> Sequence[str]:
        """The id of each row's clip."""
        ...

    @property
    def num_frames(self) -> int:
        """Number of frames of every clip."""
        ...

    def frames(self, rows: list[int], /) -> np.ndarray:
        """Clips as uint8 (clip, time, height, width, 3)."""
        ...


def frame_features(
    store: StoredClips,
    rows: Sequence[int],
    encoder: FrameEncoder,
    *,
    batch_size: int = 256,
    progress: bool = True,
) -> Float[Tensor, "clip time feature"]:
    """Encode the frames of clips, or read what an earlier call encoded.

    The features lie in `features/<encoder.name>.safetensors` in the store's folder, by clip id
    and as 16-bit floats; what is returned has passed through these 16 bits in any case, so that
    the first call and every later one give the same numbers. A store that has grown encodes only
    its new clips. An interrupt keeps what is encoded so far, a kill at most a minute less.

    Args:
        store: A clip store.
        rows: The clips to encode, in the order of the result.
        encoder: The encoder of single frames.
        batch_size: Number of frames encoded at once.
        progress: Whether to show a progress bar where standard error is a terminal.

    Returns:
        The features of each clip's frames, float32 on the CPU.

    Raises:
        UserError: Where no clip is asked for, the cache is damaged or cannot be written, or the
            encoder gives values that are not finite.
    """
    if len(rows) == 0:
        raise UserError("expected at least one clip to encode, got none: the list of rows is empty")
    path = store.folder / "features" / f"{encoder.name}.safetensors"
    features, ids = _read(path), store.ids
    missing = [row for row in dict.fromkeys(rows) if ids[row] not in features]
    if missing:
        _make_folder(path.parent)
        try:
            _encode_missing(store, missing, encoder, batch_size, progress, features, path)
        finally:
            save_tensors(path, features)
    return torch.stack([features[ids[row]] for row in rows]).float()


def _encode_missing(
    store: StoredClips,
    rows: list[int],
    encoder: FrameEncoder,
    batch_size: int,
    progress: bool,
    features: Features,
    path: Path,
) -> None:
    """Add the features of `rows` to `features`, and save them to `path` every minute."""
    ids, clips_per_batch = store.ids, max(1, batch_size // store.num_frames)
    last_saved = time.monotonic()
    with tqdm(
        total=len(rows),
        desc="encoding frames",
        unit="clip",
        disable=None if progress else True,
    ) as bar:
        for start in range(0, len(rows), clips_per_batch):
            batch = rows[start : start + clips_per_batch]
            encoded = _encode(store.frames(batch), encoder, batch_size)
            for clip_id, clip in zip([ids[row] for row in batch], encoded, strict=True):
                if not clip.isfinite().all():
                    raise UserError(
                        f"expected finite features, but encoder '{encoder.name}' gave NaN, or "
                        f"values that 16 bits cannot hold, for clip '{clip_id}': "
                        "check the encoder's weights"
                    )
                features[clip_id] = clip.clone()
            bar.update(len(batch))
            if time.monotonic() - last_saved > SAVE_EVERY_SECONDS:
                save_tensors(path, features)
                last_saved = time.monotonic()


def _encode(
    clips: UInt8[np.ndarray, "clip time height width 3"], encoder: FrameEncoder, batch_size: int
) -> Float16[Tensor, "clip time feature"]:
    frames = rearrange(
        torch.from_numpy(clips), "clip time height width rgb -> (clip time) height width rgb"
    )
    features = torch.cat([encoder.encode(batch) for batch in frames.split(batch_size)]).half()
    return rearrange(features, "(clip time) feature -> clip time feature", clip=len(clips))


def _read(path: Path) -> Features:
    if not path.exists():
        return {}
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise UserError(
            f"expected cached frame features in '{path}', but the file is damaged ({error}): "
            "delete it, and they are computed again"
        ) from error


def _make_folder(folder: Path) -> None:
    """Find out before the long work, and not after it, that its result cannot be kept."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        raise UserError(
            f"expected to keep frame features in '{folder}', but nothing can be written there: "
            "make it a folder that you may write to"
        )


def choose_frame_encoder(
    source: str, read_clips: ClipReader, rows: Sequence[int], *, device: str = "cpu"
) -> FrameEncoder:
    """The frame encoder that a setting names.

    Args:
        source: ``pca`` for the offline default, or a folder or hub id of CLIP weights.
        read_clips: Reads clips by row, for fitting the components.
        rows: The clips to fit them to.
        device: Where CLIP runs.

    Raises:
        UserError: The weights cannot be had, or the ``semantic`` extra is missing.
    """
    if source == "pca":
        return ComponentFrameEncoder.fit(read_clips, rows)
    return ClipFrameEncoder(source, device=device)

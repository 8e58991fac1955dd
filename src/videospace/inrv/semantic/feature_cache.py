"""Frame features of the clips of a store, computed once and cached in the store's folder."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float, Float16, UInt8
from torch import Tensor
from tqdm import tqdm

from videospace.inrv.semantic.clip_frame_encoder import ClipFrameEncoder
from videospace.inrv.semantic.clip_pca import ClipReader
from videospace.inrv.semantic.frame_encoders import ComponentFrameEncoder, FrameEncoder
from videospace.runtime.checkpoint import load_tensors, save_tensors
from videospace.runtime.errors import UserError

SAVE_EVERY_SECONDS = 60.0
"""How often the cache is saved during a long computation."""

Features = dict[str, Float16[Tensor, "time feature"]]
"""Frame features by clip id."""


@runtime_checkable
class StoredClips(Protocol):
    """The part of a clip store that is needed here."""

    @property
    def folder(self) -> Path:
        """The folder of the store."""
        ...

    @property
    def ids(self) -> Sequence[str]:
        """The clip id of each row."""
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
    """Encode the frames of clips, or read their features from the cache.

    The cache is ``features/<encoder.name>.safetensors`` in the store's folder, with a float16
    tensor for each clip id. The result is rounded to float16 even when it was just computed, so
    that all calls give the same numbers. Only clips that are not in the cache are encoded. An
    interrupt saves what is encoded so far; a kill loses at most one minute of work.

    Args:
        store: A clip store.
        rows: The clips to encode, in the order of the result.
        encoder: The frame encoder.
        batch_size: Number of frames encoded at once.
        progress: Whether to show a progress bar if standard error is a terminal.

    Returns:
        The features of the clips' frames, float32 on the CPU.

    Raises:
        UserError: No clip is given, the cache is damaged or cannot be written, or the encoder
            gives values that are not finite.
    """
    if len(rows) == 0:
        raise UserError("expected at least one clip to encode, got none")
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
    """Add the features of ``rows`` to ``features``, and save these to ``path`` every minute."""
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
    """Encode the frames of clips in batches."""
    frames = rearrange(
        torch.from_numpy(clips), "clip time height width rgb -> (clip time) height width rgb"
    )
    features = torch.cat([encoder.encode(batch) for batch in frames.split(batch_size)]).half()
    return rearrange(features, "(clip time) feature -> clip time feature", clip=len(clips))


def _read(path: Path) -> Features:
    """Read the cache; it is empty where there is no file."""
    if not path.exists():
        return {}
    try:
        return load_tensors(path, max_header_bytes=64 << 20)[0]
    except UserError as error:
        raise UserError(
            f"expected cached frame features in '{path}', but the file is damaged ({error}): "
            "delete it, and they are computed again"
        ) from error


def _make_folder(folder: Path) -> None:
    """Make the cache's folder, and check before the long computation that it is writable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        raise UserError(
            f"cannot write frame features to '{folder}': make it a folder that you may write to"
        )


def choose_frame_encoder(
    source: str, read_clips: ClipReader, rows: Sequence[int], *, device: str = "cpu"
) -> FrameEncoder:
    """Make the frame encoder of a training configuration.

    Args:
        source: ``pca`` for principal components, or the folder or hub name of CLIP weights.
        read_clips: Reads clips by row, to fit principal components.
        rows: The clips to fit them to.
        device: Where CLIP computes.

    Raises:
        UserError: The weights cannot be loaded, or the ``semantic`` extra is missing.
    """
    if source == "pca":
        return ComponentFrameEncoder.fit(read_clips, rows)
    return ClipFrameEncoder(source, device=device)

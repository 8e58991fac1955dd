"""Latent files: latents of one space with their names, saved as NumPy archives (.npz)."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from videospace.inrv.model.inr import Layer, layer_shapes
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write
from videospace.runtime.reading.bounded_zip import read_npz
from videospace.runtime.reading.renamed import renamed

FORMAT_VERSION = 2
"""Version 1 had ``change0_weight`` for ``offset0_weight``."""
SUFFIX = ".npz"
MAX_RATIO = 20
"""Of what a file unpacks to and its size. Numbers hardly shrink when another program packs them."""


@renamed(fields={"changes": "weight_offsets"})
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class LatentFile:
    """The content of a latent file.

    Example:
        >>> LatentFile(latents=torch.zeros(1, 128), names=["video.mp4"], fps=25.0).names
        ['video.mp4']
    """

    latents: Float[Tensor, "clip latent"]
    """Float32, a row for each clip."""
    names: list[str]
    """A name for each latent, such as the name of its video or its clip id."""
    weight_offsets: list[Layer] | None = None
    """What weight refinement added to the INRs of these very clips, layer by layer; None without
    refinement."""
    fps: float | None = None
    """Frames per second of the clips; None if unknown."""


def check_suffix(path: Path) -> None:
    """Require a path that ends in ``.npz``; commands call this before long work.

    Args:
        path: Of the file to be written.

    Raises:
        UserError: It does not end in ``.npz``.
    """
    if path.suffix.lower() != SUFFIX:
        raise UserError(f"expected the name of a latent file, ending in {SUFFIX}, got '{path}'")


def save_latents(path: Path | str, content: LatentFile, space: VideoSpace) -> None:
    """Write a latent file, with the fingerprint of its space.

    The file replaces an earlier one only when it is complete. It holds plain arrays, no pickles.

    Args:
        path: Ends in ``.npz``; its folder is made where there is none.
        content: At least one latent.
        space: The space of the latents; only with it the file can be opened again.

    Raises:
        UserError: The path has another suffix, the content does not fit the space or is not finite,
            or the file cannot be written.

    Example:
        >>> import tempfile
        >>> from videospace.inrv.model.inrv_model import InrvModel, ModelConfig
        >>> from videospace.inrv.space.video_space import ClipShape
        >>> shape = ClipShape(num_frames=4, height=6, width=8, fps=25.0)
        >>> space = VideoSpace(InrvModel(ModelConfig()), torch.randn(2, 128), ["a", "b"], shape)
        >>> content = LatentFile(latents=space.sample(1), names=["between"])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_latents(f"{folder}/new.npz", content, space)
        ...     load_latents(f"{folder}/new.npz", space).names
        ['between']
    """
    path = Path(path)
    check_suffix(path)
    arrays = _to_arrays(content, space.fingerprint())
    _require_fit(arrays, space, f"cannot save '{path}'")
    if arrays["names"].tolist() != content.names:  # numpy pads with NUL
        raise UserError(f"cannot save '{path}': expected names that do not end in a NUL character")
    with atomic_write(path) as unfinished:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(unfinished, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]


def load_latents(path: Path | str, space: VideoSpace) -> LatentFile:
    """Read a latent file. Every field, shape and number is checked.

    Args:
        path: Of the file.
        space: The space that the latents belong to.

    Returns:
        The content, on the device of the space.

    Raises:
        UserError: The file is missing, cannot be read, is damaged, is no latent file, belongs to
            another space or comes from a newer version.

    Example:
        >>> import tempfile
        >>> space = VideoSpace.from_pretrained("bouncing-ball")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     content = LatentFile(latents=space.sample(2), names=["a", "b"])
        ...     save_latents(f"{folder}/two.npz", content, space)
        ...     load_latents(f"{folder}/two.npz", space).latents.shape
        torch.Size([2, 8])
    """
    path = Path(path)
    arrays = _read_arrays(path)
    _require_own(arrays, space, path)
    arrays = _migrated(arrays)
    _require_fit(arrays, space, f"'{path}'")
    tensors = {
        name: torch.from_numpy(array).to(space.device)
        for name, array in arrays.items()
        if array.dtype == np.float32
    }
    num_layers = sum(name.endswith("_weight") for name in tensors)
    offsets = [
        Layer(tensors[f"offset{index}_weight"], tensors[f"offset{index}_bias"])
        for index in range(num_layers)
    ]
    fps = float(arrays["fps"])
    return LatentFile(
        latents=tensors["latents"],
        names=arrays["names"].tolist(),
        weight_offsets=offsets or None,
        fps=None if np.isnan(fps) else fps,
    )


def _to_arrays(content: LatentFile, fingerprint: str) -> dict[str, np.ndarray]:
    tensors = {"latents": content.latents}
    for index, layer in enumerate(content.weight_offsets or []):
        tensors |= {f"offset{index}_{part}": value for part, value in layer._asdict().items()}
    return {
        "format_version": np.array(FORMAT_VERSION),
        "fingerprint": np.array(fingerprint),
        "names": np.array(content.names, dtype=np.str_),
        "fps": np.array(np.nan if content.fps is None else content.fps, dtype=np.float64),
        **{name: value.detach().cpu().float().numpy() for name, value in tensors.items()},
    }


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read all arrays of a file and verify their checksums; nothing is unpickled."""
    try:
        return read_npz(path, max_bytes=MAX_RATIO * path.stat().st_size)
    except FileNotFoundError as error:
        raise UserError(f"expected the latent file '{path}', but it does not exist") from error
    except OSError as error:
        raise UserError(f"cannot read '{path}': {error.strerror or error}") from error
    except UserError as error:
        raise UserError(
            f"'{path}' is damaged or no latent file ({error}): "
            "invert the video again or restore the file from a copy"
        ) from error


def _require_own(arrays: dict[str, np.ndarray], space: VideoSpace, path: Path) -> None:
    """Require a latent file of this version or an earlier one that belongs to the space."""
    version, owner = arrays.get("format_version"), arrays.get("fingerprint")
    if (
        version is None
        or owner is None
        or version.shape
        or owner.shape
        or version.dtype.kind != "i"
    ):
        raise UserError(f"expected a latent file, but '{path}' lacks format_version or fingerprint")
    if version > FORMAT_VERSION:
        raise UserError(
            f"'{path}' has format version {version}, but this videospace reads up to "
            f"{FORMAT_VERSION}: update it with pip install --upgrade videospace"
        )
    if str(owner) != space.fingerprint():
        raise UserError(
            f"'{path}' belongs to the space with the fingerprint {owner}, and this one has "
            f"{space.fingerprint()}: open that space, or invert the video again in this one"
        )


def _migrated(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays of a file of any version, under today's names."""
    if arrays["format_version"] >= FORMAT_VERSION:
        return arrays
    return {re.sub(r"^change(?=\d)", "offset", name): array for name, array in arrays.items()}


def _require_fit(arrays: dict[str, np.ndarray], space: VideoSpace, where: str) -> None:
    """Require exactly the fields, shapes and types that the space needs, and finite numbers."""
    names, fps = arrays.get("names", np.array("")), arrays.get("fps", np.array(np.nan))
    latent_width = space.model.config.latent.total_width
    shapes: dict[str, tuple[int, ...]] = {"latents": (names.size, latent_width)}
    if any(name.startswith("offset") for name in arrays):
        inr_shapes = layer_shapes(space.model.config.inr, space.model.in_width)
        for index, (out, in_) in enumerate(inr_shapes):
            shapes[f"offset{index}_weight"] = (names.size, out, in_)
            shapes[f"offset{index}_bias"] = (names.size, out)
    expected = {"format_version", "fingerprint", "names", "fps"} | shapes.keys()
    if missing := sorted(expected - arrays.keys()):
        raise UserError(f"{where}: the field '{missing[0]}' is missing")
    if unknown := sorted(arrays.keys() - expected):
        raise UserError(f"{where}: the field '{unknown[0]}' is unknown")
    if names.ndim != 1 or names.dtype.kind != "U" or not names.size:
        raise UserError(
            f"{where}: expected a list of at least one name, got {names.dtype} {names.shape}"
        )
    if fps.shape or fps.dtype.kind != "f" or not (np.isnan(fps) or 0 < fps <= 1e6):
        raise UserError(f"{where}: expected fps above 0, got {fps.tolist()}")
    for name, shape in shapes.items():
        array = arrays[name]
        if array.shape != shape or array.dtype != np.float32:
            raise UserError(
                f"{where}: expected {name} of float32 {shape} for {names.size} names, "
                f"got {array.dtype} {array.shape}"
            )
        if not np.isfinite(array).all():
            raise UserError(f"{where}: {name} holds numbers that are not finite")

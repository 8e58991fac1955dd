"""Tensor and JSON files: written atomically, read strictly, and without executing code."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write

DTYPE_NAMES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
"""The names of the supported dtypes in a safetensors file."""


class RowBlocks(NamedTuple):
    """A table that is written block by block, without being in memory as a whole."""

    shape: tuple[int, ...]
    """Shape of the whole table."""
    dtype: torch.dtype
    blocks: Iterable[Tensor]
    """Consecutive rows of the table."""


def save_tensors(
    path: Path,
    tensors: Mapping[str, Tensor | RowBlocks],
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write tensors and metadata to a safetensors file.

    The tensors are written one after the other; the library would first copy all of them.

    Args:
        path: The file to write.
        tensors: The tensors by name.
        metadata: Notes about them.

    Raises:
        UserError: The disk is full, or the folder cannot be written to.

    Source: the format, https://github.com/huggingface/safetensors#format.
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    start, order = 0, written_order(tensors)
    for name in order:
        shape, dtype = tuple(tensors[name].shape), tensors[name].dtype
        stop = start + math.prod(shape) * dtype.itemsize
        header[name] = {
            "dtype": DTYPE_NAMES[dtype],
            "shape": shape,
            "data_offsets": (start, stop),
        }
        start = stop
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # aligns the numbers
    with atomic_write(path) as temporary, open(temporary, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in order:
            tensor = tensors[name]
            for block in tensor.blocks if isinstance(tensor, RowBlocks) else [tensor]:
                flat = block.detach().cpu().contiguous().view(-1)
                file.write(flat.view(torch.uint8).numpy().data)


def written_order(tensors: Mapping[str, Tensor | RowBlocks]) -> list[str]:
    """The order of tensors in a file: wide numbers first, so that all are aligned."""
    return sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))


def load_tensors(path: Path, device: str = "cpu") -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a safetensors file.

    Returns:
        The tensors and the metadata.

    Raises:
        UserError: The file is missing, truncated or no safetensors file.
    """
    if not path.is_file():
        raise UserError(f"expected the file '{path}', but it does not exist")
    try:
        with safe_open(path, framework="pt", device=device) as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise UserError(
            f"'{path}' is damaged ({error}): train again or restore it from a copy"
        ) from error


def load_strictly(module: torch.nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    """Load tensors into a module and check that their names and shapes match and all are finite.

    Args:
        module: The module.
        tensors: The tensors by name.
        path: Their file, for messages.

    Raises:
        UserError: A tensor is missing, unknown, of another shape, or not finite.
    """
    expected = module.state_dict()
    for problem, names in (
        ("lacks", expected.keys() - tensors.keys()),
        ("has the unknown", tensors.keys() - expected.keys()),
    ):
        if names:
            raise UserError(f"'{path}' {problem} tensors {', '.join(sorted(names)[:3])}")
    for name, value in tensors.items():
        if value.shape != expected[name].shape:
            raise UserError(
                f"'{path}': expected {name} of shape {tuple(expected[name].shape)}, "
                f"got {tuple(value.shape)}"
            )
        require_finite(value, f"'{path}': {name}")
    module.load_state_dict(tensors)


def require_finite(value: Tensor, what: str) -> None:
    """Refuse NaN and infinity.

    Args:
        value: The numbers to check.
        what: What they are, for the message.

    Raises:
        UserError: A number is not finite.
    """
    if not torch.isfinite(value).all():
        raise UserError(f"{what} holds numbers that are not finite")


def fingerprint(tensors: Mapping[str, Tensor]) -> str:
    """Sixteen hexadecimal digits that change with the names and values of tensors."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        flat = tensors[name].detach().cpu().contiguous().view(-1)
        digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]


def save_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file atomically."""
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

"""Read weights of unknown origin, also those that PyTorch has pickled, in bounded memory."""

import pickletools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

from videospace.runtime.checkpoint import load_tensors
from videospace.runtime.errors import UserError
from videospace.runtime.reading.bounded_zip import BoundedZip

_GLOBALS = {
    "collections OrderedDict",
    "torch Size",
    *(f"torch._utils _rebuild_{name}" for name in ("parameter", "tensor", "tensor_v2")),
    *(f"torch {kind}Storage" for kind in ("Double", "Float", "Half", "BFloat16", "Bool")),
    *(f"torch {kind}Storage" for kind in ("Byte", "Char", "Short", "Int", "Long")),
}
"""What a pickle may name. PyTorch allows more, such as a ``bytearray`` of any length."""
_NUM_OLD_PICKLES = 5
"""Pickles at the beginning of a file of PyTorch before 1.6, which was no zip."""
_MAX_REPEATED_BYTES = 1 << 28
"""Of a tensor whose rows all lie at the same place in the file."""


def read_weights(path: Path, wrappers: Sequence[str] = ()) -> dict[str, Tensor]:
    """Read tensors from a safetensors file, or from one that ``torch.save`` wrote.

    No code in the file is executed, and no tensor takes more memory than the file has.

    Args:
        path: The file; its suffix is ``.safetensors`` or anything else.
        wrappers: Keys under which the tensors may lie.

    Returns:
        The tensors by name, on the CPU.

    Raises:
        UserError: The file is missing, damaged, larger inside than outside, or holds something
            else.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "weights.pt"
        >>> torch.save({"epoch": 3, "model": {"bias": torch.zeros(2)}}, path)
        >>> read_weights(path, ["model"])
        {'bias': tensor([0., 0.])}
    """
    if path.suffix == ".safetensors":
        return load_tensors(path)[0]
    if not path.is_file():
        raise UserError(f"expected the file '{path}', but it is not there")
    try:
        content = _loaded(path)
    except Exception as error:  # damaged files fail in many ways
        # The text of the error is not shown: PyTorch's advises to execute the code in the file.
        raise UserError(
            f"expected weights saved by PyTorch in '{path}', but they cannot be read: it is "
            "damaged or another kind of file; fetch it again"
        ) from error
    for key in wrappers:
        if isinstance(content, dict) and key in content:
            content = content[key]
    if not isinstance(content, dict) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in content.items()
    ):
        keys = " or ".join(f"'{key}'" for key in wrappers)
        raise UserError(
            f"expected tensors by name in '{path}'" + (f", alone or under {keys}" if keys else "")
        )
    most = max(path.stat().st_size, _MAX_REPEATED_BYTES)
    for name, value in content.items():
        if value.nbytes > most:
            raise UserError(
                f"'{path}': {name:.80} has {value.nbytes:,} bytes, more than the whole file"
            )
    return content


def _loaded(path: Path) -> Any:
    with open(path, "rb") as file:
        if file.read(4) == b"PK\x03\x04":
            with BoundedZip(path, max_bytes=path.stat().st_size) as archive:
                for name in archive.names:
                    if name.lower().endswith(".pkl"):  # PyTorch finds it in any case
                        _check_globals(archive.read(name))
        else:
            file.seek(0)
            for _ in range(_NUM_OLD_PICKLES):
                _check_globals(file)
    return torch.load(path, map_location="cpu", weights_only=True)


def _check_globals(pickled: bytearray | IO[bytes]) -> None:
    """Refuse a pickle that names anything but tensors and dictionaries; nothing is loaded."""
    if unknown := set(_globals_of(pickled)) - _GLOBALS:
        raise UserError(f"it names {min(unknown):.80}")


def _globals_of(pickled: bytearray | IO[bytes]) -> Iterator[str]:
    operations: Iterator[tuple[pickletools.OpcodeInfo, Any, int | None]]
    operations = pickletools.genops(pickled)
    for operation, argument, _ in operations:
        if operation.name in ("GLOBAL", "INST"):
            yield argument
        elif "GLOBAL" in operation.name or operation.name.startswith("EXT"):
            yield operation.name

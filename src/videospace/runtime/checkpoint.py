"""Tensor and JSON files: written atomically, read strictly, and without executing code."""

import contextlib
import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor
from torch.overrides import TorchFunctionMode

from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write

Module = TypeVar("Module", bound=torch.nn.Module)

MAX_HEADER_BYTES = 1 << 20
"""Of a file with a model; one with a tensor or an id for each clip may have more."""

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


def load_tensors(
    path: Path, device: str = "cpu", *, max_header_bytes: int = MAX_HEADER_BYTES
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a safetensors file.

    Args:
        path: The file.
        device: Of the tensors.
        max_header_bytes: Names, shapes and metadata together may have so many bytes.

    Returns:
        The tensors and the metadata.

    Raises:
        UserError: The file is missing, truncated or no safetensors file, or has numbers of a type
            that no model here has.
    """
    with _opened(path, device, max_header_bytes) as file:
        for name in file.keys():  # noqa: SIM118
            if (dtype := file.get_slice(name).get_dtype()) not in DTYPE_NAMES.values():
                raise UserError(
                    f"'{path}': expected {name:.80} as one of {', '.join(DTYPE_NAMES.values())}, "
                    f"got {dtype}"
                )
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return tensors, file.metadata() or {}


@contextlib.contextmanager
def _opened(path: Path, device: str, max_header_bytes: int) -> Iterator[Any]:
    """Open a safetensors file; the library checks that the header accounts for every byte."""
    if not path.is_file():
        raise UserError(f"expected the file '{path}', but it does not exist")
    try:
        with open(path, "rb") as start:
            num_bytes = int.from_bytes(start.read(8), "little")
        if num_bytes > max_header_bytes:
            raise UserError(
                f"'{path}' is damaged: expected a header of at most {max_header_bytes:,} bytes, "
                f"got {num_bytes:,}"
            )
        with safe_open(path, framework="pt", device=device) as file:
            yield file
    except (SafetensorError, OSError, AttributeError, RuntimeError) as error:
        # The last two for a type of numbers that this PyTorch does not have.
        raise UserError(
            f"'{path}' is damaged ({error}): train again or restore it from a copy"
        ) from error


class _NoNumbers(TorchFunctionMode):
    """Passes over the initialization of weights that have no memory."""

    FILLING = frozenset(
        {"uniform_", "normal_", "trunc_normal_", "zero_", "fill_", "mul_"}
        | {"kaiming_uniform_", "kaiming_normal_"}
    )

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(function, "__name__", "") in self.FILLING:
            return args[0] if args else kwargs["tensor"]
        return function(*args, **kwargs)


def built_strictly(build: Callable[[], Module], tensors: dict[str, Tensor], path: Path) -> Module:
    """Build a module, and load tensors into it as :func:`load_strictly` does.

    It is built without memory first. Memory is allocated only once the names and shapes of its
    tensors are those in the file, so that a configuration never takes more of it than the file.

    Args:
        build: Builds the module; the time that it takes must be bounded.
        tensors: The tensors by name.
        path: Their file, for messages.

    Raises:
        UserError: The module cannot be built; a tensor is missing, unknown, of another shape, or
            not finite.
    """
    try:
        with torch.device("meta"), _NoNumbers():
            module = build()
    except UserError:
        raise
    except (ValueError, RuntimeError, ArithmeticError) as error:  # such as 2**70 weights
        raise UserError(f"the model of '{path}' cannot be built: {error}") from error
    _check_shapes(module, tensors, path)
    module.to_empty(device="cpu")
    load_strictly(module, tensors, path)
    return module


def load_strictly(module: torch.nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    """Load tensors into a module and check that their names and shapes match and all are finite.

    Args:
        module: The module.
        tensors: The tensors by name.
        path: Their file, for messages.

    Raises:
        UserError: A tensor is missing, unknown, of another shape, or not finite.
    """
    _check_shapes(module, tensors, path)
    for name, value in tensors.items():
        require_finite(value, f"'{path}': {name}")
    module.load_state_dict(tensors)


def _check_shapes(module: torch.nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    expected = module.state_dict()
    for problem, names in (
        ("lacks", expected.keys() - tensors.keys()),
        ("has the unknown", tensors.keys() - expected.keys()),
    ):
        if names:
            raise UserError(f"'{path}' {problem} tensors {', '.join(sorted(names)[:3]):.200}")
    for name, value in tensors.items():
        if value.shape != expected[name].shape:
            raise UserError(
                f"'{path}': expected {name} of shape {tuple(expected[name].shape)}, "
                f"got {tuple(value.shape)}"
            )


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

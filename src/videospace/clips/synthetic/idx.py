"""Reading idx files, the format of MNIST."""

import gzip
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from videospace.runtime.errors import UserError


def read_idx(path: Path | str) -> UInt8[np.ndarray, "..."]:
    """Read an array of bytes from an idx file, gzipped or not.

    Args:
        path: For example ``train-images-idx3-ubyte.gz``.

    Returns:
        uint8, in the shape that the file names.

    Raises:
        UserError: When there is no such file, it is no idx file of bytes, or its length is wrong.

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
        data = path.read_bytes()
        return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"expected a complete gzip file, got a damaged one: {path}") from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
